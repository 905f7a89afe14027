"""What a page sends, made safe: every number clamped, every list cut, every picture of z measured."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from gan_core.latent import Explorer, Point
from gan_core.latent.directions import SLIDER_RANGE

MAX_SEED = 2**31 - 1
MAX_MOVES = 64
MAX_Z = 8.0  # beyond any sample


def point(value: object, explorer: Explorer) -> Point:
    """A point from the page; only models that know classes are asked for one. ValueError for another model's z."""
    value, model = value if isinstance(value, dict) else {}, explorer.config.model
    label = value.get("label") if model.classes else None
    label = None if label is None else int(number(label, 0, len(model.classes) - 1))
    z = vector(value["z"], model.latent_dim, len(model.classes)) if value.get("z") else None
    return Point(int(number(value.get("seed"), 0, MAX_SEED)), moves(value.get("moves")), label, z)


def points(value: object, explorer: Explorer, most: int) -> list[Point]:
    return [point(each, explorer) for each in items(value, most)]


def moves(value: object) -> dict[str, float]:
    """Amounts by direction, without those that are 0."""
    entries = list(value.items())[:MAX_MOVES] if isinstance(value, dict) else []
    clamped = {str(name): number(amount, -SLIDER_RANGE, SLIDER_RANGE) for name, amount in entries}
    return {name: amount for name, amount in clamped.items() if amount}


def vector(value: object, latent_dim: int, num_classes: int) -> tuple[float, ...]:
    """The z of a point, with or without class weights behind it."""
    try:
        numbers = np.frombuffer(base64.b64decode(value, validate=True), "<f4").astype(np.float32)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("this picture's place in latent space cannot be read") from None
    if len(numbers) not in (latent_dim, latent_dim + num_classes) or not np.isfinite(numbers).all():
        raise ValueError("this picture belongs to another model")
    clamped = np.clip(numbers, -MAX_Z, MAX_Z)
    weights = np.clip(numbers[latent_dim:], 0, 1)
    return tuple(map(float, [*clamped[:latent_dim], *weights]))


def to_json(found: Point) -> dict:
    """A point as the page keeps it."""
    plain = {"seed": found.seed, "moves": dict(found.moves), "label": found.label}
    if found.z is None:
        return plain
    return plain | {"z": base64.b64encode(np.array(found.z, "<f4").tobytes()).decode("ascii")}


def items(value: object, most: int) -> list:
    return value[:most] if isinstance(value, list) else []


def number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return max(low, 0.0)
    return float(min(max(value, low), high))  # in this order, for a page's number may be too large for a float


def whole(value: object, low: int, high: int) -> int:
    return int(number(value, low, high))


def choice(value: object, known: tuple[str, ...] | dict, what: str) -> str:
    """One of the known names. ValueError that says what was to be chosen."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"choose a {what}: {', '.join(known)}")
    return value
