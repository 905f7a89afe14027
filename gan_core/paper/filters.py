"""The discriminator's first layer, the only one whose filters can be shown as they are (section 6.2)."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gan_core.latent import Point, figure
from gan_core.models import Discriminator
from gan_core.paper.board import block, board, likeness, signed
from gan_core.paper.features import responses
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.layers import first_filters
from gan_core.paper.subject import Subject

MOST, COLUMNS = 64, 16
SAMPLES, BATCH, BEST = 512, 64, 8
SHAPED = 0.2  # more than in random filters
TITLE = "First-layer filters"
PAPER = (
    "Section 6.2 asks what the discriminator's filters have learned and compares them with random ones; figure 5 shows "
    "deep ones only, of which a picture needs guided backpropagation."
)


def filters(subject: Subject) -> Steps:
    """The learned filters beside those of a discriminator that has seen nothing."""
    yield 0.1
    model = subject.config.model
    numbers, parts = {}, []
    for name, D in (("learned", subject.D), ("random", subject.random_D)):
        weights = first_filters(D, model)
        numbers[name] = measured(weights)
        parts.append(block(f"{name}: {min(len(weights), MOST)} of {len(weights)}", [sheet(D, subject)]))
    return Finding("filters", TITLE, PAPER, words(numbers), numbers, board(TITLE, *parts))


def exciting(subject: Subject) -> Generator[float, None, list[list[Point]]]:
    """For each filter that is shown the samples that excite it most, anywhere in them, the strongest first."""
    points, answers = subject.points(SAMPLES), []
    for start in range(0, SAMPLES, BATCH):
        images = subject.explorer.render_many(points[start : start + BATCH])
        answers.append(responses(subject.D, images, 0)[:, :MOST])
        yield (start + BATCH) / SAMPLES
    places = np.concatenate(answers).argsort(0)[::-1][:BEST].T
    return [[points[place] for place in own] for own in places]


def sheet(D: Discriminator, subject: Subject):
    return figure.table([figure.picture(each, 40) for each in as_images(D, subject)], COLUMNS, gap=4)


def as_images(D: Discriminator, subject: Subject) -> list[np.ndarray]:
    """At most MOST filters as images uint8: grey is a weight of 0."""
    return [signed(each, 40) for each in first_filters(D, subject.config.model)[:MOST]]


def measured(weights: np.ndarray) -> dict:
    """Of filters [N, h, w, C]: how many, how alike neighbours are, and the share of their energy that is colour."""
    grey = weights.mean(-1, keepdims=True)
    energy = max(float(np.square(weights).sum()), 1e-12)
    colour = float(np.square(weights - grey).sum()) / energy if weights.shape[-1] > 1 else None
    return {"filters": len(weights), "neighbours_alike": likeness(weights), "colour": colour}


def words(numbers: dict) -> list[str]:
    learned, random = numbers["learned"], numbers["random"]
    more = learned["neighbours_alike"] - random["neighbours_alike"]
    shape = "have taken shape" if more >= SHAPED else "still look much like the noise they began as"
    told = [
        f"Neighbouring weights correlate at {learned['neighbours_alike']:.2f} in the {learned['filters']} learned "
        f"filters and at {random['neighbours_alike']:.2f} in random ones (edges and spots have much more, noise has "
        f"none): they {shape}."
    ]
    if learned["colour"] is not None:
        told.append(
            f"{learned['colour']:.0%} of the learned filters' energy is colour, against {random['colour']:.0%} in "
            "random ones: the less, the more of them look at light and dark alone."
        )
    return told
