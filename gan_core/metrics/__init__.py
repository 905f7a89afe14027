"""How good, how diverse and how original a generator's pictures are; all on uint8 arrays [N, H, W, C]."""

from gan_core.metrics.diversity import Diversity
from gan_core.metrics.memorisation import Neighbours, nearest, panel
from gan_core.metrics.swd import SlicedWasserstein

__all__ = ["Diversity", "Neighbours", "SlicedWasserstein", "nearest", "panel"]
