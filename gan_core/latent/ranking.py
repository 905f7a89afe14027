"""Orders of pictures: which look most real to D, which are typical, which differ most.

looks = look(explorer, points, judge_of(run.discriminator, explorer.config.model))
best = order("typical", looks)[:64]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from gan_core import pixels
from gan_core.config import ModelConfig, require
from gan_core.latent.explorer import Explorer, Point
from gan_core.models import Discriminator
from gan_core.runs.checkpoint import load_discriminator

ORDERS = ("seed", "typical", "real", "different")
AT_ONCE = 32
NEAREST = 8
# Random projections keep distances to a few per cent, and thousands of pictures' features in memory.
NUM_FEATURES = 512
THUMBNAIL = 16
TINY = 1e-9


@dataclass(frozen=True)
class Looks:
    """What is known of N pictures: features [N, F], their classes' weights [N, num_classes], D's logits [N] or None."""

    features: np.ndarray
    classes: np.ndarray
    scores: np.ndarray | None


def judge_of(path: Path, model: ModelConfig) -> Discriminator | None:
    """The discriminator in that file; None if there is none, or one of other pictures."""
    if not path.exists():
        return None
    D, config, _ = load_discriminator(path)
    kinds = [(each.image_size, each.channels, each.classes) for each in (config.model, model)]
    return D if kinds[0] == kinds[1] else None


def look(
    explorer: Explorer,
    points: Sequence[Point],
    D: Discriminator | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Looks:
    """Draw the points and look at them with D, or without one at small copies of them.

    `on_progress` hears the share done; what it raises ends the work. ValueError without points.
    """
    require(len(points) > 0, "there is nothing to rank: give at least one seed")
    keys, parts = explorer.keys(points), []
    for start in range(0, len(points), AT_ONCE):
        images = explorer.render_many(points[start : start + AT_ONCE])
        classes = keys[start : start + AT_ONCE, explorer.config.model.latent_dim :]
        parts.append(seen(torch.from_numpy(images), torch.from_numpy(classes), D))
        if on_progress:
            on_progress(min(start + AT_ONCE, len(points)) / len(points))
    features, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Looks(features, keys[:, explorer.config.model.latent_dim :], scores if D else None)


@torch.inference_mode()
def seen(images: torch.Tensor, classes: torch.Tensor, D: Discriminator | None) -> tuple[np.ndarray, np.ndarray]:
    """Features [N, F] and logits [N] of uint8 [N, H, W, C]."""
    if D is None:
        small = adaptive_avg_pool2d(images.permute(0, 3, 1, 2).float(), THUMBNAIL).flatten(1)
        return small.numpy(), np.zeros(len(images), np.float32)
    features = D.features(pixels.to_float(images)).flatten(1)
    return projected(features).numpy(), D.judge(features, classes).numpy()


def projected(features: torch.Tensor) -> torch.Tensor:
    """Long features [N, F] in fewer numbers, always the same ones."""
    length = features.shape[1]
    if length <= NUM_FEATURES:
        return features
    rng = torch.Generator().manual_seed(0)
    return features @ torch.randn(length, NUM_FEATURES, generator=rng).mul_(NUM_FEATURES**-0.5)


def order(name: str, looks: Looks) -> np.ndarray:
    """The indices of the pictures in one of the ORDERS. ValueError for another, or where it takes a D."""
    require(name in ORDERS, f"pictures can be ordered by {', '.join(ORDERS)}, not by '{name}'")
    if name == "seed":
        return np.arange(len(looks.features))
    if name == "real":
        return np.argsort(-real(looks), kind="stable")
    typical = np.argsort(strangeness(looks), kind="stable")
    return typical if name == "typical" else spread(typical, looks.features)


def spread(typical: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The more typical half, those first that differ most, then the others: nothing differs like what broke."""
    half = typical[: -(-len(typical) // 2)]
    return np.concatenate([half[list(farthest_first(features[half]))], typical[len(half) :]])


def real(looks: Looks) -> np.ndarray:
    """D's logits in standard deviations of their class [N]: it takes some classes for more real than others.

    At the end of a good game they say little of a picture: G makes what D has nothing against.
    """
    require(looks.scores is not None, "this model has no discriminator beside it, so nobody can say what looks real")
    scores = np.array(looks.scores, np.float64)
    for members in by_class(looks):
        scores[members] = (scores[members] - scores[members].mean()) / max(scores[members].std(), TINY)
    return scores


def strangeness(looks: Looks) -> np.ndarray:
    """Distances to the nearest others of the same class, in units of the class's median [N].

    Pictures in which something broke have few that are like them.
    """
    found = np.zeros(len(looks.features))
    for members in by_class(looks):
        if len(members) > 1:
            near = nearest(looks.features[members])
            found[members] = near / max(float(np.median(near)), TINY)
    return found


def nearest(features: np.ndarray) -> np.ndarray:
    """The mean distance from each of [N, F] to the nearest others [N]."""
    apart = torch.cdist(rows := torch.from_numpy(features), rows).fill_diagonal_(torch.inf)
    return apart.topk(min(NEAREST, len(features) - 1), largest=False).values.mean(1).numpy()


def farthest_first(features: np.ndarray) -> Iterator[int]:
    """Indices of [N, F]: the one nearest to the mean, then always the one farthest from all before (Gonzalez 1985)."""
    chosen = int(np.linalg.norm(features - features.mean(0), axis=1).argmin())
    apart = np.full(len(features), np.inf)
    for _ in range(len(features)):
        yield chosen
        apart = np.minimum(apart, np.linalg.norm(features - features[chosen], axis=1))
        apart[chosen] = -1
        chosen = int(apart.argmax())


def by_class(looks: Looks) -> list[np.ndarray]:
    """The indices of each class's pictures; all together where there are no classes."""
    if not looks.classes.shape[1]:
        return [np.arange(len(looks.features))]
    labels = looks.classes.argmax(1)
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
