"""Decode a source on all cores and stream it, in order, into one .npy file."""

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gan_core.data.decode import decode, explain
from gan_core.data.download import PROGRESS_SECONDS, OnProgress
from gan_core.data.pictures import Source

NO_LABEL = "no label"


def write_images(
    source: Source, shape: tuple[int, int, int, int], path: Path, report: OnProgress
) -> tuple[list[int], list[tuple[str, str]]]:
    """Write the usable pictures of a source; gives their places in it and the (name, reason) of all others.

    `shape` is [N, H, W, C] with N for the whole source; the header in the file says how many there really are.
    """
    kept, skipped, last = [], [], time.monotonic()
    with path.open("wb") as file, closing(_decoded(source, shape)) as results:
        start = _write_header(file, shape)
        for done, result in enumerate(results, 1):
            if isinstance(result, str):
                skipped.append((source.items[done - 1], result))
            else:
                file.write(result.data)
                kept.append(done - 1)
            if time.monotonic() - last >= PROGRESS_SECONDS:
                report(done, shape[0])
                last = time.monotonic()
        file.seek(0)
        # numpy pads the header so that the first axis can change without moving the data.
        assert _write_header(file, (len(kept), *shape[1:])) == start
        file.flush()
        os.fsync(file.fileno())
    return kept, skipped


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> int:
    about = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, about)
    return file.tell()


def _decoded(source: Source, shape: tuple[int, int, int, int]) -> Iterator[np.ndarray | str]:
    """Each picture's pixels, or the reason why not, in the order of the source and only a few ahead."""
    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool:
        ahead = deque()
        try:
            for index in range(len(source.items)):
                ahead.append(pool.submit(_one, source, index, shape[1], shape[3]))
                if len(ahead) >= 8 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one(source: Source, index: int, image_size: int, channels: int) -> np.ndarray | str:
    if source.labels and source.labels[index] is None:
        return NO_LABEL
    try:
        with source.open(index, image_size) as image:
            return np.ascontiguousarray(decode(image, image_size, channels))
    except Exception as error:
        return explain(error)
