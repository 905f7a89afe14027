"""Whether the disk has room for what is about to be written."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_core.words import memory

# Left free for everybody else, and for what is written beside the large files.
MARGIN_BYTES, MARGIN_SHARE = 64 * 2**20, 0.1


def shortage(path: Path, need: float) -> str | None:
    """What is wrong, as a sentence, if `need` bytes would not fit on the disk of `path` with room to spare."""
    free = shutil.disk_usage(path).free
    if free >= need * (1 + MARGIN_SHARE) + MARGIN_BYTES:
        return None
    return (
        f"the disk of {path} is nearly full: {memory(need)} are needed and {memory(free)} are free; make room there, "
        "for instance by emptying checkpoints/.bin, and try again"
    )


def require_room(path: Path, need: float, what: str) -> None:
    """ValueError unless `need` bytes for `what` fit."""
    if problem := shortage(path, need):
        raise ValueError(f"there is no room for {what}: {problem}")
