"""All in one: labelled pictures, a classifier of them, directions of a generator, and what each of these is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gan_core.attributes.classifier import Classifier, train
from gan_core.attributes.factors import choose, labelled_pictures, traits_of
from gan_core.attributes.learn import apart, as_directions, slopes
from gan_core.attributes.measure import WEAK, Scorer, measured
from gan_core.config import ModelConfig, require
from gan_core.latent import Explorer, Point
from gan_core.latent.directions import Direction

NUM_SAMPLES, NUM_MEASURED = 4096, 256
FIRST_SAMPLE = 100_000  # learned from other seeds than those that are measured and looked at
AT_ONCE = 64

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Study:
    """What came of it: `directions` are those learned, then the model's others, all measured.

    `classifier` tells all traits, and `untold` names those that were wanted but cannot be told from the pictures.
    """

    classifier: Classifier
    directions: list[Direction]
    untold: tuple[str, ...]

    @property
    def learned(self) -> list[Direction]:
        """The directions found by these labels that do bring what they are named after."""
        return [each for each in self.own if each.measured["effect"] >= WEAK]

    @property
    def weak(self) -> list[Direction]:
        """The others found by them: what they are named after the model hardly ever draws."""
        return [each for each in self.own if each.measured["effect"] < WEAK]

    @property
    def own(self) -> list[Direction]:
        return [each for each in self.directions if "accuracy" in each.measured]


def study(
    explorer: Explorer,
    data: str | Path,
    root: Path,
    wanted: Sequence[str] = (),
    *,
    keep_apart: bool = False,
    num_samples: int = NUM_SAMPLES,
    num_measured: int = NUM_MEASURED,
    data_root: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Study:
    """Learn a direction for each trait of labelled pictures, and measure these and the model's own.

    `wanted` are factors or "factor=value"; `keep_apart` takes from each direction its part along those of other
    factors. `on_progress` hears what is being done and its share, and may raise to cancel. ValueError where the
    pictures have no labels, or none of what is wanted can be told.
    """
    report = on_progress or (lambda doing, share: None)
    images, columns = labelled_pictures(data, *shape(explorer.config.model), root, counted(report), data_root)
    traits = traits_of(columns)
    chosen = choose(traits, wanted)
    classifier = train(images, traits, lambda share: report("learning to tell the labels", share))
    judge = classifier.reliable()
    told = [trait for trait in chosen if trait in judge.traits]
    require(bool(told), f"this cannot be told from the pictures: {', '.join(trait.name for trait in chosen)}")

    def score(z: np.ndarray) -> np.ndarray:
        return judge.scores(explorer.render_z(z))

    vectors = learn(explorer, score, num_samples, report)[[judge.traits.index(trait) for trait in told]]
    known = {trait.id for trait in traits}
    others = [each for each in explorer.directions.values() if each.id not in known]
    directions = [*as_directions(told, vectors), *others]
    directions = with_figures(explorer, directions, judge, score, num_measured, report)
    found = Study(classifier, directions, tuple(trait.name for trait in chosen if trait not in told))
    if keep_apart and found.learned:
        purer = with_figures(explorer, kept_apart(found), judge, score, num_measured, report)
        by_id = {each.id: each for each in purer}
        found = replace(found, directions=[by_id.get(each.id, each) for each in directions])
    return found


def kept_apart(found: Study) -> list[Direction]:
    """The learned directions without their parts along each other.

    The weak ones take no part: what the model hardly draws has a direction of little but chance.
    """
    traits = {trait.id: trait for trait in found.classifier.traits}
    vectors = np.array([each.vector for each in found.learned])
    purer = apart(vectors, [traits[each.id] for each in found.learned])
    return [replace(each, vector=vector) for each, vector in zip(found.learned, purer, strict=True)]


def learn(explorer: Explorer, score: Scorer, num_samples: int, report: Progress) -> np.ndarray:
    """A unit vector for each of the scores [T, latent_dim], from pictures of seeds that nobody looks at."""
    z = np.stack([explorer.z(Point(FIRST_SAMPLE + i)) for i in range(num_samples)])
    scores = []
    for start in range(0, num_samples, AT_ONCE):
        report("labelling generated pictures", start / num_samples)
        scores.append(score(z[start : start + AT_ONCE]))
    latent_dim = explorer.config.model.latent_dim
    return slopes(z[:, :latent_dim], np.concatenate(scores), z[:, latent_dim:])


def with_figures(
    explorer: Explorer, directions: Sequence[Direction], judge: Classifier, score: Scorer, count: int, report: Progress
) -> list[Direction]:
    """The directions with `measured` filled in; one that was learned for a trait is measured by that trait."""
    z = np.stack([explorer.z(Point(seed)) for seed in range(count)])
    places = {trait.id: i for i, trait in enumerate(judge.traits)}
    found = []
    for i, direction in enumerate(directions):
        report("measuring the directions", i / len(directions))
        own = places.get(direction.id)
        figures = measured(direction, judge.traits, score, z, own)
        if own is not None:
            figures["accuracy"] = round(judge.accuracy[own], 3)
        found.append(replace(direction, measured=figures))
    report("measuring the directions", 1.0)
    return found


def shape(model: ModelConfig) -> tuple[int, int]:
    return model.image_size, model.channels


def counted(report: Progress) -> Callable[[int, int], None]:
    return lambda done, total: report("reading the pictures", done / max(total, 1))
