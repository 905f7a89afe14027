"""How far more GPUs would go: what is measured on one device here, and what follows for 1 to 64 of them by calculation.

    python -m benchmarks.scaling                                    # dcgan, 64 images a step
    python -m benchmarks.scaling --preset dcgan --batch-size 512 --tflops 100

Measured or counted on this machine: images a second of one process by its share of the batch, the operations an image
needs, how often and how much two processes tell each other in a step, and what two of one core each achieve. Assumed:
the GPU (operations a second that it reaches, and the shortest step that it can make) and NETWORKS. Computed from these:
the time of a step is that of a share of the batch, or the shortest one, and then that of its ring all-reduces (Patarasu
and Yuan 2009); neither is hidden behind the other. Prints tables and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing

from benchmarks.measure import alone, machine, measure
from benchmarks.throughput import engine_step, flops_per_image, noise
from gan_core.config import Config, preset
from gan_core.training.trainer import Trainer

GPUS = (1, 2, 4, 8, 16, 32, 64)
# Twice as many GPUs should be at least so much faster to be worth their price.
WORTH = 1.5


@dataclass(frozen=True)
class Network:
    """What one GPU sends to its neighbour: GB a second, and microseconds before the first byte."""

    name: str
    gb_per_sec: float
    latency_us: float

    def seconds(self, num_bytes: float, gpus: int) -> float:
        """Of one ring all-reduce."""
        hops = 2 * (gpus - 1)
        return hops * (self.latency_us * 1e-6 + num_bytes / gpus / (self.gb_per_sec * 1e9))


NETWORKS = (
    Network("NVLink in one machine", 200, 3),
    Network("PCIe 4 in one machine", 20, 5),
    Network("200 Gbit/s InfiniBand", 25, 5),
    Network("10 Gbit/s Ethernet", 1.25, 30),
)


@dataclass(frozen=True)
class GPU:
    """Assumed: what it reaches in this training, and its shortest step, which is that of starting its kernels."""

    tflops: float
    shortest_step_ms: float

    def seconds(self, flops: float) -> float:
        return max(flops / (self.tflops * 1e12), self.shortest_step_ms / 1e3)


def two_processes(config: Config, seconds: float) -> tuple[list[int], float]:
    """Of two processes of one core each: the bytes of each all-reduce in a step, and images a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    found = context.SimpleQueue()
    torch.multiprocessing.spawn(one_of_two, (port, config, seconds, found), nprocs=2)
    return found.get()


def one_of_two(rank: int, port: int, config: Config, seconds: float, found: torch.multiprocessing.SimpleQueue) -> None:
    from gan_core.training import distributed

    torch.set_num_threads(1)
    store = dist.TCPStore("127.0.0.1", port, 2, rank == 0)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    device, sizes, all_reduce = torch.device("cpu"), [], dist.all_reduce

    def noted(tensor: torch.Tensor, *args, **options):
        sizes.append(tensor.numel() * tensor.element_size())
        return all_reduce(tensor, *args, **options)

    trainer = Trainer(config, noise(config), device, group=distributed.Ranks(device, store))
    dist.all_reduce = noted
    trainer.step()
    dist.all_reduce = all_reduce
    began, steps = time.perf_counter(), max(round(seconds * 50 / config.train.batch_size), 1)
    for _ in range(steps):
        trainer.step()
    if rank == 0:
        found.put((sizes, steps * config.train.batch_size / (time.perf_counter() - began)))
    dist.destroy_process_group()
    os._exit(0)  # for why, see gan_core.training.group.leave


def on_one_core(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    torch.set_num_threads(1)
    return engine_step(config, scratch, device)


def step_seconds(share: int, gpus: int, flops: float, sizes: list[int], gpu: GPU, network: Network) -> float:
    told = sum(network.seconds(size, gpus) for size in sizes) if gpus > 1 else 0
    return gpu.seconds(share * flops) + told


def scaling(batch_size: int, flops: float, sizes: list[int], gpu: GPU, network: Network, *, grows: bool) -> dict:
    """Images a second by the number of GPUs, which share a batch, or each have one of that size if it `grows`."""
    rates = {}
    for gpus in GPUS if grows else [gpus for gpus in GPUS if batch_size % gpus == 0]:
        share = batch_size if grows else batch_size // gpus
        rates[gpus] = share * gpus / step_seconds(share, gpus, flops, sizes, gpu, network)
    return rates


def pays_until(rates: dict[int, float]) -> int:
    """The largest number of GPUs up to which each doubling is worth it."""
    numbers = list(rates)
    for fewer, more in zip(numbers, numbers[1:], strict=False):
        if rates[more] < WORTH * rates[fewer]:
            return fewer
    return numbers[-1]


def show(title: str, table: dict[str, dict[int, float]]) -> None:
    print(f"\n{title}\n{'GPUs':24}" + "".join(f"{gpus:>9}" for gpus in GPUS) + f"{'pays up to':>12}")
    for name, rates in table.items():
        cells = "".join(f"{rates[gpus]:>9,.0f}" if gpus in rates else f"{'':>9}" for gpus in GPUS)
        print(f"{name:24}{cells}{pays_until(rates):>12}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="dcgan")
    parser.add_argument("--batch-size", type=int, help="default the preset's")
    parser.add_argument("--tflops", type=float, default=50, help="that the GPU is assumed to reach (default 50)")
    parser.add_argument("--shortest-step-ms", type=float, default=3, help="assumed of the GPU (default 3)")
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement here (default 5)")
    return parser.parse_args()


def main() -> None:
    args = parse()
    config, gpu, device = preset(args.preset), GPU(args.tflops, args.shortest_step_ms), torch.device("cpu")
    batch_size = args.batch_size or config.train.batch_size
    config = config.with_options(batch_size=batch_size)
    shares = [batch_size // gpus for gpus in (1, 2, 4, 8) if batch_size % gpus == 0]
    cases = {share: config.with_options(batch_size=share) for share in shares}
    measured = {
        share: alone(measure, engine_step, case, Path(), args.seconds, device)["images_per_sec"]
        for share, case in cases.items()
    }
    half = alone(measure, on_one_core, cases[shares[1]], Path(), args.seconds, device)["images_per_sec"]
    flops, (sizes, both) = alone(flops_per_image, config), two_processes(config, args.seconds)
    told = f"{len(sizes)} all-reduces of {sum(sizes) / 1e6:.1f} MB"
    print(f"{machine(device)['cpu']}: {flops / 1e9:.2f} GFLOP an image, {told} a step of two processes")
    print("one process by its share of the batch: " + ", ".join(f"{n}: {rate:.0f}/s" for n, rate in measured.items()))
    print(f"on one core {shares[1]} images a step: {half:.0f}/s; two such that share {batch_size}: {both:.0f}/s")
    found = {}
    for title, grows in ((f"one batch of {batch_size}", False), (f"{batch_size} images on each", True)):
        table = {network.name: scaling(batch_size, flops, sizes, gpu, network, grows=grows) for network in NETWORKS}
        show(f"computed images/s, {title}; assumed: {gpu.tflops:g} TFLOP/s, {gpu.shortest_step_ms:g} ms a step", table)
        found["growing_batch" if grows else "one_batch"] = table
    facts = {
        "images_per_sec": measured,
        "one_core": half,
        "two_processes": both,
        "flops_per_image": flops,
        "messages": sizes,
        "gpu": asdict(gpu),
    }
    print(json.dumps({"measured_and_assumed": facts, "computed": found}))


if __name__ == "__main__":
    main()
