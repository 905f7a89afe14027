"""Decode a source on all cores and stream it, in order, into one .npy file."""

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gan_core.data.decode import decode, explain
from gan_core.data.parallel import in_order
from gan_core.data.pictures import Source
from gan_core.download import OnProgress, seldom


def write_images(
    source: Source, shape: tuple[int, int, int, int], left_out: dict[int, str], path: Path, report: OnProgress
) -> tuple[list[int], list[tuple[str, str]]]:
    """Write the usable pictures of a source; gives their places in it and the (name, reason) of all others.

    `shape` is [N, H, W, C] with N for the whole source; the header in the file says how many there really are.
    `left_out` has the places of pictures not to write, and why.
    """

    def one(index: int) -> np.ndarray | str:
        return left_out.get(index) or _one(source, index, shape[1], shape[3])

    kept, skipped, report = [], [], seldom(report)
    with path.open("wb") as file, closing(in_order(one, shape[0])) as results:
        start = _write_header(file, shape)
        for done, result in enumerate(results, 1):
            if isinstance(result, str):
                skipped.append((source.items[done - 1], result))
            else:
                file.write(result.data)
                kept.append(done - 1)
            report(done, shape[0])
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


def _one(source: Source, index: int, image_size: int, channels: int) -> np.ndarray | str:
    try:
        with source.open(index, image_size) as image:
            return np.ascontiguousarray(decode(image, image_size, channels))
    except Exception as error:
        return explain(error)
