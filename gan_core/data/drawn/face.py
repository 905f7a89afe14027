"""Paint a face from back to front."""

import numpy as np

from gan_core.data.drawn import hair
from gan_core.data.drawn.canvas import Canvas, arc, mix
from gan_core.data.drawn.head import INK, Head
from gan_core.data.drawn.traits import Factors

WHITE = (255, 255, 255)


def draw(factors: Factors, size: int) -> np.ndarray:
    """Draw one face, uint8 [size, size, 3]."""
    head = Head(factors)
    canvas = Canvas(size, head.background)
    for paint in (_backdrop, hair.behind, _body, _ears, _skin, _eyes, _brows, _nose, _mouth):
        paint(canvas, head)
    if factors.glasses:
        _glasses(canvas, head)
    hair.front(canvas, head)
    return canvas.pixels()


def _backdrop(canvas: Canvas, head: Head) -> None:
    canvas.glow(0.4, 0.35, 0.75, 0.75, mix(head.background, WHITE, 0.6), 1.0)
    canvas.glow(0.5, 1.1, 0.8, 0.45, mix(head.background, (90, 60, 120), 0.45), 0.8)


def _body(canvas: Canvas, head: Head) -> None:
    dark = mix(head.shirt, (30, 10, 60), 0.35)
    shirt = arc(0.5, 1.06, 0.37, 0.225, 0.5, 1.0)
    canvas.polygon(shirt, head.shirt)
    inside = canvas.mask(shirt)
    canvas.glow(0.34, 0.93, 0.16, 0.1, mix(head.shirt, WHITE, 0.45), 0.6, inside)
    canvas.glow(0.76, 1.0, 0.22, 0.2, dark, 0.8, inside)
    canvas.ellipse(0.5, 0.865, 0.125, 0.055, dark)
    neck = [(0.405, 0.68), (0.595, 0.68), (0.605, 0.865), *arc(0.5, 0.865, 0.105, 0.042, 0, 0.5), (0.395, 0.865)]
    canvas.polygon(neck, mix(head.skin, head.shade, 0.45))
    canvas.glow(head.cx, 0.755, 0.15, 0.085, head.shade, 1.0, canvas.mask(neck))


def _ears(canvas: Canvas, head: Head) -> None:
    for side in (-1, 1):
        x = head.cx + side * (head.width - 0.002) - 0.05 * head.factors.turn
        canvas.ellipse(x, 0.555, 0.042, 0.058, mix(head.skin, head.shade, 0.2))
        canvas.ellipse(x + 0.006 * side, 0.557, 0.02, 0.034, mix(head.skin, head.shade, 0.75))


def _skin(canvas: Canvas, head: Head) -> None:
    canvas.polygon(head.outline, head.skin)
    inside = canvas.mask(head.outline)
    canvas.glow(head.cx + 0.2, 0.72, 0.24, 0.34, head.shade, 0.55, inside)
    canvas.glow(head.cx, 0.34, 0.32, 0.13, head.shade, 0.6, inside)
    canvas.glow(head.x(-0.3), 0.5, 0.17, 0.16, mix(head.skin, WHITE, 0.5), 0.45, inside)
    flush = mix(head.skin, (238, 74, 84), 0.6)
    for side in (-1, 1):
        canvas.glow(head.x(0.6 * side), 0.635, 0.085, 0.065, flush, 0.1 + 0.6 * head.factors.blush, inside)


def _eyes(canvas: Canvas, head: Head) -> None:
    size = 1 + 0.2 * head.factors.eye_size
    for side in (-1, 1):
        x, y, narrow = head.x(0.44 * side), head.eye_y, head.narrowing(0.44 * side)
        rx, ry = 0.053 * size * narrow, 0.052 * size
        gaze = x + 0.012 * head.factors.turn
        canvas.ellipse(x, y, rx, ry, (252, 250, 250))
        canvas.ellipse(gaze, y + 0.002, 0.037 * size * narrow, 0.041 * size, mix(head.iris, INK, 0.45))
        canvas.ellipse(gaze, y + 0.006, 0.031 * size * narrow, 0.034 * size, head.iris)
        canvas.ellipse(gaze, y + 0.002, 0.017 * size * narrow, 0.02 * size, (24, 16, 24))
        canvas.ellipse(gaze - 0.011 * size, y - 0.015 * size, 0.0105 * size, 0.0115 * size, WHITE)
        canvas.line(arc(x, y, rx * 1.06, ry * 1.04, 0.52, 0.98), 0.013, INK)


def _brows(canvas: Canvas, head: Head) -> None:
    lift = head.factors.brows
    colour = mix(head.hair_dark, INK, 0.35)
    for side in (-1, 1):
        inner, middle, outer = (head.x(u * side) for u in (0.22, 0.45, 0.68))
        y = head.brow_y - 0.016 - 0.016 * lift
        tilt = 0.018 * min(lift, 0.6)
        canvas.line([(inner, y + 0.004 - tilt), (middle, y - 0.012), (outer, y + 0.008 + tilt * 0.5)], 0.02, colour)


def _nose(canvas: Canvas, head: Head) -> None:
    x = head.x(0) + 0.02 * head.factors.turn
    canvas.glow(x + 0.012, head.nose_y, 0.05, 0.04, head.shade, 0.7)
    canvas.glow(x - 0.006, head.nose_y - 0.03, 0.028, 0.04, mix(head.skin, WHITE, 0.55), 0.7)
    canvas.line(arc(x, head.nose_y, 0.024, 0.018, 0.08, 0.42, 9), 0.011, mix(head.skin, head.line, 0.7))


def _mouth(canvas: Canvas, head: Head) -> None:
    across = np.linspace(-1, 1, 21)
    opening = 0.075 * head.factors.mouth_open
    xs = [head.x(0.36 * u) for u in across]
    upper = head.mouth_y - 0.25 * opening - 0.042 * head.factors.smile * (across**2 - 0.4)
    lower = upper + opening * (1 - across**2)
    lip = mix(head.line, (176, 44, 60), 0.45)
    canvas.glow(head.x(0), head.mouth_y + 0.04 + opening * 0.7, 0.06, 0.022, head.shade, 0.5)
    if opening > 0.01:
        _open_mouth(canvas, xs, upper, lower, lip)
    canvas.line(zip(xs, upper.tolist(), strict=True), 0.0145, lip)


def _open_mouth(canvas: Canvas, xs: list[float], upper: np.ndarray, lower: np.ndarray, lip: tuple) -> None:
    def between(top: float, bottom: float) -> list[tuple[float, float]]:
        edges = [upper + share * (lower - upper) for share in (top, bottom)]
        return list(zip(xs, edges[0].tolist(), strict=True)) + list(zip(xs, edges[1].tolist(), strict=True))[::-1]

    canvas.polygon(between(0, 1), (112, 26, 42))
    canvas.polygon(between(0.62, 1)[5:-5], (226, 96, 104))
    canvas.polygon(between(0, 0.32), (255, 250, 244))
    canvas.line(zip(xs, lower.tolist(), strict=True), 0.012, lip)


def _glasses(canvas: Canvas, head: Head) -> None:
    frame, y = (48, 42, 60), head.eye_y + 0.004
    ends = []
    for side in (-1, 1):
        x, rx = head.x(0.44 * side), 0.082 * head.narrowing(0.44 * side)
        canvas.glow(x - 0.02, y - 0.025, 0.05, 0.04, WHITE, 0.45)
        canvas.ring(x, y, rx, 0.077, 0.015, frame)
        canvas.line([(x + side * rx, y - 0.012), (head.x(0.97 * side), y - 0.02)], 0.013, frame)
        ends.append(x - side * rx)
    canvas.line([(ends[0], y - 0.008), (sum(ends) / 2, y - 0.02), (ends[1], y - 0.008)], 0.014, frame)
