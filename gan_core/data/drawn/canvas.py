"""A supersampled canvas in unit coordinates: (0, 0) is the top left corner, (1, 1) the bottom right."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Points = Iterable[tuple[float, float]]


def mix(a: Colour, b: Colour, amount: float) -> Colour:
    """Blend two colours: amount 0 is `a`, 1 is `b`."""
    return tuple(round(x + (y - x) * amount) for x, y in zip(a, b, strict=True))


def ramp(colours: list[Colour], position: float) -> Colour:
    """The colour at `position` (0 to 1) along evenly spaced stops."""
    place = min(max(position, 0.0), 1.0) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    return mix(colours[index], colours[index + 1], place - index)


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, steps: int = 24) -> list:
    """Points on an ellipse; angles in turns, 0 is right and .25 is down."""
    angles = np.linspace(start, end, steps) * 2 * np.pi
    return list(zip((cx + rx * np.cos(angles)).tolist(), (cy + ry * np.sin(angles)).tolist(), strict=True))


@cache
def _glow(percent: int) -> Image.Image:
    """A small round blob, `percent` of white in the middle and black at the rim."""
    axis = np.linspace(-1, 1, 48)
    distance = np.minimum(1, np.hypot(axis[:, None], axis[None, :]))
    return Image.fromarray((2.55 * percent * (1 - distance**2) ** 1.5).astype(np.uint8))


class Canvas:
    """Shapes with smooth edges, drawn large and reduced once."""

    def __init__(self, size: int, background: Colour) -> None:
        self.size = size
        self.scale = size * (3 if size <= 128 else 2)
        self.image = Image.new("RGB", (self.scale, self.scale), background)
        self._draw = ImageDraw.Draw(self.image)

    def _pixels(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, colour: Colour) -> None:
        self._draw.ellipse(self._pixels([(cx - rx, cy - ry), (cx + rx, cy + ry)]), fill=colour)

    def ring(self, cx: float, cy: float, rx: float, ry: float, width: float, colour: Colour) -> None:
        box = self._pixels([(cx - rx, cy - ry), (cx + rx, cy + ry)])
        self._draw.ellipse(box, outline=colour, width=round(width * self.scale))

    def polygon(self, points: Points, colour: Colour) -> None:
        self._draw.polygon(self._pixels(points), fill=colour)

    def line(self, points: Points, width: float, colour: Colour) -> None:
        """A line with round ends."""
        pixels, thick = self._pixels(points), max(1, round(width * self.scale))
        self._draw.line(pixels, fill=colour, width=thick, joint="curve")
        for x, y in (pixels[0], pixels[-1]) if thick > 2 else ():
            self._draw.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=colour)

    def glow(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        colour: Colour,
        strength: float,
        inside: Image.Image | None = None,
    ) -> None:
        """A soft blob of colour; strength 0 to 1; `inside` is a mask of the whole canvas to stay within."""
        left, top, right, bottom = (round(v * self.scale) for v in (cx - rx, cy - ry, cx + rx, cy + ry))
        extent = max(1, right - left), max(1, bottom - top)
        mask = _glow(round(100 * strength)).resize(extent, Image.Resampling.BILINEAR)
        if inside is not None:
            mask = ImageChops.multiply(mask, inside.crop((left, top, left + mask.width, top + mask.height)))
        self.image.paste(colour, (left, top, left + mask.width, top + mask.height), mask)

    def mask(self, points: Points) -> Image.Image:
        """A mask of the whole canvas that is white inside the polygon."""
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._pixels(points), fill=255)
        return mask

    def pixels(self) -> np.ndarray:
        """The finished picture, uint8 [size, size, 3]."""
        return np.array(self.image.reduce(self.scale // self.size))
