"""The GPUs that a training may use, found without PyTorch, which takes seconds to load."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

ALL = "all"
SECONDS = 10
# PyTorch for Windows has no NCCL, by which several GPUs train as one.
TOGETHER = sys.platform != "win32"


@dataclass(frozen=True)
class GPU:
    """One as nvidia-smi lists it: its place there, its name and its id that never changes."""

    index: str
    name: str
    uuid: str


def found() -> list[GPU]:
    """Those that CUDA_VISIBLE_DEVICES leaves to this process, in its order."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return list(_installed())
    chosen = []
    for token in filter(None, visible.replace(" ", "").split(",")):
        gpu = next((gpu for gpu in _installed() if token == gpu.index or gpu.uuid.startswith(token)), None)
        # CUDA, too, stops at the first that is none.
        if gpu is None:
            break
        chosen.append(gpu)
    return chosen


def choices() -> list[tuple[str, str]]:
    """(words, value) of what a training can be given; nothing where there is no choice."""
    there = found()
    if len(there) < 2:
        return []
    each = [(f"GPU {place}: {gpu.name.removeprefix('NVIDIA ')}", gpu.uuid) for place, gpu in enumerate(there)]
    return [*each, (f"all {len(there)} GPUs", ALL)] if TOGETHER else each


def chosen(value: str | None) -> tuple[str, ...]:
    """The ids of what one of these values names; none, which leaves it to PyTorch, for nothing. ValueError if gone."""
    ids = tuple(gpu.uuid for gpu in found()) if value else ()
    if not value or value == ALL:
        return ids
    if value not in ids:
        raise ValueError("this GPU is gone: choose another one")
    return (value,)


@cache
def _installed() -> tuple[GPU, ...]:
    command = ["nvidia-smi", "--query-gpu=index,name,uuid", "--format=csv,noheader"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[cell.strip() for cell in line.split(",")] for line in listed.splitlines()]
    return tuple(GPU(*row) for row in rows if len(row) == 3)
