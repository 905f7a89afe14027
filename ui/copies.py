"""Whether a face is a copy: the training pictures that come nearest to it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_core.config import ModelConfig
from gan_core.data import Store, load_store
from gan_core.metrics import Neighbours
from gan_core.metrics.memorisation import COPY
from gan_core.runs.run_dir import RunDir

__all__ = ["COPY", "closest", "pictures_of"]
COUNT = 3


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
    return neighbours(store.path, flip).of(face, count)


@lru_cache(maxsize=2)
def neighbours(path: Path, flip: bool) -> Neighbours:
    """Those of a store, which takes seconds to prepare."""
    return Neighbours(load_store(path).images, flip)
