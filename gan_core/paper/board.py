"""What the figures have in common: rows of pictures with words, and how alike neighbouring pixels are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from gan_core.latent import figure

TITLE, HEADING, CAPTION_WIDTH = 20, 15, 130
COLOURLESS = 128


def board(title: str, *parts: Image.Image) -> Image.Image:
    """A figure: its title, and its parts below each other."""
    return figure.framed(figure.column([figure.text(title, TITLE), *parts], gap=14))


def strip(images: Iterable[np.ndarray], side: int, gap: int = 2) -> Image.Image:
    """Images uint8 [H, W, C] in one row."""
    return figure.row([figure.picture(image, side) for image in images], gap)


def named_strip(words: str, strip: Image.Image) -> Image.Image:
    """A row with words before it, in a column of their own."""
    label = figure.text(words, width=CAPTION_WIDTH, colour=figure.MUTE)
    space = Image.new("RGB", (CAPTION_WIDTH, max(label.height, 1)), figure.BACKGROUND)
    space.paste(label, (0, 0))
    return figure.row([space, strip], gap=10)


def block(heading: str, pieces: Sequence[Image.Image], gap: int = 2) -> Image.Image:
    """Rows below a heading."""
    return figure.column([figure.text(heading, HEADING), figure.column(pieces, gap)], gap=8)


def signed(values: np.ndarray, side: int, percentile: float = 100) -> np.ndarray:
    """Numbers [h, w, C] as an image uint8 in large pixels: grey is 0, full contrast that percentile of their sizes."""
    scaled = values / max(float(np.percentile(np.abs(values), percentile)), 1e-12)
    times = max(side // values.shape[0], 1)
    levels = (COLOURLESS + (COLOURLESS - 1) * scaled.clip(-1, 1)).round().astype(np.uint8)
    return levels.repeat(times, 0).repeat(times, 1)


def likeness(pictures: np.ndarray) -> float:
    """How far numbers [N, h, w, C] resemble their neighbours beside and below: 1 for flat ones, 0 for noise."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    across = (centred[:, :, 1:] * centred[:, :, :-1]).mean()
    down = (centred[:, 1:] * centred[:, :-1]).mean()
    return float((across + down) / 2 / max(np.square(centred).mean(), 1e-12))
