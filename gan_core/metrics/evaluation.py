"""Several metrics of one generator, each with its protocol and the floor that real pictures reach.

for result in evaluate(sampler(explorer), reals, n=2048):
    print(result.name, result.value, result.floor)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_core.config import require
from gan_core.latent import Explorer, Point
from gan_core.metrics.fidelity import find_weights
from gan_core.metrics.images import check_alike
from gan_core.metrics.protocols import FID_PROTOCOL_N, METRICS, NEEDS_INCEPTION, Material, Measured

DEFAULT_METRICS = ("swd", "diversity", "memorisation")
SAMPLES_AT_ONCE = 64
MAX_N = 100_000


@dataclass(frozen=True)
class Result:
    """One metric's value and `floor`, the same of real against other real pictures, `n_floor` on each side.

    `floor` is None where it has no meaning or there are too few pictures for one.
    """

    name: str
    title: str
    unit: str
    better: str
    value: float
    floor: float | None
    n_fake: int
    n_real: int
    n_floor: int
    protocol: str
    detail: dict


def evaluate(
    sample: Callable[[int], np.ndarray],
    reals: np.ndarray,
    n: int = 2048,
    metrics: Sequence[str] = DEFAULT_METRICS,
    weights: Path | None = None,
    fetch: bool = False,
    flip: bool = False,
    on_progress: Callable[[str, float], None] | None = None,
) -> list[Result]:
    """Measure `n` samples, `sample(n)` uint8 [n, H, W, C], against as many of the reals [N, H, W, C].

    `flip` says that the generator was trained on mirrored pictures too; `weights` and `fetch` are for the metrics
    that need the Inception network. `on_progress` hears what is being done and its share. ValueError, before any
    sampling, for an unknown metric, too few images for one, or missing weights.
    """
    report = on_progress or (lambda doing, share: None)
    check_numbers(metrics, n, len(reals))
    if any(name in NEEDS_INCEPTION for name in metrics):
        weights = find_weights(weights, fetch)
    report("sampling", 0.0)
    fakes = sample(n)
    check_alike(fakes, reals)
    material = Material(fakes, reals, flip, weights, on_progress=lambda share: report("inception", share))
    results = []
    for i, name in enumerate(metrics):
        report(name, i / len(metrics))
        results.append(described(name, METRICS[name].measure(material)))
    report("done", 1.0)
    return results


def check_numbers(metrics: Sequence[str], n: int, num_reals: int) -> None:
    """ValueError unless every metric is known and has as many images as it needs to mean anything."""
    require(len(metrics) > 0, f"choose a metric: {', '.join(METRICS)}")
    require(n <= MAX_N, f"{n:,} samples are too many; at most {MAX_N:,}")
    for name in metrics:
        require(name in METRICS, f"there is no metric '{name}'; there are {', '.join(METRICS)}")
        metric = METRICS[name]
        for count, what in ((n, "samples"), (num_reals, "real pictures")):
            reason = f"{name} needs at least {metric.min_n:,} {what}, not {count:,}: {metric.why}"
            require(count >= metric.min_n, reason)


def described(name: str, found: Measured) -> Result:
    metric = METRICS[name]
    return Result(
        name, metric.title, metric.unit, metric.better, found.value, found.floor, found.n_fake, found.n_real,
        found.n_floor, protocol(name, found), found.detail,
    )  # fmt: skip


def protocol(name: str, found: Measured) -> str:
    """What was measured, in full, so that the number can be compared with others or not."""
    parts = [METRICS[name].protocol, f"{found.n_fake:,} samples, {found.n_real:,} real pictures"]
    if found.floor is None and found.n_floor:
        parts.append("too few real pictures for a floor")
    elif found.floor is not None and name != "memorisation":
        parts.append(f"floor: {found.n_floor:,} real against {found.n_floor:,} other real pictures")
    if name == "fid" and min(found.n_fake, found.n_real) < FID_PROTOCOL_N:
        parts.append(f"n < {FID_PROTOCOL_N:,}: biased upwards, do not compare with published figures")
    return "; ".join(parts)


def table(results: Sequence[Result]) -> str:
    """The results for people: a line of numbers each, and how they were measured below."""
    lines = [f"{'metric':12}  {'value':>9}  {'floor':>9}  better  unit"]
    for result in results:
        floor = "-" if result.floor is None else f"{result.floor:.3f}"
        lines.append(f"{result.name:12}  {result.value:9.3f}  {floor:>9}  {result.better:6}  {result.unit}".rstrip())
    lines.append("")
    for result in results:
        lines.append(f"{result.name}: {result.title}; {result.protocol}")
        if details := ", ".join(in_words(*item) for item in result.detail.items()):
            lines.append(f"    {details}")
    return "\n".join(lines)


def in_words(name: str, value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} px {number:.1f}" for key, number in value.items())
    return f"{name.replace('_', ' ')} {value:.3g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"


def sampler(
    explorer: Explorer, on_progress: Callable[[float], None] | None = None, labels: np.ndarray | None = None
) -> Callable[[int], np.ndarray]:
    """A function that makes the images of seeds 0 to n - 1, uint8 [n, H, W, C]; `on_progress` hears the share done.

    `labels` are those of the real pictures: classes are drawn from them, else they follow the seeds.
    """

    def sample(n: int) -> np.ndarray:
        drawn = [None] * n if labels is None else np.random.default_rng(0).choice(labels, n).tolist()
        points = [Point(seed, label=label) for seed, label in enumerate(drawn)]
        parts = []
        for start in range(0, n, SAMPLES_AT_ONCE):
            end = min(start + SAMPLES_AT_ONCE, n)
            parts.append(explorer.render_many(points[start:end]))
            if on_progress:
                on_progress(end / n)
        return np.concatenate(parts)

    return sample
