"""Generator and discriminator pairs, one a file."""

from importlib import import_module

from gan_core.config import ModelConfig
from gan_core.models.base import Discriminator, Generator

FILES = {"dcgan": "dcgan", "dcgan-28": "dcgan_28", "mlp": "dense", "dense": "dense", "residual": "residual"}


def build_generator(config: ModelConfig) -> Generator:
    return _file(config).Generator(config)


def build_discriminator(config: ModelConfig, norm: str | None = None) -> Discriminator:
    """`norm`: 'batch', 'spectral' or 'none'; by default the architecture's own."""
    return _file(config).Discriminator(config, *([norm] if norm else []))


def _file(config: ModelConfig):
    return import_module(f"gan_core.models.{FILES[config.architecture]}")


__all__ = ["Discriminator", "Generator", "build_discriminator", "build_generator"]
