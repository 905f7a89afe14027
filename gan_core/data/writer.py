"""Decode a source, or a part of it, on all cores and stream it, in order, into one .npy file."""

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gan_core.data.decode import decode, explain
from gan_core.data.parallel import in_order
from gan_core.data.pictures import Source
from gan_core.download import OnProgress

Skipped = list[tuple[int, str]]  # a picture's place in its source, and the reason


def write_images(
    source: Source, places: range, size: int, channels: int, left_out: dict[int, str], path: Path, report: OnProgress
) -> Skipped:
    """Write the usable pictures among those at `places` of a source; gives the others.

    The file is uint8 [N, size, size, channels], and its header says how many there really are. `left_out` has the
    places of pictures not to write, and why. `report(done, total)` counts the pictures of the whole source.
    """

    def one(number: int) -> np.ndarray | str:
        index = places[number]
        return left_out.get(index) or _one(source, index, size, channels)

    skipped: Skipped = []
    with path.open("wb") as file, closing(in_order(one, len(places))) as results:
        start = _write_header(file, (len(places), size, size, channels))
        for index, result in zip(places, results, strict=True):
            if isinstance(result, str):
                skipped.append((index, result))
            else:
                file.write(result.data)
            report(index + 1, len(source.items))
        file.seek(0)
        # numpy pads the header so that the first axis can change without moving the data.
        assert _write_header(file, (len(places) - len(skipped), size, size, channels)) == start
        file.flush()
        os.fsync(file.fileno())
    return skipped


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
