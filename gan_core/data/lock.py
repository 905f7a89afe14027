"""A lock between processes that the system frees when its holder dies."""

import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


class FileLock:
    """A lock file beside what it guards; it is removed when let go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; says whether it was."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            # The last holder may have removed the file between our opening and locking it.
            held = os.path.samestat(os.fstat(fd), self.path.stat())
        except (BlockingIOError, PermissionError, FileNotFoundError):
            held = False
        except OSError:  # a disk without locks: waiting would never end
            os.close(fd)
            raise
        if not held:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """Let go."""
        if not fcntl:
            os.close(self._fd)
        with suppress(OSError):
            self.path.unlink()
        if fcntl:
            os.close(self._fd)
        self._fd = None
