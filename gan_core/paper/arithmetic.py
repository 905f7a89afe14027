"""Vector arithmetic on pictures (section 6.3.2, figure 7).

Without exemplars they are found along the model's two strongest directions: much of both, little of the first, little
of both; so the sum should have much of the first and little of the second, like nobody who was added.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gan_core import pixels
from gan_core.latent import Point
from gan_core.latent.arithmetic import Sum, in_pixels
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.subject import Subject

EXEMPLARS, SAMPLES, STRANGERS = 3, 512, 256
TITLE = "Vector arithmetic"
PAPER = (
    "Figure 7: the mean z of three smiling women minus that of three neutral women plus that of three neutral men "
    "gives smiling men, while the same sum of pixels gives overlaid ghosts."
)
FOUND = (
    "Nobody chose the exemplars here: they are samples with much of the model's two strongest directions, little of "
    "the first, and little of both, so that the sum should keep much of the first and little of the second."
)


def arithmetic(
    subject: Subject, groups: Sequence[Sequence[Point]] | None = None, names: Sequence[str] = ("A", "B", "C")
) -> Steps:
    """mean(A) - mean(B) + mean(C) of three groups of points, with the same sum of pixels."""
    yield 0.05
    found = groups is None
    groups = exemplars(subject) if found else groups
    yield 0.4
    added = Sum(subject.explorer, groups)
    picture = added.figure(names)
    yield 0.7
    keys = added.around()
    pictures = [subject.explorer.render(group) for group in groups if group]
    numbers = {"exemplars": [len(group) for group in groups], "chosen_by": "directions" if found else "visitor"}
    numbers |= judged(subject, subject.explorer.render_z(keys), in_pixels(pictures) if all(groups) else None)
    points = [subject.point(key) for key in keys]
    return Finding("arithmetic", TITLE, PAPER, words(numbers, found), numbers, picture, points)


def exemplars(subject: Subject) -> list[list[Point]]:
    """Three groups of samples by how far they lie along the two strongest directions."""
    points = subject.points(SAMPLES, label=subject.one_class)
    strongest = sorted(subject.explorer.directions.values(), key=lambda direction: -direction.explained)[:2]
    z = subject.z(points)[:, : subject.config.model.latent_dim]
    first, second = (z @ direction.vector for direction in strongest)
    groups = [np.minimum(first, second), np.minimum(-first, second), np.minimum(-first, -second)]
    return [[points[place] for place in amount.argsort()[::-1][:EXEMPLARS]] for amount in groups]


@torch.no_grad()
def judged(subject: Subject, sums: np.ndarray, ghost: np.ndarray | None) -> dict:
    """The shares of samples that D finds less real than the sums of z, on average, and than the sum of pixels."""
    if not subject.has_D or subject.config.model.classes:
        return {}
    samples = subject.explorer.render_many(subject.points(STRANGERS, 40_000))
    logits = [subject.D(pixels.to_float(torch.from_numpy(images))) for images in (samples, sums)]
    told = {"sums_of_z_beat": float((logits[0] < logits[1][:, None]).float().mean())}
    if ghost is None:
        return told
    pixel_logit = subject.D(pixels.to_float(torch.from_numpy(ghost[None])))
    return told | {"sum_of_pixels_beats": float((logits[0] < pixel_logit).float().mean())}


def words(numbers: dict, found: bool) -> list[str]:
    told = [FOUND] if found else []
    if "sums_of_z_beat" in numbers:
        told.append(
            f"The discriminator finds the sums of z more real than {numbers['sums_of_z_beat']:.0%} of ordinary "
            "samples, on average."
        )
    if "sum_of_pixels_beats" in numbers:
        told.append(f"The sum of pixels is more real to it than {numbers['sum_of_pixels_beats']:.0%} of them.")
    return told or ["What the sum has of each group, the picture shows; there is no number for it here."]
