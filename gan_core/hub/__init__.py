"""Models from elsewhere: the Hub, and other people's files.

from gan_core.hub import from_pretrained
faces = from_pretrained("owner/name").render([Point(seed) for seed in range(8)])
"""

from gan_core.hub.pretrained import from_pretrained

__all__ = ["from_pretrained"]
