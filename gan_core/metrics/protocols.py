"""How each metric is measured, from how many images it means anything, and what its number is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from gan_core.metrics import fidelity
from gan_core.metrics.diversity import COLLAPSED, LOW, Diversity
from gan_core.metrics.fidelity import KID_SUBSET, NEIGHBOURS, Features, Inception
from gan_core.metrics.images import drawn
from gan_core.metrics.memorisation import COPY, nearest
from gan_core.metrics.swd import SlicedWasserstein

# Patches of more images at a time would fill the memory, and the distance has settled long before.
MAX_SWD = 4096
FID_PROTOCOL_N = 10_000


@dataclass
class Material:
    """The pictures of one evaluation, and what several metrics need of them, made once.

    `reals` are drawn from `all_reals` in random order: the first num_reals stand against the fakes, and the floor is
    the first num_floor against the next num_floor.
    """

    fakes: np.ndarray
    all_reals: np.ndarray
    flip: bool = False
    weights: Path | None = None
    fetch: bool = False
    on_progress: Callable[[float], None] | None = None

    def __post_init__(self):
        total = len(self.all_reals)
        self.num_reals = min(len(self.fakes), total)
        self.num_floor = min(self.num_reals, total // 2)
        self.reals = drawn(self.all_reals, max(self.num_reals, 2 * self.num_floor))

    @property
    def floor_pair(self) -> tuple[slice, slice]:
        return slice(0, self.num_floor), slice(self.num_floor, 2 * self.num_floor)

    @cached_property
    def features(self) -> tuple[Features, Features]:
        """Those of the fakes and of the reals: the slow part of five metrics."""
        network = Inception(self.weights, self.fetch)
        total, done = len(self.fakes) + len(self.reals), 0
        found = []
        for images in (self.fakes, self.reals):
            found.append(network.features(images, self._counted(done / total, len(images) / total)))
            done += len(images)
        return found[0], found[1]

    def _counted(self, start: float, share: float) -> Callable[[float], None] | None:
        report = self.on_progress
        return None if report is None else lambda part: report(start + share * part)


@dataclass(frozen=True)
class Measured:
    """A metric's value, that of real against other real images, how many images were on each side, and details."""

    value: float
    floor: float | None
    n_fake: int
    n_real: int
    n_floor: int
    detail: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """`min_n` images on either side, or the number means nothing, for the reason in `why`."""

    title: str
    unit: str
    better: str
    min_n: int
    why: str
    protocol: str
    measure: Callable[[Material], Measured]


def swd(of: Material) -> Measured:
    count, num_floor = min(of.num_reals, MAX_SWD), min(of.num_floor, MAX_SWD)
    distance = SlicedWasserstein(of.reals[:count], count).measure(of.fakes[:count])
    floor = None
    if num_floor >= METRICS["swd"].min_n:
        first, second = of.reals[:num_floor], of.reals[of.num_floor : of.num_floor + num_floor]
        floor = SlicedWasserstein(first, num_floor).measure(second).mean
    return Measured(distance.mean, floor, count, count, num_floor, {"levels": distance.levels})


def diversity(of: Material) -> Measured:
    spread = Diversity(of.reals[: of.num_reals]).measure(of.fakes)
    floor = None
    if of.num_floor >= METRICS["diversity"].min_n:
        first, second = (of.reals[part] for part in of.floor_pair)
        floor = Diversity(first).measure(second).ratio
    detail = {**asdict(spread), "verdict": spread.verdict}
    return Measured(spread.ratio, floor, len(of.fakes), of.num_reals, of.num_floor, detail)


def memorisation(of: Material) -> Measured:
    found = nearest(of.fakes, of.all_reals, of.flip)
    detail = {
        "usual_distance": found.usual,
        "lowest_ratio": float(found.ratios.min()),
        "copies": found.num_copies,
        "most_copied": int(found.indices[found.ratios.argmin()]),
    }
    # The ratio's unit is the data's own distance.
    return Measured(float(np.median(found.ratios)), 1.0, len(of.fakes), len(of.all_reals), len(of.all_reals), detail)


def from_features(
    name: str, compare: Callable[[Features, Features], float | tuple[float, float]]
) -> Callable[[Material], Measured]:
    """A metric of two sets of Inception features; of two numbers the second is the deviation."""

    def measure(of: Material) -> Measured:
        fakes, reals = of.features
        value, detail = split(compare(fakes, reals[: of.num_reals]))
        floor = None
        if of.num_floor >= METRICS[name].min_n:
            first, second = (reals[part] for part in of.floor_pair)
            floor, _ = split(compare(second, first))
        return Measured(value, floor, len(of.fakes), of.num_reals, of.num_floor, detail)

    return measure


def split(found: float | tuple[float, float]) -> tuple[float, dict]:
    return (found[0], {"deviation": found[1]}) if isinstance(found, tuple) else (found, {})


def inception_score(of: Material) -> Measured:
    """Knows no real images: theirs is given as a detail, as the score to reach."""
    fakes, reals = of.features
    value, detail = split(fidelity.inception_score(fakes))
    reference, _ = split(fidelity.inception_score(reals[: of.num_reals]))
    return Measured(value, None, len(of.fakes), of.num_reals, 0, {**detail, "of_real_pictures": reference})


def kid_times_1000(a: Features, b: Features) -> tuple[float, float]:
    mean, deviation = fidelity.kid(a, b)
    return 1000 * mean, 1000 * deviation


INCEPTION = "torch-fidelity's Inception network"
METRICS = {
    "swd": Metric(
        "sliced Wasserstein distance", "x 1000", "lower", 256, "it would be mostly noise",
        "Laplacian pyramid, 64 patches of 7 x 7 an image, 256 directions (Karras et al. 2018), "
        "both sides normalised by the real pictures",
        swd,
    ),
    "diversity": Metric(
        "diversity", "of the data's own", "near 1", 100, "it would depend on a few pairs",
        f"mean 1 - MS-SSIM of 512 random pairs; below {LOW} is low, below {COLLAPSED} collapsed",
        diversity,
    ),
    "memorisation": Metric(
        "distance to the nearest training picture", "of the data's own", "near 1", 16, "it would depend on a few",
        f"median of 16 x 16 thumbnails; a single sample below {COPY} is likely a copy",
        memorisation,
    ),
    "fid": Metric(
        "FID", "", "lower", 2048, "the covariance of 2,048 features would be singular",
        INCEPTION, from_features("fid", fidelity.fid),
    ),
    "kid": Metric(
        "KID", "x 1000", "lower", KID_SUBSET, "its subsets have as many images",
        f"{INCEPTION}, 100 subsets of {KID_SUBSET}", from_features("kid", kid_times_1000),
    ),
    "is": Metric(
        "Inception score", "", "higher", 1000, "it is the mean over ten parts",
        f"{INCEPTION}, 10 parts", inception_score,
    ),
    "precision": Metric(
        "precision", "", "higher", 1000, "neighbours would be too far apart",
        f"{INCEPTION} (published figures are of VGG-16), {NEIGHBOURS} neighbours",
        from_features("precision", lambda fakes, reals: fidelity.precision_recall(fakes, reals)[0]),
    ),
    "recall": Metric(
        "recall", "", "higher", 1000, "neighbours would be too far apart",
        f"{INCEPTION} (published figures are of VGG-16), {NEIGHBOURS} neighbours",
        from_features("recall", lambda fakes, reals: fidelity.precision_recall(fakes, reals)[1]),
    ),
}  # fmt: skip
NEEDS_INCEPTION = ("fid", "kid", "is", "precision", "recall")
