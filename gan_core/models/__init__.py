"""Generator and discriminator pairs, one a file."""

from gan_core.models.dcgan import Discriminator, Generator

__all__ = ["Discriminator", "Generator"]
