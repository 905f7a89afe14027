"""What every pair has in common: how z and classes go into G, and how D's features become logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_core.config import ModelConfig


class Generator(nn.Module):
    """z [N, input_dim] to images [N, channels, image_size, image_size] in [-1, 1].

    The first latent_dim columns are standard normal. The rest, if the model knows classes, are their weights: one-hot
    for a class, a blend for a picture between classes.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embed = nn.Parameter(torch.randn(len(config.classes), config.latent_dim)) if config.classes else None
        self.inner_dim = config.latent_dim * (2 if config.classes else 1)

    def forward(self, z: Tensor) -> Tensor:
        raise NotImplementedError

    def features(self, z: Tensor, depth: int) -> Tensor:
        """Activations [N, ...] after the projection of z and the first `depth` blocks."""
        raise NotImplementedError

    def first_weight(self) -> Tensor:
        """The matrix [units, inner_dim] of all that is linear before the first activation, in eval mode."""
        raise NotImplementedError

    def inner(self, z: Tensor) -> Tensor:
        """What the first layer sees, [N, inner_dim]: z, with its classes' embedding behind it (Mirza et al. 2014)."""
        if self.embed is None:
            return z
        z, classes = z.split([self.config.latent_dim, len(self.config.classes)], dim=1)
        return torch.cat([z, classes @ self.embed], dim=1)


class Discriminator(nn.Module):
    """Images [N, channels, image_size, image_size] in [-1, 1] to logits [N]: the higher, the more real.

    A model that knows classes also needs their weights [N, num_classes].
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config

    def add_score(self, num_features: int) -> None:
        """The last layer, which a subclass adds after its own."""
        self.score = nn.Linear(num_features, 1)
        num_classes = len(self.config.classes)
        self.of_class = nn.Parameter(0.02 * torch.randn(num_classes, num_features)) if num_classes else None

    def forward(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.judge(self.features(images), classes)

    def features(self, images: Tensor) -> Tensor:
        """What the last layer sees, [N, num_features]."""
        raise NotImplementedError

    def judge(self, features: Tensor, classes: Tensor | None) -> Tensor:
        """Logits [N], with a term of their own for every class (Miyato and Koyama 2018, section 3)."""
        logits = self.score(features).squeeze(1)
        if self.of_class is None:
            return logits
        return logits + (features * (classes @ self.of_class)).sum(1)


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own, so that a resumed training drops the same units."""

    def __init__(self, p: float):
        super().__init__()
        self.p, self.rng = p, None

    def forward(self, h: Tensor) -> Tensor:
        if not self.training or not self.p:
            return h
        kept = torch.empty_like(h).bernoulli_(1 - self.p, generator=self.rng)
        return h * kept / (1 - self.p)


def norm_scale(norm: nn.Module) -> Tensor:
    """What a batch norm in eval mode multiplies each channel by, [C]."""
    return norm.weight / (norm.running_var + norm.eps).sqrt()


def init_normal(model: nn.Module) -> None:
    """Normal(0, 0.02) for every weight, Normal(1, 0.02) for batch norm scales (Radford et al. 2016, section 4)."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.weight, 1.0, 0.02)


def init_scaled(model: nn.Module) -> None:
    """Weights that keep the size of activations through LeakyReLU, for networks without norms (He et al. 2015)."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, a=0.2)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def with_spectral_norm(model: nn.Module) -> nn.Module:
    """The model with every weight divided by its largest singular value (Miyato et al. 2018, section 2)."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.utils.parametrizations.spectral_norm(module)
    return model
