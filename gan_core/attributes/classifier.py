"""A small network that learns from labelled pictures to tell their traits, and says how well it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy_with_logits, mse_loss

from gan_core import pixels
from gan_core.attributes.factors import Trait

LARGEST = 64  # pixels a side; larger pictures are looked at in this size
WIDTHS, HIDDEN, GRID = (24, 48, 96), 128, 4
BATCH, LR = 32, 3e-3
AT_ONCE = 128
SEEN, MOST_KNOWN = 25_000, 20_000
SHARE_HELD_OUT, MOST_HELD_OUT = 0.2, 1000
SMALL = 0.3  # of the last layer's weights, so that they do not drown its biases
NOISE = 0.1  # generated pictures are never as clean as real ones
TOLD = 0.75  # of pairs of pictures in the right order: below, a trait counts as one that cannot be told

Report = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Classifier:
    """Tells traits, each by the output of `net` at its place in `outputs`.

    `accuracy` [T] is the share of pairs of held-out pictures, one with more of a trait than the other, that it puts in
    the right order; 0.5 is chance.
    """

    net: nn.Module
    traits: tuple[Trait, ...]
    outputs: tuple[int, ...]
    accuracy: tuple[float, ...] = ()

    @torch.inference_mode()
    def scores(self, images: np.ndarray) -> np.ndarray:
        """How much of each trait is in images uint8 [N, H, W, C]: logits or, of numbers, standard deviations [N, T]."""
        parts = [self.net(prepared(images[i : i + AT_ONCE])).numpy() for i in range(0, len(images), AT_ONCE)]
        return np.concatenate(parts)[:, self.outputs]

    def reliable(self) -> Classifier:
        """The same without the traits that it cannot tell."""
        told = [i for i, accuracy in enumerate(self.accuracy) if accuracy >= TOLD]
        pick = {name: tuple(getattr(self, name)[i] for i in told) for name in ("traits", "outputs", "accuracy")}
        return replace(self, **pick)


def train(images: np.ndarray, traits: Sequence[Trait], report: Report | None = None, seed: int = 0) -> Classifier:
    """Learn the traits of pictures uint8 [N, H, W, C]; a part of them is held out to measure how well.

    About 20 seconds on one core at 64 pixels. `report` hears the share done and may raise to cancel.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    num_held_out = min(int(SHARE_HELD_OUT * len(images)), MOST_HELD_OUT)
    held_out, known = np.sort(order[:num_held_out]), order[num_held_out:][:MOST_KNOWN]
    targets = torch.from_numpy(np.stack([standardised(trait, known) for trait in traits], 1))
    are_numbers = torch.tensor([trait.is_number for trait in traits])
    net = fitted(images, targets, are_numbers, known, report or (lambda share: None), seed)
    classifier = Classifier(net, tuple(traits), tuple(range(len(traits))))
    scores = classifier.scores(images[held_out])
    accuracy = [concordance(trait.targets[held_out], scores[:, i]) for i, trait in enumerate(traits)]
    net[-1].bias -= torch.tensor([threshold(trait, scores[:, i]) for i, trait in enumerate(traits)])
    return replace(classifier, accuracy=tuple(accuracy))


def fitted(
    images: np.ndarray, targets: Tensor, are_numbers: Tensor, known: np.ndarray, report: Report, seed: int
) -> nn.Module:
    rng, order = torch.Generator().manual_seed(seed), np.random.default_rng(seed + 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = network(images.shape[-1], targets.shape[1]).to(memory_format=torch.channels_last)
    # A rare trait begins as rare, or all steps would go into learning that.
    shares = targets[known].nanmean(0).clamp(0.001, 0.999)
    net[-1].bias.data = torch.where(are_numbers, 0, shares.logit())
    net[-1].weight.data *= SMALL
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=0.01)
    num_steps = -(-SEEN // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, num_steps)
    for step in range(num_steps):
        report(step / num_steps)
        part = np.sort(order.choice(known, min(BATCH, len(known)), replace=False))
        batch = prepared(images[part])
        batch += NOISE * torch.rand(len(batch), 1, 1, 1, generator=rng) * torch.randn(batch.shape, generator=rng)
        optimizer.zero_grad()
        loss_of(net(batch), targets[part], are_numbers).backward()
        optimizer.step()
        schedule.step()
    return net.eval().requires_grad_(False)


def network(channels: int, num_traits: int) -> nn.Sequential:
    """Images [N, C, H, W] in [-1, 1] to scores [N, num_traits]."""
    halvings = [
        nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))
        for a, b in pairwise((channels, *WIDTHS))
    ]
    head = [nn.Linear(GRID**2 * WIDTHS[-1], HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, num_traits)]
    return nn.Sequential(*halvings, nn.AdaptiveAvgPool2d(GRID), nn.Flatten(), *head)


def loss_of(scores: Tensor, targets: Tensor, are_numbers: Tensor) -> Tensor:
    """The mean over the known targets [N, T]: cross-entropy, or the squared error of numbers."""
    known = ~targets.isnan()
    targets = targets.nan_to_num()
    each = torch.where(
        are_numbers,
        mse_loss(scores, targets, reduction="none"),
        binary_cross_entropy_with_logits(scores, targets.clamp(0, 1), reduction="none"),
    )
    return (each * known).sum() / known.sum().clamp_min(1)


def prepared(images: np.ndarray) -> Tensor:
    """uint8 [N, H, W, C] as the network takes them."""
    batch = pixels.to_float(torch.from_numpy(np.ascontiguousarray(images)))
    return adaptive_avg_pool2d(batch, LARGEST) if batch.shape[-1] > LARGEST else batch


def standardised(trait: Trait, known: np.ndarray) -> np.ndarray:
    if not trait.is_number:
        return trait.targets
    seen = trait.targets[known]
    return (trait.targets - np.nanmean(seen)) / max(float(np.nanstd(seen)), 1e-6)


def threshold(trait: Trait, scores: np.ndarray) -> float:
    """The score above which as many pictures [N] are as have the trait: a net is rarely sure of what is rare."""
    if trait.is_number:
        return 0.0
    return float(np.quantile(scores, 1 - np.clip(np.nanmean(trait.targets), 0, 1)))


def concordance(targets: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs with different targets whose scores have the same order; 0.5 where there is no such pair.

    Of a trait that is there or not this is the area under the ROC curve.
    """
    known = np.isfinite(targets)
    targets, scores = targets[known], scores[known]
    above = targets[:, None] > targets
    if not above.any():
        return 0.5
    better = (scores[:, None] > scores)[above]
    equal = (scores[:, None] == scores)[above]
    return float((better + 0.5 * equal).mean())
