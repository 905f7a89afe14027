"""Whether a face is a copy: the training pictures that come nearest to it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan_core.config import ModelConfig
from gan_core.data import Store, load_store
from gan_core.metrics.memorisation import COPY, TINY, nearest
from gan_core.runs.run_dir import RunDir

__all__ = ["COPY", "closest", "pictures_of"]
COUNT = 3


class Near(NamedTuple):
    """A training picture and its distance to the face; it was looked for among those from `start` to `stop`."""

    picture: np.ndarray
    distance: float
    index: int
    start: int
    stop: int


def pictures_of(run: RunDir, model: ModelConfig) -> Store | None:
    """The run's prepared pictures; None where they are gone or are not what this model makes."""
    path = run.data().get("store")
    try:
        store = load_store(Path(path)) if path else None
    except ValueError:
        return None
    shape = (model.image_size, model.image_size, model.channels)
    return store if store and store.images.shape[1:] == shape and len(store.images) > 1 else None


def closest(face: np.ndarray, store: Store, flip: bool, count: int = COUNT) -> list[tuple[np.ndarray, float]]:
    """The training pictures nearest to a face, nearest first, each with its ratio as in `metrics.nearest`."""
    found: list[Near] = []
    waiting, spans = [], [(0, len(store.images))]
    while len(found) < count:
        waiting += [look(face, store.images, start, stop, flip) for start, stop in spans if stop - start > 1]
        if not waiting:
            break
        waiting.sort(key=lambda near: near.distance)
        found.append(near := waiting.pop(0))
        # Whatever comes next lies elsewhere, or on either side of the one just found.
        spans = [(near.start, near.index), (near.index + 1, near.stop)]
    usual = usual_distance(store.path, flip)
    return [(near.picture, near.distance / max(usual, TINY)) for near in found]


def look(face: np.ndarray, images: np.ndarray, start: int, stop: int, flip: bool) -> Near:
    """The nearest of the images from `start` to `stop`."""
    pair = np.stack([face, face])  # a single picture is refused
    result = nearest(pair, images[start:stop], flip, num_references=1)
    index = start + int(result.indices[0])
    picture = images[index][:, ::-1] if result.mirrored[0] else images[index]
    return Near(picture, float(result.distances[0]), index, start, stop)


@lru_cache(maxsize=16)
def usual_distance(path: Path, flip: bool) -> float:
    """The usual distance between pictures of a store, which takes seconds to find."""
    images = load_store(path).images
    return nearest(images[:2], images, flip).usual
