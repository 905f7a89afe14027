"""The hair of a drawn face: a part behind the head and a part in front of it."""

from collections.abc import Callable

import numpy as np

from gan_core.data.drawn.canvas import Canvas, arc, mix
from gan_core.data.drawn.head import Head

Points = list[tuple[float, float]]
CROWN = 0.265  # how far the cap reaches down each side of the head, in turns from the crown


def behind(canvas: Canvas, head: Head) -> None:
    """What is seen past the head and the neck."""
    length = head.factors.hair_length
    grow, bottom = 0.03 + 0.03 * length, 0.54 + 0.36 * length
    top = [head.edge(t, grow) for t in np.linspace(-0.25, 0.25, 24)]
    (left, _), (right, _) = top[0], top[-1]
    flare = 0.035 * length
    round_end = arc((left + right) / 2, bottom - 0.06, (right - left) / 2 + flare, 0.07, 0, 0.5)
    canvas.polygon(top + round_end, head.hair_dark)
    if head.factors.hair_style == "bun":
        x = head.cx - 0.06 * head.factors.turn
        canvas.ellipse(x, 0.185, 0.1, 0.088, head.hair_dark)
        canvas.ellipse(x, 0.178, 0.088, 0.076, head.hair)
        canvas.glow(x - 0.03, 0.15, 0.06, 0.045, head.hair_light, 0.9)
    if head.factors.hair_style == "curls":
        for i, (x, y) in enumerate(_ends(head, bottom, grow)):
            canvas.ellipse(x, y, 0.05, 0.05, mix(head.hair_dark, head.hair, 0.25 * (i % 2)))


def _ends(head: Head, bottom: float, grow: float) -> Points:
    """Where curls hang down both sides."""
    steps = np.linspace(head.cy - 0.05, bottom - 0.03, 3 + round(4 * head.factors.hair_length))
    return [(head.cx + side * (head.width + grow), float(y)) for y in steps for side in (-1, 1)]


def front(canvas: Canvas, head: Head) -> None:
    """The cap of hair, with strands and a sheen."""
    style = head.factors.hair_style
    hairline = [_hairline(head, u, HAIRLINES[style]) for u in np.linspace(1, -1, 41)]
    top = [head.edge(t, 0.035) for t in np.linspace(-CROWN, CROWN, 48)]
    if style == "quiff":
        top = [(x + 0.03 * _bump(x, head), y - 0.065 * _bump(x, head)) for x, y in top]
    cap = top + hairline
    canvas.polygon(cap, head.hair)
    inside = canvas.mask(cap)
    _strands(canvas, head, top, hairline)
    canvas.glow(head.cx - 0.09, 0.265, 0.2, 0.075, head.hair_light, 0.75, inside)
    if style == "curls":
        _curls(canvas, head, hairline)


def _bump(x: float, head: Head) -> float:
    return float(np.exp(-(((x - head.cx - 0.03) / 0.13) ** 2)))


def _hairline(head: Head, across: float, height: Callable[[float], float]) -> tuple[float, float]:
    """A point of the lower edge of the cap; the ends meet the outline of the head."""
    x = head.x(0.995 * across) + head.angle * head.width * -0.35
    outer = head.cx + (head.width + 0.02) * across
    blend = abs(across) ** 3
    return x * (1 - blend) + outer * blend, height(across)


def _teeth(across: float) -> float:
    """A saw between 0 and 1 that makes a fringe look like locks."""
    return abs((across * 2.6 + 0.2) % 1 - 0.5) * 2


HAIRLINES: dict[str, Callable[[float], float]] = {
    "crop": lambda u: 0.365 + 0.17 * abs(u) ** 5,
    "quiff": lambda u: 0.35 + 0.15 * abs(u) ** 6 + 0.012 * _teeth(u),
    "fringe": lambda u: 0.425 - 0.03 * _teeth(u) + 0.14 * abs(u) ** 5,
    "parted": lambda u: 0.315 + 0.12 * abs(u + 0.45) ** 0.8 + 0.1 * abs(u) ** 4,
    "curls": lambda u: 0.36 + 0.15 * abs(u) ** 4,
    "bun": lambda u: 0.335 + 0.06 * abs(u) ** 2 + 0.11 * abs(u) ** 6,
}


def _strands(canvas: Canvas, head: Head, top: Points, hairline: Points) -> None:
    """Fine curved lines that run down the cap towards the face."""
    for i in range(1, 40, 2):
        start, end = top[round((40 - i) / 40 * (len(top) - 1))], hairline[i]
        corner = (end[0] + (end[0] - head.cx) * 0.22, start[1] + (end[1] - start[1]) * 0.35)
        colour = mix(head.hair, head.hair_dark if i % 4 == 1 else head.hair_light, 0.45)
        canvas.line([_bend(start, corner, end, t) for t in (0.12, 0.35, 0.6, 0.8, 0.95)], 0.0065, colour)


def _bend(a: tuple, b: tuple, c: tuple, t: float) -> tuple[float, float]:
    """A point of the quadratic curve from a to c that leans towards b."""
    weights = ((1 - t) ** 2, 2 * t * (1 - t), t * t)
    return tuple(sum(w * p[k] for w, p in zip(weights, (a, b, c), strict=True)) for k in (0, 1))


def _curls(canvas: Canvas, head: Head, hairline: Points) -> None:
    """Round locks along the crown and over the forehead."""
    rim = [head.edge(t, 0.025) for t in np.linspace(-0.25, 0.25, 11)]
    between = [head.edge(t, -0.03) for t in np.linspace(-0.14, 0.14, 6)]
    for i, (x, y) in enumerate(rim + between + hairline[4:-4:5]):
        canvas.ellipse(x, y, 0.05, 0.046, mix(head.hair, head.hair_dark, 0.3 * (i % 2)))
        canvas.glow(x - 0.012, y - 0.014, 0.03, 0.026, head.hair_light, 0.8)
