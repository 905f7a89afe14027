"""The files of MNIST (idx, perhaps gzipped) and CIFAR-10 (pickled batches) as arrays, without a look at their MD5."""

import gzip
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np

# What a pickled array needs under numpy 1 and 2; a pickle that asks for more could run anything.
ALLOWED = {
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"),
}  # fmt: skip


class ArrayUnpickler(pickle.Unpickler):
    """Reads arrays, lists, numbers and texts, and nothing that could do harm."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return super().find_class(module, name)


def read_idx(path: Path, dims: int) -> np.ndarray:
    """The bytes of an idx or idx.gz file, uint8 with `dims` axes; ValueError names a file that is none."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read()
        if data[:4] != bytes([0, 0, 8, dims]):
            raise ValueError
        start = 4 + 4 * dims
        return np.frombuffer(data, np.uint8, offset=start).reshape(struct.unpack(f">{dims}I", data[4:start]))
    except (OSError, EOFError, ValueError, struct.error, zlib.error):
        raise ValueError(f"{path} is not a readable idx file; it may be broken or only partly copied.") from None


def read_cifar(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of some batches, uint8 [N, 32, 32, 3], and their classes, int64 [N]; ValueError names a bad one."""
    batches = [_batch(path) for path in paths]
    images = np.concatenate([images for images, _ in batches]).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.concatenate([targets for _, targets in batches])


def _batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open("rb") as file:
            batch = ArrayUnpickler(file, encoding="latin1").load()
        return batch["data"].astype(np.uint8).reshape(-1, 3, 32, 32), np.array(batch["labels"], np.int64)
    except Exception:  # a pickle can fail in any way
        raise ValueError(
            f"{path} is not a readable batch of CIFAR-10; it may be broken or only partly copied."
        ) from None
