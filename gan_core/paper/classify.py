"""The discriminator's features under a linear classifier (sections 5.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from gan_core.config import require
from gan_core.latent import figure
from gan_core.paper.board import board
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.layers import described
from gan_core.paper.linear import CHOICES, accuracy, in_their_span, standardised, svm
from gan_core.paper.subject import Subject

FEW, MANY, MOST_TEST = 1000, 5000, 5000
VALIDATION, TEST = 0.2, 1 / 6
FEWEST = 40
Z95 = 1.96
Result = TypeVar("Result")
TITLE = "Features under a linear classifier"
PAPER = (
    "Sections 5.1 and 5.2: of a discriminator trained on ImageNet all layers' maps, pooled to 4×4, under an L2-SVM are "
    "right about 82.8% of CIFAR-10's test pictures with all 50,000 labels, and wrong about 22.48% of SVHN's with 1,000."
)
DIFFERENT = (
    "Here the discriminator learned from pictures of its own model, not from ImageNet, and is much smaller; features "
    "are standardised; the strength of the SVM is chosen on a fifth of the very labels that it learns from; and these "
    "are other pictures. So compare the rows with each other, and not with the paper's figures."
)
TOLD = "This model knows classes: its D was told that of each picture as it learned, unlike the paper's."
ROWS = {"learned": "what D has learned", "random": "a D that learned nothing", "pixels": "raw pixels"}


@dataclass(frozen=True)
class Labelled:
    """Pictures of the model's size, uint8 [N, H, W, C], with the number of each one's class.

    Without test pictures a sixth is held out; `seen` says whether D may have trained on the test pictures.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    test_images: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    seen: bool = True


def classify(subject: Subject, data: Labelled, budgets: tuple[int, ...] = (FEW, MANY)) -> Steps:
    """Accuracy on held-out pictures with each number of labels: D's features beside a random D's and raw pixels."""
    D = subject.D
    training, test = divided(data)
    budgets = tuple(dict.fromkeys(min(budget, len(training.labels)) for budget in budgets))
    require(budgets[0] >= FEWEST, f"{data.name} has {budgets[0]} labelled pictures to learn from; {FEWEST} are few")
    kept = evenly(training.labels, max(budgets))
    describe = {"learned": lambda images: described(D, images), "random": lambda x: described(subject.random_D, x)}
    numbers = {"data": data.name, "classes": len(data.classes), "tested_on": len(test.labels), "accuracy": {}}
    for i, name in enumerate(ROWS):
        begun, part = i / len(ROWS), 1 / (2 * len(ROWS) * len(budgets))
        parts = [training.images[kept], test.images]
        rows = yield from scaled(rows_of(describe.get(name, flattened), parts), begun, 1 / (2 * len(ROWS)))
        begun, found = begun + 1 / (2 * len(ROWS)), {}
        for j, budget in enumerate(budgets):
            chosen = evenly(training.labels[kept], budget)
            fit = learned(rows[0][chosen], training.labels[kept][chosen], rows[1], test.labels, len(data.classes))
            right, C = yield from scaled(fit, begun + j * part, part)
            found[str(budget)] = interval(right, len(test.labels)) | {"C": C}
        numbers["accuracy"][name] = found
    told = [*words(numbers, data), *([TOLD] if subject.config.model.classes else []), DIFFERENT]
    return Finding("classify", TITLE, PAPER, told, numbers, chart(numbers))


@dataclass(frozen=True)
class Part:
    images: np.ndarray
    labels: np.ndarray


def divided(data: Labelled) -> tuple[Part, Part]:
    """The pictures to learn from and those to be tested on, the latter at most MOST_TEST, by chance."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(data.labels))
    if data.test_images is not None:
        places = np.sort(rng.permutation(len(data.test_labels))[:MOST_TEST])
        return Part(data.images, data.labels), Part(data.test_images[places], data.test_labels[places])
    cut = min(int(len(order) * TEST), MOST_TEST)
    test, training = np.sort(order[:cut]), np.sort(order[cut:])
    return Part(data.images[training], data.labels[training]), Part(data.images[test], data.labels[test])


def evenly(labels: np.ndarray, number: int) -> np.ndarray:
    """The places of that many labels, as many of each class as there are, by chance and always the same."""
    shuffled = np.random.default_rng(1).permutation(len(labels))
    turn = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        own = shuffled[labels[shuffled] == label]
        turn[own] = np.arange(len(own))
    return shuffled[turn[shuffled].argsort(kind="stable")][:number]


def flattened(images: np.ndarray) -> Iterator[np.ndarray]:
    """Pixels in a row, [N, H W C] between -1 and 1."""
    yield images.reshape(len(images), -1).astype(np.float32) / 127.5 - 1


def rows_of(
    describe: Callable[[np.ndarray], Iterator[np.ndarray]], parts: list[np.ndarray]
) -> Generator[float, None, list[Tensor]]:
    """The features of each part, [N, F]."""
    total, done, found = sum(map(len, parts)), 0, []
    for images in parts:
        batches = []
        for batch in describe(images):
            batches.append(batch)
            done += len(batch)
            yield done / total
        found.append(torch.from_numpy(np.concatenate(batches)))
    return found


def scaled(steps: Generator[float, None, Result], begun: float, part: float) -> Generator[float, None, Result]:
    """The steps as a part of a longer way."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            return end.value
        yield begun + part * share


def learned(
    rows: Tensor, labels: np.ndarray, test_rows: Tensor, test_labels: np.ndarray, num_classes: int
) -> Generator[float, None, tuple[float, float]]:
    """The share of the test that an L2-SVM is right about, and its C, chosen on a fifth of the training rows."""
    held_out = np.zeros(len(labels), bool)
    held_out[evenly(labels, int(len(labels) * VALIDATION))] = True
    own, unseen = in_their_span(*standardised(rows[~held_out], rows[held_out]))
    targets, wanted = torch.from_numpy(labels[~held_out]), torch.from_numpy(labels[held_out])
    weight, scores = None, {}
    for i, C in enumerate(CHOICES):
        weight = svm(own, targets, num_classes, C, weight)
        scores[C] = accuracy(unseen, wanted, weight)
        yield (i + 1) / (len(CHOICES) + 1)
    best = max(scores, key=scores.__getitem__)
    rows, test_rows = in_their_span(*standardised(rows, test_rows))
    weight = svm(rows, torch.from_numpy(labels), num_classes, best)
    return accuracy(test_rows, torch.from_numpy(test_labels), weight), best


def interval(share: float, count: int) -> dict:
    """A share of so many with its 95 % confidence interval (Wilson 1927)."""
    spread = Z95 * (share * (1 - share) / count + Z95**2 / (4 * count**2)) ** 0.5
    middle, scale = share + Z95**2 / (2 * count), 1 + Z95**2 / count
    return {"share": share, "low": (middle - spread) / scale, "high": (middle + spread) / scale}


def apart(a: dict, b: dict) -> bool:
    """Whether two intervals have nothing in common."""
    return a["low"] > b["high"] or b["low"] > a["high"]


def chart(numbers: dict) -> Image.Image:
    """A bar for each share, with its interval as a line."""
    parts, chance = [], 1 / numbers["classes"]
    budgets = next(iter(numbers["accuracy"].values()))
    for budget in budgets:
        rows = [bar(ROWS[name], values[budget], chance) for name, values in numbers["accuracy"].items()]
        heading = figure.text(f"{int(budget):,} labels, tested on {numbers['tested_on']:,} pictures", 15)
        parts.append(figure.column([heading, *rows], gap=6))
    return board(f"{TITLE}: {numbers['data']}", *parts, figure.text("the light line is chance", colour=figure.MUTE))


def bar(name: str, found: dict, chance: float, width: int = 360, height: int = 20) -> Image.Image:
    piece = Image.new("RGB", (180 + width + 150, height), figure.BACKGROUND)
    pen = ImageDraw.Draw(piece)
    pen.text((0, 3), name, figure.INK, figure.font(13))
    at = [180 + round(width * found[key]) for key in ("share", "low", "high")]
    pen.rectangle((180, 2, at[0], height - 3), fill="#7c8cf8")
    pen.line((at[1], height // 2, at[2], height // 2), fill=figure.INK, width=2)
    pen.line((180 + round(width * chance), 0, 180 + round(width * chance), height), fill="#d5d8df", width=2)
    pen.text((180 + width + 10, 3), percent(found), figure.INK, figure.font(13))
    return piece


def percent(found: dict) -> str:
    return f"{found['share']:.1%} ({found['low']:.1%}-{found['high']:.1%})"


def words(numbers: dict, data: Labelled) -> list[str]:
    told = []
    for budget in numbers["accuracy"]["learned"]:
        own, nothing, plain = (numbers["accuracy"][name][budget] for name in ROWS)
        told.append(
            f"With {int(budget):,} labels of {numbers['data']}, {percent(own)} of {numbers['tested_on']:,} test "
            f"pictures are right by the features that D learned, {percent(nothing)} by those of a D that learned "
            f"nothing, and {percent(plain)} by raw pixels, in brackets with 95% confidence."
            + ("" if apart(own, nothing) else " What D learned makes no difference that this test could show.")
        )
    if data.test_images is None and data.seen:
        told.append("D may have trained on the test pictures, without their classes.")
    return told
