"""What a model's directions are worth: how often each changes a known factor, and how often the others beside it.

    python -m benchmarks.directions --data openpeeps-64.zip                      # avatars-64, and drawn faces
    python -m benchmarks.directions --data openpeeps-64.zip --drawn-model my-run
    python -m benchmarks.directions --minutes 20                                 # drawn faces only

The drawn faces' model is trained here for --minutes with the preset fast, unless --drawn-model names one. Directions of
random vectors are measured beside those of weights, layers and labels: better than these is better than nothing.
Prints tables and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.measure import machine
from gan_core import memory
from gan_core.attributes import Study, study
from gan_core.attributes.study import kept_apart, with_figures
from gan_core.cli.console import Bar
from gan_core.config import preset
from gan_core.home import datasets
from gan_core.latent import Explorer
from gan_core.latent.directions import Direction
from gan_core.latent.paths import norm
from gan_core.runs.library import find_model
from gan_core.runs.run_dir import RunDir
from gan_core.runs.worker import Worker

NUM_RANDOM = 12
KINDS = {"label": "labels", "apart": "labels, kept apart", "pca": "PCA", "sefa": "SeFa", "random": "random vectors"}


def trained(minutes: float, path: Path) -> Explorer:
    """A model of the drawn faces, trained for so many minutes."""
    memory.keep_freed()
    run = RunDir.create(path, preset("fast").with_options(data="drawn", minutes=minutes))
    Worker(run, os.getpid(), lambda: False, lambda event: None).work()
    return Explorer.load(find_model(str(path)))


def course(explorer: Explorer, data: str, n: int) -> dict:
    """Every direction of a model, by kind, measured on so many of its pictures."""
    bar = Bar(as_json=False)
    found = study(explorer, data, datasets(), num_measured=n, on_progress=bar)
    judge = found.classifier.reliable()
    more = [replace(each, kind="apart") for each in kept_apart(found)]
    more += random_directions(explorer.config.model.latent_dim)
    more = with_figures(explorer, more, judge, lambda z: judge.scores(explorer.render_z(z)), n, bar)
    directions = [each for each in [*found.directions, *more] if each.kind in KINDS]
    return {
        "kimg": explorer.nimg / 1000,
        "n": n,
        "accuracy": accuracy(found),
        "directions": [row(d) for d in directions],
    }


def random_directions(latent_dim: int) -> list[Direction]:
    vectors = np.random.default_rng(0).standard_normal((NUM_RANDOM, latent_dim)).astype(np.float32)
    return [Direction(f"random-{i}", "random", "", vector) for i, vector in enumerate(vectors / norm(vectors), 1)]


def accuracy(found: Study) -> dict[str, float]:
    """How well the classifier tells each factor: the mean over its traits."""
    told: dict[str, list[float]] = {}
    for trait, value in zip(found.classifier.traits, found.classifier.accuracy, strict=True):
        told.setdefault(trait.factor, []).append(value)
    return {factor: round(float(np.mean(values)), 3) for factor, values in told.items()}


def row(direction: Direction) -> dict:
    return {"id": direction.id, "kind": direction.kind, "name": direction.name, **direction.measured}


def table(result: dict) -> str:
    """The mean of each kind, then every learned direction, the strongest first."""
    rows = result["directions"]
    lines = [f"{'':22}{'number':>8}{'effect':>8}{'others':>8}{'best':>8}"]
    for kind, words in KINDS.items():
        these = [each for each in rows if each["kind"] == kind]
        effects, others = means(these)
        best = max(these, key=lambda each: abs(each["effect"]), default={"effect": 0.0})
        lines.append(f"{words:22}{len(these):8}{effects:8.2f}{others:8.2f}{abs(best['effect']):8.2f}")
    lines += ["", f"{'':34}{'told':>6}{'effect':>8}{'others':>8}{'apart':>8}{'others':>8}"]
    held = {each["id"]: each for each in rows if each["kind"] == "apart"}
    for each in sorted((each for each in rows if each["kind"] == "label"), key=lambda each: -each["effect"]):
        numbers = [each, held[each["id"]]] if each["id"] in held else [each]
        words = "".join(f"{one['effect']:8.2f}{one['others']:8.2f}" for one in numbers)
        lines.append(f"{each['name'][:33]:34}{each['accuracy']:6.2f}{words}")
    return "\n".join(lines)


def means(rows: Sequence[dict]) -> tuple[float, float]:
    """The mean size of the effect on the factor that each changes, and on the others."""
    return tuple(float(np.mean([abs(each[name]) for each in rows] or [0])) for name in ("effect", "others"))


def report(args: argparse.Namespace) -> dict:
    torch.set_num_threads(args.threads)
    result = machine(torch.device("cpu"))
    result["models"] = models = {}
    if args.data:
        models[args.model] = course(Explorer.load(find_model(args.model)), args.data, args.n)
    with tempfile.TemporaryDirectory() as folder:
        name = args.drawn_model or f"drawn faces, {args.minutes:g} min"
        drawn = Explorer.load(find_model(name)) if args.drawn_model else trained(args.minutes, Path(folder) / "drawn")
        models[name] = course(drawn, "drawn", args.n)
    for name, found in models.items():
        print(f"\n{name}: after {found['kimg']:.0f} kimg, n = {found['n']}\n{table(found)}")
    return result


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", metavar="PATH", help="labelled pictures of the kind that --model makes")
    options.add_argument("--model", default="avatars-64", help="the model to measure with --data (default avatars-64)")
    options.add_argument("--drawn-model", metavar="RUN", help="a model trained on drawn faces, instead of training one")
    options.add_argument("--minutes", type=float, default=5, help="of training on drawn faces (default 5)")
    options.add_argument("--n", type=int, default=256, help="pictures that each direction moves (default 256)")
    options.add_argument("--threads", type=int, default=1, help="of the processor (default 1)")
    return options


def main(argv: list[str] | None = None) -> None:
    result = report(parser().parse_args(argv))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
