from pathlib import Path

import torch

from gan_core.config import Config, ModelConfig
from gan_core.models import build_discriminator, build_generator
from gan_core.runs.checkpoint import save_discriminator, save_generator

ARCHITECTURES = [("dcgan", 32, 3), ("dcgan-28", 28, 1), ("mlp", 28, 1), ("dense", 32, 3), ("residual", 32, 3)]


def model_in(folder: Path, architecture: str, size: int, channels: int, classes: tuple[str, ...] = ()) -> Path:
    """A run's folder with a generator of full contrast and a discriminator; the generator's file."""
    shape = ModelConfig(architecture, size, channels, latent_dim=16, ngf=8, ndf=8, classes=classes)
    config = Config(model=shape)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G, D = build_generator(shape), build_discriminator(shape, config.d_norm)
        G.to_image.weight.data.normal_(0, 0.2)
    save_generator(folder / "generator.safetensors", G, config, 4096)
    save_discriminator(folder / "discriminator.safetensors", D, config, 4096)
    return folder / "generator.safetensors"
