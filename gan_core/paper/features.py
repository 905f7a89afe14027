"""What the discriminator's deepest features answer to, by guided backpropagation (section 6.2, figure 5)."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch

from gan_core import pixels
from gan_core.config import require
from gan_core.latent import figure
from gan_core.models import Discriminator
from gan_core.paper.board import board, likeness, signed
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.guided import guided_backprop
from gan_core.paper.layers import activations, stages
from gan_core.paper.subject import Subject

SAMPLES, BATCH = 512, 64
FEATURES, BEST = 6, 4
# A few pixels are far stronger than the rest, which would be grey beside them.
SIDE, STRONG = 64, 99
TITLE = "Guided backpropagation of deep features"
PAPER = (
    "Figure 5: the first six features of the discriminator's last convolution answer to typical parts of a bedroom, "
    "such as beds, while those of random filters show no structure."
)


def features(subject: Subject) -> Steps:
    """For six features the samples that excite them most, and what in these does, learned beside random."""
    learned, points = subject.D, subject.points(SAMPLES)
    images = []
    for start in range(0, SAMPLES, BATCH):
        images.append(subject.explorer.render_many(points[start : start + BATCH]))
        yield 0.3 * (start + BATCH) / SAMPLES
    images = np.concatenate(images)
    numbers, halves, shown = {}, [], []
    for i, (name, D) in enumerate((("learned", learned), ("random", subject.random_D))):
        chosen, places = yield from strongest(D, images, -1, 0.3 + 0.3 * i)
        gradients = explained(D, images, chosen, places)
        numbers[name] = measured(D, images, chosen, gradients)
        halves.append(figure.column([figure.text(name, 15), *rows(images, places, gradients)], gap=6))
        shown += [points[place] for place in places[:, 0]] if name == "learned" else []
    picture = board(TITLE, figure.row(halves, gap=24))
    return Finding("features", TITLE, PAPER, words(numbers), numbers, picture, shown)


def strongest(
    D: Discriminator, images: np.ndarray, stage: int, begun: float = 0.0
) -> Generator[float, None, tuple[np.ndarray, np.ndarray]]:
    """The first FEATURES of a stage that answer to BEST images or more, and the places of these images, [F, BEST]."""
    answers = []
    for start in range(0, len(images), BATCH):
        answers.append(responses(D, images[start : start + BATCH], stage))
        yield begun + 0.3 * (start + BATCH) / len(images)
    answers = np.concatenate(answers)
    alive = np.flatnonzero((answers > 0).sum(0) >= BEST)[:FEATURES]
    require(len(alive) > 0, "none of the discriminator's deepest features answers to this model's pictures")
    return alive, answers[:, alive].argsort(0)[::-1][:BEST].T


@torch.no_grad()
def responses(D: Discriminator, images: np.ndarray, stage: int) -> np.ndarray:
    """The strongest answer of every feature of a stage to images uint8, anywhere in each: [N, features]."""
    maps = activations(D, pixels.to_float(torch.from_numpy(images)))[stage]
    return maps.flatten(2).amax(2).numpy() if maps.dim() == 4 else maps.numpy()


def explained(D: Discriminator, images: np.ndarray, features: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The guided gradients [F, BEST, H, W, C] of each feature at its best images."""
    batch = pixels.to_float(torch.from_numpy(images[places.reshape(-1)]))
    wanted = torch.from_numpy(features).repeat_interleave(places.shape[1])
    grad = guided_backprop(D, batch, len(stages(D)) - 1, wanted)
    return grad.permute(0, 2, 3, 1).numpy().reshape(*places.shape, *images.shape[1:])


def rows(images: np.ndarray, places: np.ndarray, gradients: np.ndarray) -> list:
    """A row for each feature: its best images, each with what in it excites the feature below."""
    found = []
    for own, grads in zip(places, gradients, strict=True):
        above = (figure.picture(image, SIDE) for image in images[own])
        below = (figure.picture(signed(grad, SIDE, STRONG), SIDE) for grad in grads)
        found.append(figure.row([figure.column(pair, 2) for pair in zip(above, below, strict=True)], 4))
    return found


def measured(D: Discriminator, images: np.ndarray, features: np.ndarray, gradients: np.ndarray) -> dict:
    """How much structure the guided gradients have, and how much those of two features at the same images resemble."""
    same = pixels.to_float(torch.from_numpy(images[: 2 * BEST]))
    stage = len(stages(D)) - 1
    maps = [guided_backprop(D, same, stage, torch.full((len(same),), int(f))).abs().flatten(1) for f in features]
    units = torch.nn.functional.normalize(torch.stack(maps), dim=-1)
    cosines = torch.einsum("anp,bnp->nab", units, units)
    between = cosines.sum((1, 2)) - cosines.diagonal(dim1=1, dim2=2).sum(1)
    pairs = len(features) * (len(features) - 1)
    return {
        "neighbours_alike": likeness(gradients.reshape(-1, *gradients.shape[2:])),
        "features_alike": float((between / max(pairs, 1)).mean()),
    }


def words(numbers: dict) -> list[str]:
    learned, random = numbers["learned"], numbers["random"]
    return [
        f"Two features point at the same places of a picture to {learned['features_alike']:.2f} when learned and to "
        f"{random['features_alike']:.2f} when random (cosine; 1 would be the very same places): the lower, the more "
        "each feature has an interest of its own.",
        f"The pictures are the best of {SAMPLES} samples of the generator. LeakyReLU goes back as ReLU does: only what "
        "is positive, and only where its input was.",
    ]
