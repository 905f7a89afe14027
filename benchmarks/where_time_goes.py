"""Where the time of a training step goes, by kind of operation.

    python -m benchmarks.where_time_goes                     # 64 px, ngf 64, batches of 64
    python -m benchmarks.where_time_goes --batch-size 512 --ngf 128

On a GPU it is the time of kernels, without CUDA graphs, whose kernels cannot be told apart by operation. Prints a table
and one JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.measure import machine
from benchmarks.throughput import noise
from gan_core import memory
from gan_core.config import Config
from gan_core.training.precision import default_device
from gan_core.training.trainer import Trainer

# The first kind of which a part is in an operation's name; the names are torch's.
KINDS = {
    "convolutions": ("convolution", "conv2d", "conv_transpose"),
    "matrix products": ("mm", "linear", "matmul"),
    "batch norm": ("batch_norm",),
    "activations": ("relu", "threshold", "tanh", "sigmoid", "softplus"),
    "optimisers": ("adam", "foreach_add"),
    "moving average": ("lerp",),
    "copies and casts": ("copy", "cat", "contiguous", "fill", "zero", "index", "where", "flip"),
}
WARM_UP = 5


def kind_of(operation: str) -> str:
    name = operation.lower()
    return next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "other")


def milliseconds(trainer: Trainer, steps: int) -> dict[str, float]:
    """Milliseconds of one step by kind, the largest first."""
    on_gpu = trainer.device.type == "cuda"
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as profiled:
        for _ in range(steps):
            trainer.step()
        trainer.wait()
    found: Counter[str] = Counter()
    for event in profiled.key_averages():
        spent = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        found[kind_of(event.key)] += spent / 1000 / steps
    return {kind: round(spent, 2) for kind, spent in found.most_common()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--ngf", type=int, default=64, help="and ndf")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", type=torch.device, default=default_device())
    args = parser.parse_args(argv)
    config = Config().with_options(image_size=args.size, ngf=args.ngf, ndf=args.ngf, batch_size=args.batch_size)
    trainer = Trainer(config, noise(config), args.device)
    trainer.learn.use_graph = False
    memory.keep_freed()
    for _ in range(WARM_UP):
        trainer.step()
    found = milliseconds(trainer, args.steps)
    total = sum(found.values())
    for kind, spent in found.items():
        print(f"{kind:20}{spent:>10.2f} ms{100 * spent / total:>8.1f} %")
    print(json.dumps({**machine(args.device), "batch_size": args.batch_size, "milliseconds": found}))


if __name__ == "__main__":
    main()
