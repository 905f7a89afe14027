"""Pictures from a folder, a zip or the built-in drawn faces, prepared as one uint8 array."""

from gan_core.data.drawn import Factors, draw, factors
from gan_core.data.sources import Source, open_source
from gan_core.data.store import Store, load_store, prepare

__all__ = ["Factors", "Source", "Store", "draw", "factors", "load_store", "open_source", "prepare"]
