"""Pictures in several .npy files, for sets that may be far larger than memory.

images = Parts([folder / "part-00000.npy", folder / "part-00001.npy"])
images[[7, 40_000, 3]]    # uint8 [3, H, W, C], read just now
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

AT_ONCE = 256  # pictures that the disk is told of before the first of them is waited for


class BadPart(ValueError):
    """A file that is missing or damaged; the message is a sentence for the user."""


class Parts:
    """uint8 [N, H, W, C] over all files in turn; indexed along the first axis like an array, always as a copy.

    Files are read by position rather than mapped: a mapped picture is waited for page by page, while here the disk
    hears of a whole batch at once, and pages that were read count to the system's cache and not to this process.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(self, paths: Sequence[Path]) -> None:
        """BadPart names a file that is missing or damaged."""
        self._files = [_File(path) for path in paths]
        shapes = {file.shape[1:] for file in self._files}
        if len(shapes) != 1:
            raise BadPart(f"The prepared pictures in {paths[0].parent} are damaged: they are not all of one size.")
        self.counts = [file.shape[0] for file in self._files]
        self._starts = np.concatenate([[0], np.cumsum(self.counts)])
        self.shape = (int(self._starts[-1]), *shapes.pop())
        self.nbytes = int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: int | slice | np.ndarray | Sequence[int]) -> np.ndarray:
        """One picture, or those of a slice, of indices [M] or of a mask [N]; ValueError where a file cannot be read."""
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            return self._range(start, stop) if step == 1 else self._at(np.arange(start, stop, step))
        places = np.asarray(key)
        if places.dtype == bool:
            places = np.flatnonzero(places)
        assert places.ndim < 2 and (not places.size or places.dtype.kind in "iu")
        return self._at(places.reshape(-1).astype(np.int64)).reshape(*places.shape, *self.shape[1:])

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)

    def _at(self, places: np.ndarray) -> np.ndarray:
        places = np.where(places < 0, places + len(self), places)
        if places.size and not 0 <= places.min() <= places.max() < len(self):
            raise IndexError(f"there are only {len(self):,} pictures")
        out = np.empty((len(places), *self.shape[1:]), np.uint8)
        of_file = np.searchsorted(self._starts, places, side="right") - 1
        rows = places - self._starts[of_file]
        for start in range(0, len(places), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            reads = list(zip(of_file[part].tolist(), rows[part].tolist(), strict=True))
            for file, row in reads:
                self._files[file].announce(row)
            for picture, (file, row) in zip(out[part], reads, strict=True):
                self._files[file].read(row, picture)
        return out

    def _range(self, start: int, stop: int) -> np.ndarray:
        out = np.empty((max(stop - start, 0), *self.shape[1:]), np.uint8)
        for file, first, last in self._pieces(start, stop):
            begin = self._starts[file]
            self._files[file].read(first - begin, out[first - start : last - start])
        return out

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """The file, the first picture and the one after the last of every piece of a range."""
        for file, (begin, end) in enumerate(zip(self._starts[:-1].tolist(), self._starts[1:].tolist(), strict=True)):
            if max(begin, start) < min(end, stop):
                yield file, max(begin, start), min(end, stop)


class _File:
    """One .npy file of uint8 [N, H, W, C], open as long as this lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb", buffering=0)
            self.shape, self._offset = _header(self._file)
            self._row_bytes = int(np.prod(self.shape[1:], dtype=np.int64))
            intact = self._offset + self.shape[0] * self._row_bytes == path.stat().st_size
        except (OSError, ValueError, EOFError):
            intact = False
        if not intact:
            raise BadPart(f"The prepared pictures in {path.parent} are missing or damaged: {path.name}.")
        self._lock = threading.Lock()
        self._advise("POSIX_FADV_RANDOM", 0, 0)

    def announce(self, row: int) -> None:
        """Let the disk begin to read a picture."""
        self._advise("POSIX_FADV_WILLNEED", self._offset + row * self._row_bytes, self._row_bytes)

    def read(self, row: int, out: np.ndarray) -> None:
        """Fill `out` with the pictures from `row` on."""
        position, left = self._offset + int(row) * self._row_bytes, memoryview(out).cast("B")
        try:
            while len(left):
                got = self._read_at(position, left)
                if not got:
                    raise OSError(0, "it has become shorter")
                position, left = position + got, left[got:]
        except OSError as error:
            raise ValueError(f"{self.path} cannot be read: {(error.strerror or 'unknown error').lower()}.") from None

    def _read_at(self, position: int, out: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [out], position)
        with self._lock:  # where a file has but one place to read at
            self._file.seek(position)
            return self._file.readinto(out)

    def _advise(self, advice: str, start: int, size: int) -> None:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), start, size, getattr(os, advice))

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


def _header(file) -> tuple[tuple[int, ...], int]:
    """The shape in a .npy file and where its pixels begin; ValueError where it is not of our kind."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if len(shape) != 4 or fortran or dtype != np.uint8:
        raise ValueError
    return shape, file.tell()
