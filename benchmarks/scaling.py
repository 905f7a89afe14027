"""How far more GPUs would go: what is measured on one device here, and what follows for 1 to 64 of them by calculation.

    python -m benchmarks.scaling                                    # dcgan, 64 images a step
    python -m benchmarks.scaling --preset dcgan --batch-size 512 --tflops 100

Measured or counted on this machine: images a second of one process by its share of the batch, the operations an image
needs, what two processes tell each other in a step and how long that alone takes, and what two of one core each
achieve, beside what is predicted of them. Assumed: a GPU (operations a second that it reaches, and the shortest step
that it can make) and NETWORKS. Computed from these: the time of a step is that of a share of the batch, measured or of
the assumed GPU, and then that of all messages, which go around a ring (Patarasu and Yuan 2009); neither is hidden
behind the other. Prints tables and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing

from benchmarks.measure import alone, machine, measure
from benchmarks.throughput import engine_step, flops_per_image, noise
from gan_core import memory
from gan_core.config import Config, preset
from gan_core.training.trainer import Trainer

GPUS = (1, 2, 4, 8, 16, 32, 64)
# How often each kind of message goes around a ring.
ROUNDS = {"all_reduce": 2, "all_gather": 1, "broadcast": 1}
# Twice as many GPUs should be at least so much faster to be worth their price.
WORTH = 1.5


@dataclass(frozen=True)
class Network:
    """What one GPU sends to its neighbour: GB a second, and microseconds before the first byte."""

    name: str
    gb_per_sec: float
    latency_us: float

    def seconds(self, kind: str, num_bytes: float, gpus: int) -> float:
        """Of one message around a ring, of so many bytes in all."""
        hops = ROUNDS[kind] * (gpus - 1)
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


def two_processes(config: Config, seconds: float) -> tuple[list[tuple[str, int]], float, float]:
    """Of two processes of one core each: the messages of a step, the seconds of these alone, and images a second."""
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
    device = torch.device("cpu")
    group = distributed.Ranks(device, store)
    trainer = Trainer(config, noise(config), device, group=group)
    memory.keep_freed()

    def step() -> None:
        group.order_step()
        trainer.step()

    with counted() as messages:
        step()
    telling = mean_seconds(lambda: [tell(*message) for message in messages], 10)
    whole = mean_seconds(step, max(round(seconds * 200 / config.train.batch_size), 1))
    if rank == 0:
        found.put((messages, telling, config.train.batch_size / whole))
    dist.destroy_process_group()
    os._exit(0)  # for why, see gan_core.training.group.leave


@contextmanager
def counted() -> Iterator[list[tuple[str, int]]]:
    """The kind and the bytes in all of each message that this process takes part in."""
    messages, calls = [], {kind: getattr(dist, kind) for kind in ROUNDS}

    def noting(kind: str) -> Callable:
        def call(values: torch.Tensor | list[torch.Tensor], *args, **options):
            messages.append((kind, sum(part.nbytes for part in (values if isinstance(values, list) else [values]))))
            return calls[kind](values, *args, **options)

        return call

    for kind in calls:
        setattr(dist, kind, noting(kind))
    try:
        yield messages
    finally:
        for kind, call in calls.items():
            setattr(dist, kind, call)


def tell(kind: str, num_bytes: int) -> None:
    """Such a message between two processes, of nothing but zeros."""
    values = torch.zeros(num_bytes, dtype=torch.uint8).view(torch.float32)
    if kind == "all_gather":
        dist.all_gather(list(values.chunk(2)), values[: len(values) // 2].clone())
    elif kind == "broadcast":
        dist.broadcast(values, 0)
    else:
        dist.all_reduce(values)


def mean_seconds(call: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def on_one_core(config: Config, scratch: Path, device: torch.device) -> Iterator[int]:
    torch.set_num_threads(1)
    return engine_step(config, scratch, device)


def scaling(
    batch_size: int, own: Callable[[int], float], messages: list[tuple[str, int]], network: Network, *, grows: bool
) -> dict[int, float]:
    """Images a second by the number of GPUs, which share a batch, or each have one of that size if it `grows`.

    `own` are the seconds of a step by a GPU's share of the batch; a share that it does not know (KeyError) is left out.
    """
    rates = {}
    for gpus in GPUS if grows else [gpus for gpus in GPUS if batch_size % gpus == 0]:
        share = batch_size if grows else batch_size // gpus
        told = sum(network.seconds(*message, gpus) for message in messages)
        with suppress(KeyError):
            rates[gpus] = share * gpus / (own(share) + told)
    return rates


def pays_until(rates: dict[int, float]) -> int:
    """The largest number of GPUs up to which each doubling is worth it."""
    numbers = list(rates)
    for fewer, more in zip(numbers, numbers[1:], strict=False):
        if rates[more] < WORTH * rates[fewer]:
            return fewer
    return numbers[-1]


def show(title: str, table: dict[str, dict[int, float]]) -> None:
    """As Markdown."""
    print(f"\n**{title}**, images a second by the number of them:\n")
    numbers = [gpus for gpus in GPUS if any(gpus in rates for rates in table.values())]
    rows = [["", *numbers, "pays up to"], ["---"] * (len(numbers) + 2)]
    rows += [[name, *(f"{rates[gpus]:,.0f}" for gpus in numbers), pays_until(rates)] for name, rates in table.items()]
    print("\n".join(f"| {' | '.join(map(str, row))} |" for row in rows).replace("|  |", "| |"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="dcgan")
    parser.add_argument("--batch-size", type=int, help="default the preset's")
    parser.add_argument("--tflops", type=float, default=50, help="that the GPU is assumed to reach (default 50)")
    parser.add_argument("--shortest-step-ms", type=float, default=3, help="assumed of the GPU (default 3)")
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement here (default 5)")
    return parser.parse_args()


def facts(config: Config, seconds: float) -> dict:
    """What can be measured and counted here."""
    batch_size, device = config.train.batch_size, torch.device("cpu")
    shares = [config.with_options(batch_size=batch_size // gpus) for gpus in (1, 2, 4, 8) if batch_size % gpus == 0]
    found = [alone(measure, engine_step, each, Path(), seconds, device)["images_per_sec"] for each in shares]
    half = alone(measure, on_one_core, shares[1], Path(), seconds, device)["images_per_sec"]
    messages, telling, both = two_processes(config, seconds)
    return {
        "cpu": machine(device)["cpu"],
        "rates": {each.train.batch_size: rate for each, rate in zip(shares, found, strict=True)},
        "half_on_one_core": half,
        "messages": messages,
        "telling_seconds": telling,
        "two_predicted": batch_size / (batch_size / 2 / half + telling),
        "two_measured": both,
        "flops": alone(flops_per_image, config),
    }


def cases(batch_size: int, found: dict, gpu: GPU) -> dict[str, tuple[Callable[[int], float], bool]]:
    """The seconds of a step by a device's share of the batch, and whether the batch grows, by what this is called."""
    assumed = f"{gpu.tflops:g} TFLOP/s, {gpu.shortest_step_ms:g} ms a step"

    def here(share: int) -> float:
        return share / found["rates"][share]

    def there(share: int) -> float:
        return gpu.seconds(share * found["flops"])

    return {
        f"One batch of {batch_size}, devices as fast as this one": (here, False),
        f"One batch of {batch_size}, {assumed}": (there, False),
        f"{batch_size} images on each, {assumed}": (there, True),
    }


def report(found: dict) -> None:
    rates = ", ".join(f"{share}: {rate:.0f}/s" for share, rate in found["rates"].items())
    print(f"{found['cpu']}: {found['flops'] / 1e9:.2f} GFLOP an image")
    print(f"one process by its share of the batch: {rates}; of one core, half: {found['half_on_one_core']:.0f}/s")
    print(f"a step of two tells {summed(found['messages'])}, alone in {found['telling_seconds'] * 1e3:.0f} ms")
    print(f"two of one core each: {found['two_predicted']:.0f}/s predicted, {found['two_measured']:.0f}/s measured")


def summed(messages: list[tuple[str, int]]) -> str:
    """E.g. '29 all_reduce of 25.5 MB'."""
    sizes = {kind: [size for its_kind, size in messages if its_kind == kind] for kind in ROUNDS}
    return ", ".join(f"{len(each)} {kind} of {sum(each) / 1e6:.3g} MB" for kind, each in sizes.items() if each)


def main() -> None:
    args = parse()
    config, gpu = preset(args.preset), GPU(args.tflops, args.shortest_step_ms)
    config = config.with_options(batch_size=args.batch_size or config.train.batch_size)
    found, computed = facts(config, args.seconds), {}
    report(found)
    for title, (own, grows) in cases(config.train.batch_size, found, gpu).items():
        rates = partial(scaling, config.train.batch_size, own, found["messages"], grows=grows)
        computed[title] = {network.name: rates(network) for network in NETWORKS}
        show(title, computed[title])
    print("\n" + json.dumps({"measured": found, "assumed": asdict(gpu), "computed": computed}))


if __name__ == "__main__":
    main()
