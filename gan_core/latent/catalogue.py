"""A model's directions: those found in its weights, and those that people named, hid, learned or added.

`directions.json` beside the weights holds the latter as whole directions, so that a name stays with the vector it was
given to while the model learns on.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from gan_core.files import read_json, write_json
from gan_core.latent.directions import Direction, principal_directions
from gan_core.latent.sefa import weight_directions
from gan_core.models import Generator

FILE = "directions.json"


def directions_of(G: Generator, path: Path | None = None) -> dict[str, Direction]:
    """Every direction by its id: the saved ones of that file in place of those found, or after them."""
    found = {direction.id: direction for direction in [*principal_directions(G), *weight_directions(G)]}
    saved = read(path, G.config.latent_dim) if path else []
    return found | {direction.id: direction for direction in saved}


def read(path: Path, latent_dim: int) -> list[Direction]:
    """The saved directions; none where there is no file, and without those that are damaged or do not fit the model."""
    entries = read_json(path)
    return [found for entry in entries if (found := parse(entry, latent_dim))] if isinstance(entries, list) else []


def write(path: Path, directions: list[Direction]) -> None:
    """Keep these directions, and no others."""
    write_json(path, [asdict(each) | {"vector": [round(float(x), 5) for x in each.vector]} for each in directions])


def merge(path: Path, directions: list[Direction], latent_dim: int) -> None:
    """Keep these directions in place of saved ones of the same id, and all others that are saved."""
    kept = {direction.id: direction for direction in [*read(path, latent_dim), *directions]}
    write(path, list(kept.values()))


def parse(entry: object, latent_dim: int) -> Direction | None:
    """The direction of one entry, its vector made a unit vector; None if it is none of this model."""
    known = {spec.name for spec in fields(Direction)}
    if not isinstance(entry, dict) or not {"id", "kind", "name", "vector"} <= set(entry):
        return None
    try:
        vector = np.array(entry["vector"], np.float32)
    except (TypeError, ValueError):
        return None
    length = float(np.linalg.norm(vector))
    if vector.shape != (latent_dim,) or not 0 < length < np.inf:
        return None
    return Direction(**{key: value for key, value in entry.items() if key in known} | {"vector": vector / length})
