"""The "turn" vector (section 6.3.2, figure 8): the mean of pictures that look left minus that of those that look right.

Without exemplars they are found: of many samples those that differ most from their own mirror images, one way and the
other, along the strongest way in which this model's pictures do.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gan_core.config import require
from gan_core.latent import Point
from gan_core.latent.directions import move
from gan_core.latent.paths import norm
from gan_core.paper.board import block, board, named_strip, strip
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.subject import Subject

SAMPLES, BATCH = 1024, 64
FEW, MANY = 4, 64
ROWS, COLUMNS, FARTHEST = 4, 9, 3.0
TRIED, FIRST_TRIED = 128, 20_000
TITLE = "The turn vector"
PAPER = (
    "Figure 8: the mean of four faces that look left minus the mean of four that look right, added step by step to "
    "random samples, turns them reliably."
)
FOUND = (
    "Nobody chose the exemplars here: they are the samples that differ most from their own mirror images, so what "
    "turns may be the light or the hair as well as the head."
)


def turn(subject: Subject, left: list[Point] | None = None, right: list[Point] | None = None) -> Steps:
    """Rows of new samples moved along the vector; with exemplars, of which each side needs one, along theirs."""
    require(bool(left) == bool(right), "choose pictures that look left and pictures that look right")
    if left:
        sides = {len(left): (subject.z(left), subject.z(right))}
        yield 0.1
    else:
        sides = yield from extremes(subject)
    vectors = {number: unit(a, b, subject) for number, (a, b) in sides.items()}
    z = subject.z(subject.points(TRIED, FIRST_TRIED))
    likeness = lopsided(subject, *sides[max(sides)])
    numbers, parts = {"exemplars_chosen_by": "visitor" if left else "mirror difference"}, []
    for i, (number, vector) in enumerate(vectors.items()):
        numbers[f"with_{number}"] = tried(subject, z, vector, likeness)
        parts.append(block(f"{number} exemplars a side", rows(subject, z[:ROWS], vector)))
        yield 0.7 + 0.3 * (i + 1) / len(vectors)
    exemplars = [subject.explorer.render_z(side[:FEW]) for side in next(iter(sides.values()))]
    shown = [named_strip(name, strip(images, 64)) for name, images in zip(("left", "right"), exemplars, strict=True)]
    picture = board(TITLE, block("exemplars", shown), *parts)
    points = [subject.point(each) for each in moved(z[:ROWS], vectors[max(vectors)], subject).reshape(-1, z.shape[1])]
    return Finding("turn", TITLE, PAPER, words(numbers, not left), numbers, picture, points)


def extremes(subject: Subject) -> Generator[float, None, dict]:
    """z of the FEW and the MANY samples at either end of what differs most from mirror images: {number: (left, right)}.

    The differences between classes are left out: a shoe is not a shirt that looks left.
    """
    points, parts = subject.points(SAMPLES), []
    for start in range(0, SAMPLES, BATCH):
        parts.append(lopsidedness(subject.explorer.render_many(points[start : start + BATCH])))
        yield 0.6 * (start + BATCH) / SAMPLES
    values, z = np.concatenate(parts), subject.z(points)
    num_classes = max(len(subject.config.model.classes), 1)
    for label in range(num_classes):
        values[label::num_classes] -= values[label::num_classes].mean(0)
    order = (values @ np.linalg.svd(values, full_matrices=False)[2][0]).argsort()
    return {number: (z[order[:number]], z[order[-number:]]) for number in (FEW, MANY)}


def lopsidedness(images: np.ndarray) -> np.ndarray:
    """How images uint8 [N, H, W, C] differ from their mirror images, float32 [N, H W / 2], the middle counting most."""
    grey = images.astype(np.float32).mean(-1)
    window = np.hanning(grey.shape[1] + 2)[1:-1].astype(np.float32)
    grey *= window[:, None] * window
    return (grey - grey[:, :, ::-1])[:, :, : grey.shape[2] // 2].reshape(len(grey), -1)


def lopsided(subject: Subject, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The mean difference from their mirror images by which right exemplars differ from left ones."""
    ways = [lopsidedness(subject.explorer.render_z(side)).mean(0) for side in (left, right)]
    return ways[1] - ways[0]


def unit(left: np.ndarray, right: np.ndarray, subject: Subject) -> np.ndarray:
    latent_dim = subject.config.model.latent_dim
    vector = (right.mean(0) - left.mean(0))[:latent_dim]
    length = float(norm(vector)[0])
    require(length > 1e-6, "the pictures that look left are the same as those that look right")
    return vector / length


def moved(z: np.ndarray, vector: np.ndarray, subject: Subject) -> np.ndarray:
    """z [N, input_dim] at each step along the vector, [N, COLUMNS, input_dim]."""
    latent_dim = subject.config.model.latent_dim
    amounts = np.linspace(-FARTHEST, FARTHEST, COLUMNS, dtype=np.float32)
    steps = [move(z[:, :latent_dim], vector[None], np.full((len(z), 1), amount)) for amount in amounts]
    return np.stack([np.concatenate([step, z[:, latent_dim:]], 1) for step in steps], 1)


def rows(subject: Subject, z: np.ndarray, vector: np.ndarray) -> list:
    return [strip(subject.explorer.render_z(row), 64) for row in moved(z, vector, subject)]


def tried(subject: Subject, z: np.ndarray, vector: np.ndarray, likeness: np.ndarray) -> dict:
    """On how many new samples the vector moves the lopsidedness the exemplars' way, and how far, in deviations."""
    ends = moved(z, vector, subject)[:, [0, COLUMNS // 2, -1]]
    left, middle, right = (lopsidedness(subject.explorer.render_z(ends[:, i])) @ likeness for i in range(3))
    gain = (right - left) / max(float(middle.std()), 1e-6)
    return {"samples": len(z), "turned": float((gain > 0).mean()), "mean_turn": float(gain.mean())}


def words(numbers: dict, found: bool) -> list[str]:
    told = [FOUND] if found else []
    for name, values in numbers.items():
        if not isinstance(values, dict):
            continue
        number = name.removeprefix("with_")
        told.append(
            f"With {number} exemplar{'s' if number != '1' else ''} a side, {values['turned']:.0%} of "
            f"{values['samples']} new samples turn the exemplars' way between the ends of a row, on average by "
            f"{values['mean_turn']:.1f} times the spread that samples have of themselves."
        )
    return told
