"""Pictures from a folder, a zip, a named set, the Hub or the built-in drawn faces, prepared as one uint8 array."""

from gan_core.data.drawn import Factors, draw, factors
from gan_core.data.named import NAMES
from gan_core.data.pictures import Source
from gan_core.data.sources import absolute, open_source, source_name
from gan_core.data.store import Store, load_store, planned, prepare, space_needed

__all__ = [
    "NAMES", "Factors", "Source", "Store", "absolute", "draw", "factors", "load_store", "open_source", "planned",
    "prepare", "source_name", "space_needed",
]  # fmt: skip
