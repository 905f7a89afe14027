"""Changes to every image that D sees, real or fake, so that it cannot learn a small set by heart.

    augment = DiffAugment(rng)            # always, all of them (Zhao et al. 2020, section 3)
    augment = AdaptiveAugment(rng, ...)   # each with probability p, which follows D's certainty (Karras et al. 2020a)

Everything is differentiable, also twice, as gradient penalties want it: pixels are moved by indices, not by sampling.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gan_core.config import TrainConfig
from gan_core.training.group import part_of_batch
from gan_core.training.precision import wide

# An image may move by an eighth of its side, and lose a square of half its side.
SHIFT, CUT = 1 / 8, 1 / 2
ADA_KIMG = 500
ADA_MOST = 0.8
ADA_MEMORY = 0.98


class DiffAugment:
    """Random colour, place and a hole in each image; images [N, C, H, W] in [-1, 1]."""

    def __init__(self, rng: torch.Generator):
        self.rng = rng

    def __call__(self, images: Tensor) -> Tensor:
        images = wide(images)
        for change in (brightness, saturation, contrast, shift, cut):
            images = change(images, self.rng)
        return images


class AdaptiveAugment:
    """Mirroring, turns, place, colour and a hole, each in a share p of the images.

    p starts at 0. It rises while D is surer of real images than `target`, else falls, by 1 in 500 kimg, to 0.8 at most
    (Karras et al. 2020a, section 3.1). Colour changes exceed [-1, 1], as in the paper.
    """

    def __init__(self, rng: torch.Generator, target: float):
        self.rng, self.target = rng, target
        # Tensors, so that neither a change nor a recorded step needs the host.
        self.p = torch.zeros((), device=rng.device)
        self.certainty = torch.zeros((), device=rng.device)

    def __call__(self, images: Tensor) -> Tensor:
        images = wide(images)
        for change in (mirror, turn, shift, brightness, saturation, contrast, cut):
            changed = change(images, self.rng)
            chosen = uniform(images, self.rng) < self.p
            images = torch.where(chosen, changed, images)
        return images

    @torch.no_grad()
    def adapt(self, signs: Tensor) -> None:
        """Follow D's certainty, given the signs [N] of its logits for real images."""
        self.certainty.lerp_(signs.float().mean(), 1 - ADA_MEMORY)
        step = len(signs) / (ADA_KIMG * 1000)
        self.p.add_(torch.sign(self.certainty - self.target) * step).clamp_(0, ADA_MOST)

    def state_dict(self) -> dict[str, float]:
        return {"p": self.p.item(), "certainty": self.certainty.item()}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.p.fill_(state["p"])
        self.certainty.fill_(state["certainty"])


Augment = Callable[[Tensor], Tensor]


def choose(train: TrainConfig, rng: torch.Generator) -> Augment | None:
    """The augmentation that a config asks for."""
    if train.augment == "none":
        return None
    return DiffAugment(rng) if train.augment == "diffaugment" else AdaptiveAugment(rng, train.ada_target)


def brightness(images: Tensor, rng: torch.Generator) -> Tensor:
    return images + (uniform(images, rng) - 0.5)


def saturation(images: Tensor, rng: torch.Generator) -> Tensor:
    grey = images.mean(1, keepdim=True)
    return grey + (images - grey) * (2 * uniform(images, rng))


def contrast(images: Tensor, rng: torch.Generator) -> Tensor:
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (uniform(images, rng) + 0.5)


def shift(images: Tensor, rng: torch.Generator) -> Tensor:
    """Moved by whole pixels, at most an eighth of the side; what comes into view is black."""
    count, channels, height, width = images.shape
    rows = _moved(height, count, images.device, rng)
    columns = _moved(width, count, images.device, rng)
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), value=-1.0)
    image = torch.arange(count, device=images.device)[:, None, None]
    # Channels last, so that one index picks a whole pixel.
    return padded.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _moved(side: int, count: int, device: torch.device, rng: torch.Generator) -> Tensor:
    """For each image, where the pixels along one side come from in one padded by a pixel at both ends, [N, side]."""
    most = max(int(side * SHIFT), 1)
    by = whole_numbers(-most, most + 1, count, device, rng)
    return (torch.arange(side, device=device) + by + 1).clamp(0, side + 1)


def cut(images: Tensor, rng: torch.Generator) -> Tensor:
    """A square of half the side, somewhere, perhaps partly outside, becomes grey."""
    count, _, height, width = images.shape
    inside = [_hole(side, count, images.device, rng) for side in (height, width)]
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images * ~hole


def _hole(side: int, count: int, device: torch.device, rng: torch.Generator) -> Tensor:
    size = max(round(side * CUT), 1)
    centre = whole_numbers(0, side + 1, count, device, rng)
    place = torch.arange(side, device=device)
    return (place >= centre - size // 2) & (place < centre - size // 2 + size)


def mirror(images: Tensor, rng: torch.Generator) -> Tensor:
    return torch.where(uniform(images, rng) < 0.5, images.flip(3), images)


def turn(images: Tensor, rng: torch.Generator) -> Tensor:
    """By 0, 90, 180 or 270 degrees."""
    quarters = whole_numbers(0, 4, len(images), images.device, rng)[:, :, None, None]
    half = torch.where(quarters >= 2, images.flip(2, 3), images)
    return torch.where(quarters % 2 == 1, half.transpose(2, 3).flip(2), half)


def uniform(images: Tensor, rng: torch.Generator) -> Tensor:
    """A number in [0, 1) for each image, [N, 1, 1, 1]."""
    options = {"generator": rng, "device": images.device, "dtype": images.dtype}
    return part_of_batch(rng, len(images), lambda count: torch.rand(count, 1, 1, 1, **options))


def whole_numbers(low: int, high: int, count: int, device: torch.device, rng: torch.Generator) -> Tensor:
    """One from low to below high for each image, [count, 1]."""
    return part_of_batch(rng, count, lambda total: torch.randint(low, high, (total, 1), generator=rng, device=device))
