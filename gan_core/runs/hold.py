"""Whether somebody holds a file's lock: looks disturb neither each other nor whoever holds it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


def is_held(lock: Path) -> bool:
    """Whether a process holds it now."""
    try:
        return not _is_shareable(lock)
    except FileNotFoundError:
        return False
    except (ImportError, OSError):  # Windows, and disks without such locks
        return lock.exists() and not is_free(lock, within=0.05)


def is_free(lock: Path, within: float) -> bool:
    """Whether nobody holds it, now or after at most so many seconds."""
    try:
        with FileLock(lock, timeout=within):
            return True
    except Timeout:
        return False


@contextlib.contextmanager
def held(lock: Path, within: float = 2) -> Iterator[None]:
    """Hold it. Timeout if another process does for longer than so many seconds; a look holds it for an instant."""
    with FileLock(lock, timeout=within):
        yield


def _is_shareable(lock: Path) -> bool:
    """Whether nobody holds that file; however many look at once, none takes another's look for a hold."""
    import fcntl

    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
