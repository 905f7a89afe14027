"""How much memory this process has used at most, and how much there is, on a processor or a GPU."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import torch

# From glibc's malloc.h, and the largest threshold that it takes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, LARGEST_THRESHOLD = -1, -3, 32 * 2**20
CGROUP = Path("/sys/fs/cgroup")


def peak(device: torch.device) -> int:
    """The most bytes this process has held: its tensors on a GPU, everything on a processor."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    if sys.platform == "linux":
        # The system's other figure, ru_maxrss, also counts what the process that started this one held.
        return _status("VmHWM")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget_peak(device: torch.device) -> None:
    """Let `peak` tell of what comes from here on, where the system can do that (a GPU, Linux)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def keep_freed() -> None:
    """Let this process reuse the memory of freed tensors instead of giving it back, where glibc can do that.

    A step frees and takes the same large buffers again and again, and new pages cost more than some layers do.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # other C libraries have no mallopt
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, LARGEST_THRESHOLD)
            mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _status(name: str) -> int:
    """A number of bytes in what Linux tells of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) * 1024


def available(device: torch.device) -> int:
    """Bytes that this process could hold in all: what it has, and what is free."""
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    return psutil.Process().memory_info().rss + min(psutil.virtual_memory().available, _free_in_container())


def _free_in_container() -> float:
    """What a container may still take, which the system's own figure does not know."""
    with suppress(OSError, ValueError):  # no such limit: "max" is no number
        return int((CGROUP / "memory.max").read_text()) - int((CGROUP / "memory.current").read_text())
    return float("inf")
