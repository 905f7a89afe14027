"""Where things are on a drawn head, and what colours they have."""

from functools import cached_property
from math import asin, cos, pi, sin

from gan_core.data.drawn.canvas import Colour, mix, ramp
from gan_core.data.drawn.traits import Factors

SKINS = [(255, 224, 200), (246, 203, 168), (226, 168, 124), (178, 118, 78), (112, 70, 48)]
HAIRS = [(38, 30, 36), (84, 52, 38), (146, 74, 44), (208, 112, 54), (236, 192, 108), (216, 216, 226)]
IRISES = [(92, 54, 30), (96, 140, 62), (64, 132, 202)]
SHIRTS = [(226, 84, 76), (244, 178, 66), (70, 158, 126), (60, 104, 176), (138, 88, 170)]
BACKGROUNDS = [(252, 208, 188), (250, 232, 178), (190, 226, 196), (176, 216, 240), (210, 198, 240)]
INK = (58, 36, 40)


class Head:
    """The geometry and colours that follow from the factors; all lengths are shares of the picture."""

    eye_y, brow_y, nose_y, mouth_y = 0.535, 0.45, 0.615, 0.685
    height, cy = 0.27, 0.505

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.cx = 0.5 + 0.02 * factors.turn
        self.width = 0.228 + 0.028 * factors.face_width
        self.angle = 0.36 * factors.turn
        self.skin = ramp(SKINS, factors.skin)
        self.shade = mix(self.skin, (120, 40, 50), 0.32)
        self.hair = ramp(HAIRS, factors.hair_colour)
        self.hair_dark = mix(self.hair, (20, 8, 30), 0.35)
        self.hair_light = mix(self.hair, (255, 236, 210), 0.32)
        self.iris = ramp(IRISES, factors.eye_colour)
        self.shirt = ramp(SHIRTS, factors.shirt)
        self.background = ramp(BACKGROUNDS, factors.background)

    def x(self, across: float) -> float:
        """The place of a feature, -1 to 1 across the unturned face, once the head has turned."""
        return self.cx + self.width * sin(asin(across) + self.angle)

    def narrowing(self, across: float) -> float:
        """How much narrower a feature there looks, 0 to 1."""
        return max(0.3, cos(asin(across) + self.angle))

    def edge(self, turn: float, grow: float = 0.0) -> tuple[float, float]:
        """A point of the head's outline, grown outwards by `grow`; turn 0 is the crown, .5 the chin."""
        side, up = sin(2 * pi * turn), cos(2 * pi * turn)
        jaw = 1 - 0.2 * max(0.0, -up) ** 1.6
        return self.cx + (self.width + grow) * side * jaw, self.cy - (self.height + grow) * up

    @cached_property
    def outline(self) -> list[tuple[float, float]]:
        return [self.edge(i / 72) for i in range(72)]

    @property
    def line(self) -> Colour:
        return mix(self.skin, INK, 0.62)
