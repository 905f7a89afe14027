import csv

import numpy as np
import pytest
from PIL import Image


def pictured(bars: np.ndarray, bright: np.ndarray, size: int = 32) -> np.ndarray:
    """uint8 [N, size, size, 1]: a white bar at the left where `bars`, on a background as bright as told, in [0, 1]."""
    images = np.empty((len(bars), size, size, 1), np.uint8)
    images[:] = np.asarray(40 + 120 * np.asarray(bright))[:, None, None, None]
    images[np.asarray(bars, bool), size // 4 : 3 * size // 4, 4:8] = 255
    return images


@pytest.fixture
def draw():
    return pictured


@pytest.fixture
def known():
    """400 pictures and what is known of each: whether it has a bar, how bright it is, and what cannot be seen."""
    rng = np.random.default_rng(0)
    bars, bright, luck = rng.random(400) < 0.4, rng.random(400), rng.random(400) < 0.5
    columns = {
        "bar": ["yes" if bar else "no" for bar in bars],
        "brightness": [f"{value:.3f}" for value in bright],
        "luck": ["good" if good else "bad" for good in luck],
    }
    return pictured(bars, bright), columns


@pytest.fixture
def labelled_folder(known, tmp_path):
    """The same on disk, with a labels.csv."""
    images, columns = known
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = [f"{i:03d}.png" for i in range(len(images))]
    for name, image in zip(names, images, strict=True):
        Image.fromarray(image[..., 0]).save(folder / name)
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", *columns), *zip(names, *columns.values(), strict=True)])
    return folder
