"""Images a second, this engine against the reference recipe: the same networks, pictures, batch and machine.

    python -m benchmarks.throughput --data photos.zip
    python -m benchmarks.throughput --data photos.zip --growth --rounds 1       # and larger batches, networks, images

In every round the recipes take turns, each in a fresh process. End to end is with each one's own data loading: the
reference decodes files in two processes, the engine reads what it has decoded once before (said apart). A bare step is
without data loading. FLOP/s are images a second times what a step of the engine needs for an image; their percentage is
of the best large matrix product in the same number format in the same run. Memory is the peak of what the training
process takes on top of Python and torch, on a GPU that of its tensors there; the reference's loaders are not counted.
Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import FORMATS, alone, gemm, machine, measure
from benchmarks.reference import Reference, lay_out, loader, train
from gan_core import memory, pixels
from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.data import Store, prepare
from gan_core.training import precision
from gan_core.training.trainer import Step, Trainer

GEMM_SIZE = {"cpu": 4096, "cuda": 8192}
GROWTH = {"batch_size": (16, 32, 64, 128, 256, 512), "ngf": (32, 64, 128), "image_size": (32, 64, 128)}
REFERENCE, ENGINE, ENGINE_FP32, BARE = "reference", "engine", "engine without bf16", ", bare step"


def reference_end_to_end(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    return train(Reference(config, device), loader(scratch / "pictures", config))


def reference_step(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    real = pixels.to_float(torch.from_numpy(noise(config))).contiguous().to(device)
    return train(Reference(config, device), [(real, None)])


def engine_end_to_end(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    return engine_run(Trainer(config, prepared(config, scratch).images, device))


def engine_on_noise(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    return engine_run(Trainer(config, noise(config), device))


def engine_run(trainer: Trainer) -> Iterator[int]:
    """The number of images after every step; what else the trainer has to say goes to stderr."""
    memory.keep_freed()
    seen = 0
    for event in trainer.run():
        if isinstance(event, Step):
            yield event.nimg - seen
            seen = event.nimg
        elif hasattr(event, "message"):
            print(event.message, file=sys.stderr)


def engine_step(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    trainer = Trainer(config, noise(config), device)
    memory.keep_freed()
    while True:
        trainer.step()
        yield config.train.batch_size


def noise(config: Config) -> np.ndarray:
    """One batch of images without anything on them, uint8."""
    model = config.model
    shape = (config.train.batch_size, model.image_size, model.image_size, model.channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def prepared(config: Config, scratch: Path) -> Store:
    folder = (scratch / "pictures" / "all").resolve()
    return prepare(folder, config.model.image_size, config.model.channels, scratch / "prepared")


def prepare_seconds(config: Config, scratch: Path) -> tuple[int, float]:
    """How many pictures there are, and how long the engine takes to decode them all."""
    began = time.perf_counter()
    return len(prepared(config, scratch).images), time.perf_counter() - began


def flops_per_image(config: Config, batch_size: int = 4) -> float:
    """Floating-point operations of one step of the engine in convolutions and matrix products, by image."""
    config = config.with_options(batch_size=batch_size, precision="fp32")
    trainer = Trainer(config, noise(config), torch.device("cpu"))
    with FlopCounterMode(display=False) as counter:
        trainer.step()
    return counter.get_total_flops() / batch_size


def rounds(config: Config, scratch: Path, args: argparse.Namespace) -> tuple[dict, dict]:
    """Each recipe's measurements, one a round, and each number format's best matrix product in FLOP/s."""
    rows, gemms = {name: [] for name in recipes(args.device)}, dict.fromkeys(FORMATS, 0.0)
    for turn in range(1, args.rounds + 1):
        for name, (recipe, number_format) in recipes(args.device).items():
            chosen = config.with_options(precision=number_format)
            rows[name].append(alone(measure, recipe, chosen, scratch, args.seconds, args.device))
            print(f"round {turn}: {name} {rows[name][-1]['images_per_sec']:.1f} images/s", file=sys.stderr)
        for number_format in FORMATS:
            gemms[number_format] = max(gemms[number_format], alone(gemm, args.gemm, number_format, args.device))
    return rows, gemms


def recipes(device: torch.device) -> dict[str, tuple[Callable, str]]:
    """What is measured by name: its steps and its number format."""
    best = precision.choose("auto", device)
    engines = {ENGINE: best} if best == "fp32" else {ENGINE: best, ENGINE_FP32: "fp32"}
    rows = {REFERENCE: (reference_end_to_end, "fp32")}
    rows |= {name: (engine_end_to_end, number_format) for name, number_format in engines.items()}
    rows |= {REFERENCE + BARE: (reference_step, "fp32")}
    return rows | {name + BARE: (engine_step, number_format) for name, number_format in engines.items()}


def growth(config: Config, gemm_flops: float, args: argparse.Namespace) -> dict[str, dict]:
    """The engine with each of GROWTH's values in turn: {"ngf": {128: summary}}; a failure is its summary."""
    known, tables = {}, {}
    for option, values in GROWTH.items():
        for value in values:
            both = {"ngf": value, "ndf": value} if option == "ngf" else {option: value}
            case = config.with_options(**both)
            if case not in known:
                known[case] = grown(case, gemm_flops, args)
            tables.setdefault(option, {})[value] = known[case]
            print(f"{option} {value}: {known[case]}", file=sys.stderr)
    return tables


def grown(case: Config, gemm_flops: float, args: argparse.Namespace) -> dict:
    try:
        found = alone(measure, engine_on_noise, case, Path(), args.growth_seconds, args.device)
        return summary([found], alone(flops_per_image, case), gemm_flops)
    except (RuntimeError, MemoryError) as error:
        return {"failed": str(error).splitlines()[0] if str(error) else type(error).__name__}


def summary(found: list[dict], flops: float, gemm_flops: float) -> dict:
    """Median and range of the images a second, and what they mean for FLOP needed by an image."""
    speeds, memory = [one["images_per_sec"] for one in found], [one["memory_mb"] for one in found]
    achieved = statistics.median(speeds) * flops
    return {
        "images_per_sec": spread(speeds),
        "gflops": round(achieved / 1e9, 1),
        "percent_of_gemm": round(100 * achieved / gemm_flops, 1),
        "memory_mb": round(max(memory)) if None not in memory else None,
        "steps": sum(one["steps"] for one in found),
    }


def spread(values: list[float]) -> dict[str, float]:
    numbers = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(number, 2) for name, number in numbers.items()}


def ratios(rows: dict[str, list[dict]]) -> dict[str, dict]:
    """How many times as fast as the reference each row of the engine is, round by round."""
    speeds = {name: [one["images_per_sec"] for one in found] for name, found in rows.items()}
    rival = {name: REFERENCE + BARE * name.endswith(BARE) for name in speeds if name.startswith(ENGINE)}
    return {
        name: spread([ours / theirs for ours, theirs in zip(speeds[name], speeds[other], strict=True)])
        for name, other in rival.items()
    }


def in_words(numbers: dict[str, float]) -> str:
    return f"{numbers['median']:,} ({numbers['min']:,} - {numbers['max']:,})"


def table(summaries: dict[str, dict]) -> str:
    """One line for each summary by name."""
    head = f"{'':32}{'images/s':>30}{'GFLOP/s':>12}{'% of GEMM':>12}{'memory MB':>12}"
    return "\n".join([head, *(f"{name:32}{line(row)}" for name, row in summaries.items())])


def line(row: dict) -> str:
    if "failed" in row:
        return f"failed: {row['failed']}"
    speed, memory = in_words(row["images_per_sec"]), "?" if row["memory_mb"] is None else f"{row['memory_mb']:,}"
    return f"{speed:>30}{row['gflops']:>12,}{row['percent_of_gemm']:>12}{memory:>12}"


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", default="drawn:2000", help="a zip or folder, or 'drawn:N'")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=20, help="of each measurement")
    options.add_argument("--size", type=int, default=64, help="of the images")
    options.add_argument("--ngf", type=int, default=64, help="and ndf")
    options.add_argument("--batch-size", type=int, default=64)
    options.add_argument("--growth", action="store_true", help="also measure the engine with other sizes of everything")
    options.add_argument("--growth-seconds", type=float, default=6, help="of each such measurement")
    options.add_argument("--gemm", type=int, help="side of the matrices")
    options.add_argument("--device", type=torch.device, default=precision.default_device())
    return options


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    args.gemm = args.gemm or GEMM_SIZE[args.device.type]
    model = ModelConfig(image_size=args.size, ngf=args.ngf, ndf=args.ngf)
    print(json.dumps(report(Config(model=model, train=TrainConfig(batch_size=args.batch_size)), args)))


def report(config: Config, args: argparse.Namespace) -> dict:
    """Measure everything, print the tables, return all of it."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        lay_out(args.data, scratch / "pictures" / "all")
        num_images, seconds = alone(prepare_seconds, config, scratch)
        rows, gemms = rounds(config, scratch, args)
    flops, chosen = alone(flops_per_image, config), recipes(args.device)
    result = machine(args.device) | {
        "settings": {key: str(value) for key, value in vars(args).items()},
        "num_images": num_images,
        "prepare_seconds": round(seconds, 2),
        "gflop_per_image": round(flops / 1e9, 4),
        "gemm_gflops": {name: round(value / 1e9, 1) for name, value in gemms.items()},
        "recipes": {name: summary(found, flops, gemms[chosen[name][1]]) for name, found in rows.items()},
        "times_reference": ratios(rows),
    }
    print_result(result)
    if args.growth:
        result["growth"] = growth(config, gemms[chosen[ENGINE][1]], args)
        for option, found in result["growth"].items():
            print(table({f"{option} {value}": row for value, row in found.items()}))
    return result


def print_result(result: dict) -> None:
    print(table(result["recipes"]))
    for name, numbers in result["times_reference"].items():
        print(f"{name}: {in_words(numbers)} times the reference")
    print(f"{result['gflop_per_image']} GFLOP an image; matrix product, GFLOP/s: {result['gemm_gflops']}")
    print(f"{result['num_images']:,} pictures, which the engine decoded once before in {result['prepare_seconds']} s")


if __name__ == "__main__":
    main()
