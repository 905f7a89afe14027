"""The known factors behind a drawn face."""

from dataclasses import dataclass

import numpy as np

HAIR_STYLES = ("crop", "quiff", "fringe", "parted", "curls", "bun")


@dataclass(frozen=True)
class Factors:
    """Everything that decides a drawn face; its picture is a function of these alone."""

    skin: float  # 0 light … 1 dark
    hair_colour: float  # 0 black … brown, red, blond … 1 silver
    hair_style: str  # one of HAIR_STYLES
    hair_length: float  # 0 short … 1 on the shoulders
    smile: float  # -1 sad … 1 happy
    mouth_open: float  # 0 closed … 1 wide
    eye_colour: float  # 0 brown … green … 1 blue
    eye_size: float  # -1 small … 1 large
    brows: float  # -1 stern … 1 surprised
    blush: float  # 0 … 1
    glasses: bool
    face_width: float  # -1 narrow … 1 wide
    turn: float  # -1 to the left of the picture … 1 to the right
    shirt: float  # 0 … 1 along a palette
    background: float  # 0 … 1 along a palette


def factors(seed: int) -> Factors:
    """The factors of face number `seed`."""
    rng = np.random.default_rng(seed)
    style = HAIR_STYLES[rng.integers(len(HAIR_STYLES))]
    glasses = bool(rng.random() < 0.3)
    skin, hair_colour, hair_length, eye_colour, blush, shirt, background = rng.random(7).tolist()
    eye_size, brows, face_width, turn = rng.uniform(-1, 1, 4).tolist()
    smile = 2 * rng.beta(2.2, 1.3) - 1
    mouth_open = max(0.0, rng.uniform(-0.7, 1))
    return Factors(
        skin=skin, hair_colour=hair_colour, hair_style=style, hair_length=hair_length, smile=float(smile),
        mouth_open=float(mouth_open), eye_colour=eye_colour, eye_size=eye_size, brows=brows, blush=blush,
        glasses=glasses, face_width=face_width, turn=turn, shirt=shirt, background=background,
    )  # fmt: skip
