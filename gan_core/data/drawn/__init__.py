"""Drawn cartoon faces with known factors: a data set that needs no download.

Image.fromarray(draw(factors(seed=7), size=64)).show()
"""

from gan_core.data.drawn.face import draw
from gan_core.data.drawn.traits import HAIR_STYLES, Factors, factors

__all__ = ["HAIR_STYLES", "Factors", "draw", "factors"]
