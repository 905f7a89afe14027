"""Every figure by its name, as it is made when nobody chooses exemplars or draws boxes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gan_core.config import ModelConfig, require
from gan_core.data import prepare
from gan_core.data.named import CLASSES, TEST, named
from gan_core.paper.arithmetic import arithmetic
from gan_core.paper.classify import Labelled, classify
from gan_core.paper.drop import drop
from gan_core.paper.features import features
from gan_core.paper.filters import filters
from gan_core.paper.finding import Steps
from gan_core.paper.subject import Subject
from gan_core.paper.turn import turn
from gan_core.paper.walk import walk

# In the order of the paper's section 6, and then section 5, which needs pictures.
MAKERS = {each.__name__: each for each in (walk, arithmetic, turn, filters, features, drop)}
FIGURES = (*MAKERS, "classify")


def begin(name: str, subject: Subject, data: Labelled | None = None) -> Steps:
    """The figure of that name in the making. ValueError, sooner or later, where this model cannot have it."""
    require(name in FIGURES, f"there is no figure '{name}'; there are {', '.join(FIGURES)}")
    if name != "classify":
        return MAKERS[name](subject)
    require(data is not None, "a classifier learns from labelled pictures: name some")
    return classify(subject, data)


def labelled(
    data: str,
    model: ModelConfig,
    root: Path,
    on_progress: Callable[[int, int], None] | None = None,
    data_root: str | None = None,
    on_download: Callable[[int, int], None] | None = None,
) -> Labelled:
    """Labelled pictures of the model's size, prepared in `root`; a set known by name brings its test part along.

    ValueError where they cannot be read or have no classes.
    """

    def store_of(source: str):
        shape = (model.image_size, model.channels, root)
        return prepare(source, *shape, on_progress, data_root=data_root, on_download=on_download)

    store = store_of(data)
    require(bool(store.classes), f"the pictures of {store.name} have no classes for a classifier to tell apart")
    test = None
    if named(data) in CLASSES:
        try:
            test = store_of(named(data) + TEST)
        except ValueError:  # somebody has only the training part's files
            test = None
    if test is None or test.classes != store.classes:
        return Labelled(store.name, store.images, store.labels, store.classes)
    return Labelled(store.name, store.images, store.labels, store.classes, test.images, test.labels)
