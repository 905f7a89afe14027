"""Labelled figures out of pieces: pictures and words, set side by side or below each other on white.

column([text("How a face turns"), row([captioned(picture(image), "seed 7") for image in images])]).save("turn.png")
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gan_core.pixels import to_pil

SIDE, GAP, MARGIN = 96, 6, 20
SMALL, LARGE = 13, 44
BACKGROUND, INK, MUTE = "#ffffff", "#1d2025", "#676d78"
# The font has neither these nor letters with accents.
PLAIN = str.maketrans("−–—×", "---x")


def picture(image: np.ndarray, side: int = SIDE) -> Image.Image:
    """One uint8 [H, W, C] with its longer side of that many pixels; small ones are enlarged smoothly."""
    piece = to_pil(image).convert("RGB")
    scale = side / max(piece.size)
    method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
    return piece.resize(tuple(max(round(each * scale), 1) for each in piece.size), method)


def text(words: str, size: int = SMALL, width: int | None = None, colour: str = INK) -> Image.Image:
    """Words in the font that every Pillow has, broken into lines of at most `width` pixels."""
    words = spelled(words)
    written = "\n".join(lines(words, size, width)) if width else words
    width = pen().multiline_textbbox((0, 0), written, font(size))[2]
    # As high whatever letters there are, so that titles side by side stand on one line.
    height = pen().multiline_textbbox((0, 0), re.sub("[^\n]*", "Aj", written), font(size))[3]
    piece = Image.new("RGB", (max(round(width), 1), round(height)), BACKGROUND)
    ImageDraw.Draw(piece).multiline_text((0, 0), written, colour, font(size), align="center")
    return piece


def captioned(piece: Image.Image, words: str) -> Image.Image:
    """The piece with words below it, in lines no wider than the piece."""
    return column([piece, text(words, width=piece.width, colour=MUTE)]) if words else piece


def row(pieces: Sequence[Image.Image], gap: int = GAP) -> Image.Image:
    """Pieces from left to right, each in the middle of the row's height."""
    return placed(pieces, gap, across=0)


def column(pieces: Sequence[Image.Image], gap: int = GAP) -> Image.Image:
    """Pieces from top to bottom, each in the middle of the column's width."""
    return placed(pieces, gap, across=1)


def table(pieces: Sequence[Image.Image], columns: int, gap: int = GAP) -> Image.Image:
    """Pieces of one size in rows of so many."""
    return column([row(pieces[i : i + columns], gap) for i in range(0, len(pieces), columns)], gap)


def framed(piece: Image.Image, margin: int = MARGIN) -> Image.Image:
    """The piece with an empty margin."""
    canvas = Image.new("RGB", (piece.width + 2 * margin, piece.height + 2 * margin), BACKGROUND)
    canvas.paste(piece, (margin, margin))
    return canvas


def placed(pieces: Sequence[Image.Image], gap: int, across: int) -> Image.Image:
    """Pieces one after the other along x (across=0) or y (1), centred on the other axis."""
    assert pieces, "a figure has at least one piece"
    size = [max(piece.size[axis] for piece in pieces) for axis in (0, 1)]
    size[across] = sum(piece.size[across] for piece in pieces) + gap * (len(pieces) - 1)
    canvas, start = Image.new("RGB", tuple(size), BACKGROUND), 0
    for piece in pieces:
        place = [(whole - part) // 2 for whole, part in zip(size, piece.size, strict=True)]
        place[across] = start
        canvas.paste(piece, tuple(place))
        start += piece.size[across] + gap
    return canvas


def lines(words: str, size: int, width: int) -> list[str]:
    """The words in lines that fit; a word that is too long alone has a line of its own."""
    found = [""]
    for word in words.split():
        longer = f"{found[-1]} {word}".strip()
        fits = pen().textlength(longer, font(size)) <= width
        found = [*found[:-1], longer] if fits or not found[-1] else [*found, word]
    return found


def spelled(words: str) -> str:
    """The words with the signs that the font has, as far as there are any like them."""
    letters = unicodedata.normalize("NFKD", words.translate(PLAIN))
    return "".join(each for each in letters if not unicodedata.combining(each))


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def pen() -> ImageDraw.ImageDraw:
    """Something to measure words with."""
    return ImageDraw.Draw(Image.new("RGB", (1, 1)))
