"""Speed, memory and the limits of the machine, each measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import torch

from gan_core.config import Config
from gan_core.training import precision

# A GPU chooses its kernels and records its graphs during the first steps.
WARM_UP = {"cpu": 2, "cuda": 8}
GEMM_REPEATS = 5
FORMATS = {"bf16": torch.bfloat16, "fp32": torch.float32}


def alone(function: Callable, *args):
    """The function's result from a fresh process: no memory, thread or switch of one recipe reaches another."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    context.set_forkserver_preload(["benchmarks.reference", "gan_core.training.trainer"])
    with ProcessPoolExecutor(1, context, start_processes, (multiprocessing.get_start_method(),)) as process:
        return process.submit(function, *args).result()


def start_processes(method: str) -> None:
    """Let this process start others, such as the reference's loaders, by the system's own method, the fastest."""
    multiprocessing.set_start_method(method, force=True)


def measure(recipe: Callable, config: Config, scratch: Path, seconds: float, device: torch.device) -> dict:
    """Images a second over at least two steps, and the peak of the memory they take, in MB."""
    held = peak_memory(device)
    steps = recipe(config, scratch, device)
    for _ in range(WARM_UP[device.type]):
        next(steps)
    synchronize(device)
    began, images, num_steps = time.perf_counter(), 0, 0
    while num_steps < 2 or time.perf_counter() - began < seconds:
        images += next(steps)
        num_steps += 1
    synchronize(device)
    speed = images / (time.perf_counter() - began)
    peak = None if held is None else peak_memory(device) - held
    steps.close()
    return {"images_per_sec": speed, "steps": num_steps, "memory_mb": peak}


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(device: torch.device) -> float | None:
    """Of this process until now, in MB; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    # Not getrusage, which begins with the peak of the process that started this one.
    kib = proc_value("/proc/self/status", "VmHWM")
    return int(kib.split()[0]) * 1024 / 1e6 if kib else None


def proc_value(path: str, key: str) -> str | None:
    """The value of the first line `key: value` of one of Linux's files about itself."""
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), None)


def gemm(size: int, number_format: str, device: torch.device) -> float:
    """FLOP/s of the product of two matrices, the best of several."""
    # As convolutions do by default, on a GPU: TF32.
    torch.set_float32_matmul_precision("high")
    a, b, c = (torch.randn(size, size, device=device).to(FORMATS[number_format]) for _ in range(3))
    ways = [partial(torch.mm, a, b, out=c)]
    if device.type == "cpu" and torch.backends.mkldnn.is_available() and fast_on(device, number_format):
        # In fp32 torch.mm is MKL's, which on AMD is half as fast as oneDNN, whose the convolutions are.
        ways.append(partial(torch.nn.functional.linear, a.to_mkldnn(), b))
    with torch.inference_mode():
        return 2 * size**3 / min(seconds_of(way, device) for way in ways for _ in range(GEMM_REPEATS))


def fast_on(device: torch.device, number_format: str) -> bool:
    return number_format == "fp32" or precision.bf16_is_fast(device)


def seconds_of(function: Callable, device: torch.device) -> float:
    synchronize(device)
    began = time.perf_counter()
    function()
    synchronize(device)
    return time.perf_counter() - began


def machine(device: torch.device) -> dict:
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "cpu": proc_value("/proc/cpuinfo", "model name") or platform.processor(),
        "cpu_bf16_units": sorted(precision.cpu_features() & {"amx_bf16", "avx512_bf16"}),
        "threads": torch.get_num_threads(),
        "precision": precision.describe(precision.choose("auto", device), device),
    }
