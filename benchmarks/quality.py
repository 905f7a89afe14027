"""How good each recipe's samples are after the same minutes, and after the same images: the presets and the reference.

    python -m benchmarks.quality --data celeba-10k.zip --minutes 10
    python -m benchmarks.quality --data celeba-10k.zip --recipes reference,fast --fd fd.py --out quality.png

Each recipe trains in a fresh process with all of the machine. At several marks its clock stops while its samples are
measured: by sliced Wasserstein distance and, if --fd names a script with functions `features` and `frechet`, by the
Fréchet distance in those features. The reference has its own data loading and is sampled as its example does, with
batch norm of the batch; the engine's samples are those of the averaged generator. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from benchmarks.measure import alone, machine
from benchmarks.reference import Reference, lay_out, loader, train
from gan_core import memory, pixels
from gan_core.config import ARCHITECTURES, PRESETS, Config, ModelConfig, TrainConfig, preset
from gan_core.data import prepare
from gan_core.metrics import SlicedWasserstein
from gan_core.metrics.images import drawn
from gan_core.training import precision
from gan_core.training.trainer import Step, Trainer

REFERENCE = "reference"
MARKS = (0.125, 0.25, 0.5, 1.0)
BATCH = 100


@dataclass(frozen=True)
class Running:
    """A training under way: `steps` yields the images of every step, `samples(n)` makes uint8 [n, H, W, C]."""

    steps: Iterator[int]
    samples: Callable[[int], np.ndarray]


def start_reference(config: Config, scratch: Path, images: np.ndarray, device: torch.device) -> Running:
    reference = Reference(config, device)

    @torch.no_grad()
    def samples(count: int) -> np.ndarray:
        rng = torch.Generator().manual_seed(1)
        parts = torch.randn(count, config.model.latent_dim, generator=rng).to(device).split(BATCH)
        return np.concatenate([pixels.to_uint8(reference.G(z[:, :, None, None])) for z in parts])

    return Running(train(reference, loader(scratch / "pictures", config)), samples)


def start_engine(config: Config, scratch: Path, images: np.ndarray, device: torch.device) -> Running:
    memory.keep_freed()
    trainer = Trainer(config, images, device)

    def steps() -> Iterator[int]:
        seen = 0
        for event in trainer.run():
            if isinstance(event, Step):
                yield event.nimg - seen
                seen = event.nimg

    def samples(count: int) -> np.ndarray:
        trainer.refresh_ema()
        return trainer.samples(count)

    return Running(steps(), samples)


def config_of(recipe: str, args: argparse.Namespace) -> Config:
    """The config of a recipe for these pictures; the reference's is the example's."""
    if recipe == REFERENCE:
        config = Config(REFERENCE, ModelConfig(), TrainConfig(batch_size=64, held_out=0.0))
    else:
        config = preset(recipe)
    return config.with_options(image_size=args.size, channels=args.channels, seed=args.seed)


def course(recipe: str, scratch: Path, args: argparse.Namespace) -> list[dict]:
    """What is measured at each mark of one recipe's training."""
    config = config_of(recipe, args)
    store = prepare(scratch / "pictures" / "all", args.size, args.channels, scratch / "prepared")
    reals = drawn(store.images, args.n)
    measures = measures_of(reals, args.fd)
    start = start_reference if recipe == REFERENCE else start_engine
    running = start(config, scratch, store.images, args.device)
    goals = [share * (args.kimg * 1000 if args.kimg else args.minutes * 60) for share in MARKS]
    rows, seen, seconds = [], 0, 0.0
    for goal in goals:
        began = time.perf_counter()
        spent = seconds
        while (seen if args.kimg else seconds) < goal:
            seen += next(running.steps)
            seconds = spent + time.perf_counter() - began
        fakes = running.samples(args.n)
        rows.append({"kimg": seen / 1000, "minutes": seconds / 60} | {name: f(fakes) for name, f in measures.items()})
        print(f"{recipe}: {rows[-1]}", file=sys.stderr)
    if args.sheets:
        pixels.to_pil(pixels.sheet(fakes[:64])).save(args.sheets / f"{recipe}.jpg", quality=90)
    running.steps.close()
    return rows


def measures_of(reals: np.ndarray, fd: Path | None) -> dict[str, Callable[[np.ndarray], float]]:
    swd = SlicedWasserstein(reals)
    measures = {"swd": lambda fakes: round(swd.measure(fakes).mean, 2)}
    if fd:
        script = load_script(fd)
        features = script.features(reals)
        measures["fd"] = lambda fakes: round(script.frechet(features, script.features(fakes)), 1)
    return measures


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def floors(scratch: Path, args: argparse.Namespace) -> dict[str, float]:
    """What real pictures measure against other real pictures."""
    store = prepare(scratch / "pictures" / "all", args.size, args.channels, scratch / "prepared")
    reals = drawn(store.images, 2 * args.n)
    half = len(reals) // 2
    return {name: f(reals[half:]) for name, f in measures_of(reals[:half], args.fd).items()}


def fits(recipe: str, size: int) -> bool:
    return recipe == REFERENCE or size in ARCHITECTURES[preset(recipe).model.architecture]


def table(result: dict) -> str:
    """The last mark of every recipe; a distance as a share of the reference's, too."""
    names = [name for name in ("swd", "fd") if name in result["floors"]]
    head = f"{'':16}{'kimg':>8}{'minutes':>9}{'img/s':>8}" + "".join(f"{name:>10}{'of ref.':>9}" for name in names)
    lines = [head]
    rival = result["recipes"].get(REFERENCE, [{}])[-1]
    for recipe, rows in result["recipes"].items():
        last = rows[-1]
        speed = last["kimg"] * 1000 / (last["minutes"] * 60)
        line = f"{recipe:16}{last['kimg']:8.1f}{last['minutes']:9.2f}{speed:8.0f}"
        for name in names:
            share = f"{last[name] / rival[name]:9.2f}" if rival else f"{'-':>9}"
            line += f"{last[name]:10.1f}{share}"
        lines.append(line)
    floor = ", ".join(f"{name} {value:.1f}" for name, value in result["floors"].items())
    return "\n".join([*lines, f"real against other real pictures: {floor}"])


def draw(result: dict, path: Path) -> None:
    """The distance against time, a line for each recipe."""
    from matplotlib.figure import Figure

    names = list(result["floors"])
    figure = Figure(figsize=(5 * len(names), 3.6), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
        for recipe, rows in result["recipes"].items():
            style = {"color": "0.5", "linestyle": "--"} if recipe == REFERENCE else {}
            axes.plot([row["minutes"] for row in rows], [row[name] for row in rows], marker="o", label=recipe, **style)
        axes.axhline(result["floors"][name], color="0.7", linewidth=1)
        axes.set(xlabel="minutes", title=f"{name}, n = {result['n']:,}: lower is better", yscale="log")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def report(args: argparse.Namespace) -> dict:
    recipes = [name.strip() for name in args.recipes.split(",")]
    left_out = [recipe for recipe in recipes if not fits(recipe, args.size)]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        lay_out(args.data, scratch / "pictures" / "all")
        result = machine(args.device) | {
            "settings": {key: str(value) for key, value in vars(args).items()},
            "n": args.n,
            "left_out": left_out,
            "floors": alone(floors, scratch, args),
            "recipes": {name: alone(course, name, scratch, args) for name in recipes if name not in left_out},
        }
    print(table(result))
    if args.out:
        draw(result, args.out)
    return result


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", default="drawn:2000", help="a zip or folder, or 'drawn:N'")
    options.add_argument("--recipes", default=",".join([REFERENCE, *PRESETS]), help="default: all of them")
    goal = options.add_mutually_exclusive_group()
    goal.add_argument("--minutes", type=float, default=10, help="of training, for each recipe")
    goal.add_argument("--kimg", type=float, help="instead: thousand images seen, for each recipe")
    options.add_argument("--size", type=int, default=64)
    options.add_argument("--channels", type=int, default=3)
    options.add_argument("--n", type=int, default=2048, help="samples, and as many real pictures")
    options.add_argument("--fd", type=Path, metavar="FILE", help="a script that measures in features of its own")
    options.add_argument("--out", type=Path, metavar="FILE", help="draw the distances against time")
    options.add_argument("--sheets", type=Path, metavar="DIR", help="write 64 samples of each recipe into that folder")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--device", type=torch.device, default=precision.default_device())
    return options


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    print(json.dumps(report(args)))


if __name__ == "__main__":
    main()
