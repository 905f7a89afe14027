"""What can be done with a trained generator: points in its latent space, paths between them, directions."""

from gan_core.latent.explorer import Explorer, Point
from gan_core.latent.z import parse_seeds, z_from_seeds

__all__ = ["Explorer", "Point", "parse_seeds", "z_from_seeds"]
