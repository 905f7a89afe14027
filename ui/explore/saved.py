"""Directions that are kept beside a model's weights: named, hidden, added or removed from the page."""

from __future__ import annotations

import threading
from dataclasses import replace
from hashlib import sha256

import numpy as np

from gan_core.latent import Explorer, Point, arithmetic, catalogue
from gan_core.latent.directions import Direction
from gan_core.latent.paths import norm
from ui.answers import answers
from ui.explore import opened
from ui.explore.wishes import moves, points
from ui.guard import is_owner

MINE, LABEL = "mine", "label"
OWN = (MINE, LABEL)
MOST_POINTS = 64
LONGEST_NAME = 40
_lock = threading.Lock()


@answers
def save_directions(request: dict) -> dict:
    """Keep names and what is hidden with the model: directions = {id: {name, hidden}}, each of them optional."""
    changes = request.get("directions")
    if not isinstance(changes, dict):
        raise ValueError("There is nothing to save.")
    known = opened.explorer_of(request.get("key")).directions
    keep(request, [changed(known[name], change) for name, change in changes.items() if name in known])
    return {}


@answers
def add_direction(request: dict) -> dict:
    """Keep a direction with the model: {name} and {from: [points], to: [points]}, or {moves} to be one from now on."""
    explorer, name = opened.explorer_of(request.get("key")), name_of(request.get("name"))
    if not name:
        raise ValueError("Give the direction a name.")
    vector = mixture(explorer, moves(request["moves"])) if "moves" in request else difference(explorer, request)
    added = Direction(f"{MINE}-{sha256(vector.tobytes()).hexdigest()[:8]}", MINE, name, vector)
    keep(request, [added])
    return {"id": added.id}


@answers
def delete_direction(request: dict) -> dict:
    """Forget a direction that somebody added; those found in the weights can only be hidden."""
    found = opened.explorer_of(request.get("key")).directions.get(str(request.get("id")))
    if found is None or found.kind not in OWN:
        raise ValueError("Only a direction that was added can be deleted.")
    keep(request, [], without=found.id)
    return {}


def keep(request: dict, directions: list[Direction], without: str = "") -> None:
    """As `write`, for who may. ValueError for a visitor."""
    if not is_owner():
        raise ValueError("On this hosted page directions are not saved with the model: names stay in your browser.")
    write(request, directions, without)


def write(request: dict, directions: list[Direction], without: str = "") -> None:
    """Write them beside the weights, for all who have the model open. ValueError where that is not possible.

    It asks for nobody's right: a work's thread no longer knows who began it.
    """
    explorer = opened.explorer_of(request.get("key"))
    path, latent_dim = explorer.catalogue, explorer.config.model.latent_dim
    try:
        with _lock:
            catalogue.merge(path, directions, latent_dim)
            if without:
                catalogue.write(path, [each for each in catalogue.read(path, latent_dim) if each.id != without])
    except OSError as error:
        raise ValueError(f"This model's folder cannot be written to: {error.strerror or error}.") from None
    opened.forget_directions(request.get("key"))


def changed(direction: Direction, change: object) -> Direction:
    change = change if isinstance(change, dict) else {}
    name, hidden = name_of(change.get("name")) or direction.name, change.get("hidden", direction.hidden)
    return replace(direction, name=name, hidden=bool(hidden))


def name_of(value: object) -> str:
    return " ".join(str(value or "").split())[:LONGEST_NAME]


def mixture(explorer: Explorer, amounts: dict[str, float]) -> np.ndarray:
    """The one direction that moves as these amounts together do, a unit vector [latent_dim]."""
    known = explorer.directions
    vectors = [amount * known[name].vector for name, amount in amounts.items() if name in known]
    total = np.sum(vectors, 0) if vectors else np.zeros(explorer.config.model.latent_dim)
    if float(norm(total)[0]) < 1e-6:
        raise ValueError("Move some sliders first: their mix becomes the direction.")
    return (total / norm(total)).astype(np.float32)


def difference(explorer: Explorer, request: dict) -> np.ndarray:
    to, start = (explorer.keys(asked(request, end, explorer)) for end in ("to", "from"))
    return arithmetic.difference(to, start, explorer.config.model.latent_dim)


def asked(request: dict, end: str, explorer: Explorer) -> list[Point]:
    return points(request.get(end), explorer, MOST_POINTS)
