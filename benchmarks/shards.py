"""Whether a set of a million pictures is fed as fast, and with as little memory, as one of ten thousand.

    python -m benchmarks.shards                      # 10,000, 100,000 and 1,000,000 pictures: 3 GB, removed at the end
    python -m benchmarks.shards --sizes 2000,4000 --seconds 1        # a quick look

`cold` is the training's shuffled order after the system has forgotten the files, as it must with a set larger than
memory: nearly every picture comes from the disk. `in order` is the same along the files, which no shuffle can beat.
`warm` is with all of it in the system's cache, and `trained` a DCGAN that learns from the cold set. Memory is what the
process has of its own (RssAnon), at most, on top of what it had before it opened the set; pages of files count to the
system's cache. Sizes take turns; speeds are medians over the rounds. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.measure import alone, machine, proc_value
from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.data import Source, load_store
from gan_core.data.building import KEEP, build
from gan_core.data.parts import Parts
from gan_core.training import feed
from gan_core.training.batches import Batches
from gan_core.training.trainer import Trainer

CPU = torch.device("cpu")
CLASSES = 10
READ_AT_ONCE = 1000
# The heading of each, and its decimal places.
COLUMNS = {
    "images": ("   images", 0), "mb": ("   MB", 0), "files": ("files", 0), "cold_per_sec": ("  cold/s", 0),
    "in_order_per_sec": ("in order/s", 0), "warm_per_sec": ("  warm/s", 0), "train_per_sec": ("trained/s", 0),
    "first_batch_seconds": ("first batch s", 2), "feed_memory_mb": ("memory MB", 1),
    "prepare_per_sec": ("prepared/s", 0), "prepare_memory_mb": ("memory MB", 1), "names_mb": ("of it names", 1),
}  # fmt: skip


class Patterns(Source):
    """Pictures that cost next to nothing to make: cuts from one sheet of noise, each marked with its number."""

    def __init__(self, count: int, side: int) -> None:
        self.name = self.fingerprint = f"patterns-{count}"
        self.items = [f"{i:08d}.png" for i in range(count)]
        self.labels = [str(i % CLASSES) for i in range(count)]
        self._sheet = np.random.default_rng(0).integers(0, 256, (side + 1000, side, 3), dtype=np.uint8)

    def open(self, index: int, size: int = 128) -> Image.Image:
        pixels = self._sheet[index % 1000 : index % 1000 + size].copy()
        pixels[0, 0], pixels[0, 1] = divmod(index, 2**16)[0] % 256, (index // 256) % 256
        return Image.fromarray(pixels)


class InOrder:
    """The pictures as they lie in the files."""

    def __init__(self, num_images: int, batch_size: int) -> None:
        self.num_images, self.batch_size = num_images, batch_size

    def indices(self, nimg: int) -> np.ndarray:
        return np.arange(nimg, nimg + self.batch_size) % self.num_images


class Memory:
    """The most memory of its own that this process is seen to take from now on, in MB."""

    def __init__(self) -> None:
        self.before, self.most = self._now(), 0.0

    def look(self) -> None:
        self.most = max(self.most, self._now() - self.before)

    def _now(self) -> float:
        kib = proc_value("/proc/self/status", "RssAnon")
        return int(kib.split()[0]) * 1024 / 1e6 if kib else float("nan")


def prepared(count: int, side: int, path: Path) -> dict[str, float]:
    """Decode that many pictures into a store at `path`."""
    memory, began = Memory(), time.perf_counter()
    source = Patterns(count, side)
    memory.look()
    names = memory.most
    build(source, path, side, 3, KEEP, lambda done, total: memory.look())
    seconds = time.perf_counter() - began
    return {"prepare_per_sec": count / seconds, "prepare_memory_mb": memory.most, "names_mb": names}


def fed(path: Path, args: argparse.Namespace) -> dict[str, float]:
    """Images a second of the trainer's feed in each way, its memory, and images a second of a training."""
    memory = Memory()
    forget(path)
    began = time.perf_counter()
    store = load_store(path)
    count = len(store.images)
    shuffled = feed.choose(store.images, Batches(count, args.batch_size, seed=0), CPU)
    shuffled.batch(0)
    found = {"first_batch_seconds": time.perf_counter() - began}
    at_most = min(args.cold_images, count)
    found["cold_per_sec"] = speed(shuffled, args, memory, at_most, first=args.batch_size)
    forget(path)
    in_order = feed.choose(store.images, InOrder(count, args.batch_size), CPU)
    found["in_order_per_sec"] = speed(in_order, args, memory, at_most)
    for start in range(0, count, READ_AT_ONCE):
        store.images[start : start + READ_AT_ONCE].max()
    found["warm_per_sec"] = speed(shuffled, args, memory)
    forget(path)
    return found | {"feed_memory_mb": memory.most, "train_per_sec": trained(store.images, args)}


def trained(images: np.ndarray | Parts, args: argparse.Namespace) -> float:
    """Images a second of a training."""
    model = ModelConfig(image_size=args.side, ngf=args.ngf, ndf=args.ngf)
    trainer = Trainer(Config(model=model, train=TrainConfig(batch_size=args.batch_size)), images, CPU)
    trainer.step()
    began, before = time.perf_counter(), trainer.nimg
    while time.perf_counter() - began < args.seconds:
        trainer.step()
    return (trainer.nimg - before) / (time.perf_counter() - began)


def speed(
    way: feed.Feed, args: argparse.Namespace, memory: Memory, at_most: float = float("inf"), first: int = 0
) -> float:
    """Images a second over some seconds, or until `at_most` were shown."""
    began, shown = time.perf_counter(), 0
    while shown < at_most and time.perf_counter() - began < args.seconds:
        shown += len(way.batch(first + shown))
        memory.look()
    return shown / (time.perf_counter() - began)


def forget(path: Path) -> None:
    """Let the system drop what it has cached of the files."""
    for file in path.glob("*.npy"):
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def rows(folder: Path, args: argparse.Namespace) -> list[dict[str, float]]:
    """What was found of each size, the sizes taking turns."""
    paths = {count: folder / f"patterns-{count}" for count in args.sizes}
    built = {count: alone(prepared, count, args.side, path) for count, path in paths.items()}
    found = {count: [] for count in paths}
    for turn in range(1, args.rounds + 1):
        for count, path in paths.items():
            found[count].append(alone(fed, path, args))
            print(f"round {turn}: {count:,} images: {found[count][-1]}", file=sys.stderr)
    return [of_size(count, args, paths[count], found[count]) | built[count] for count in paths]


def of_size(count: int, args: argparse.Namespace, path: Path, found: list[dict[str, float]]) -> dict[str, float]:
    typical = {name: statistics.median(one[name] for one in found) for name in found[0]}
    files = len(list(path.glob("*.npy"))) - (path / "labels.npy").exists()
    most = max(one["feed_memory_mb"] for one in found)
    return typical | {"images": count, "mb": count * args.side**2 * 3 / 1e6, "files": files, "feed_memory_mb": most}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = [10_000, 100_000, 1_000_000]
    options.add_argument("--sizes", type=lambda text: [int(one) for one in text.split(",")], default=sizes)
    options.add_argument("--side", type=int, default=32, help="of the pictures, in pixels")
    options.add_argument("--batch-size", type=int, default=64)
    options.add_argument("--ngf", type=int, default=32, help="and ndf, of the training")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=8, help="of each measurement, at most")
    options.add_argument("--cold-images", type=int, default=10_000, help="to read from the disk in each order")
    options.add_argument("--scratch", type=Path, help="folder on the disk to measure; else the system's for such files")
    return options


def line(row: dict[str, float]) -> str:
    return "".join(f"{row[name]:{len(head) + 2},.{places}f}" for name, (head, places) in COLUMNS.items())


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        found = rows(Path(folder), args)
    print("".join(f"  {head}" for head, _ in COLUMNS.values()))
    print("\n".join(map(line, found)))
    rounded = [{name: round(value, 3) for name, value in row.items()} for row in found]
    settings = {key: str(value) for key, value in vars(args).items()}
    print(json.dumps(machine(CPU) | {"settings": settings, "rows": rounded}))


if __name__ == "__main__":
    main()
