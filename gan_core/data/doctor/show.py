"""Pictures of a set to look at, cropped and sized as training will see them."""

from __future__ import annotations

import numpy as np

from gan_core.data.decode import BadPicture, decode, explain
from gan_core.data.doctor.report import Report
from gan_core.data.pictures import Source


def crop(source: Source, index: int, image_size: int, channels: int) -> np.ndarray:
    """One picture, uint8 [image_size, image_size, channels]; BadPicture where it cannot be used."""
    try:
        with source.open(index, image_size) as image:
            return decode(image, image_size, channels)
    except Exception as error:  # a broken picture can fail in any way
        raise BadPicture(explain(error)) from error


def crops(source: Source, report: Report, image_size: int, channels: int, count: int) -> list[np.ndarray]:
    """Up to `count` usable pictures from all over the set, each once."""
    unwanted = {name for name, _ in report.unreadable} | {copy.name for copy in report.copies}
    usable = [index for index, name in enumerate(source.items) if name not in unwanted]
    order = np.random.default_rng(0).permutation(len(usable))[: 2 * count]
    found = []
    for place in order:
        try:
            found.append(crop(source, usable[place], image_size, channels))
        except BadPicture:  # it may be too small for this size, or gone since
            continue
        if len(found) == count:
            break
    return found
