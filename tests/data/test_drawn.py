import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

from gan_core.data.drawn import HAIR_STYLES, Factors, draw, factors

PLAIN = Factors(
    skin=0.2, hair_colour=0.3, hair_style="crop", hair_length=0.2, smile=0.0, mouth_open=0.0, eye_colour=0.0,
    eye_size=0.0, brows=0.0, blush=0.2, glasses=False, face_width=0.0, turn=0.0, shirt=0.0, background=0.5,
)  # fmt: skip


def changed(**other) -> np.ndarray:
    """Where a changed factor visibly changes the plain face, bool [64, 64]."""
    before, after = draw(PLAIN, 64).astype(int), draw(replace(PLAIN, **other), 64).astype(int)
    return np.abs(before - after).max(axis=-1) > 12


def rows(mask: np.ndarray) -> tuple[int, int]:
    found = np.flatnonzero(mask.any(axis=1))
    return int(found[0]), int(found[-1])


def test_a_seed_gives_the_same_bytes_in_another_process():
    here = draw(factors(5), 64).tobytes()
    code = "from gan_core.data import *; open(1, 'wb').write(draw(factors(5), 64).tobytes())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == here


def test_seeds_give_different_faces_within_the_stated_ranges():
    drawn = [factors(seed) for seed in range(200)]
    assert len({draw(f, 16).tobytes() for f in drawn}) == 200
    assert {f.hair_style for f in drawn} == set(HAIR_STYLES)
    for name in ("smile", "eye_size", "brows", "face_width", "turn"):
        values = [getattr(f, name) for f in drawn]
        assert -1 <= min(values) < -0.5 and 0.5 < max(values) <= 1, name
    for name in ("skin", "hair_colour", "hair_length", "mouth_open", "blush", "shirt", "background"):
        values = [getattr(f, name) for f in drawn]
        assert 0 <= min(values) < 0.1 and 0.9 < max(values) <= 1, name


@pytest.mark.parametrize("size", [16, 28, 64, 100, 256])
def test_any_size(size):
    pixels = draw(PLAIN, size)
    assert pixels.shape == (size, size, 3) and pixels.dtype == np.uint8


def test_sizes_show_the_same_face():
    small = draw(PLAIN, 256).reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - draw(PLAIN, 64)).mean() < 3


OTHER = {
    "skin": 0.9, "hair_colour": 0.9, "hair_style": "bun", "hair_length": 1.0, "smile": 1.0, "mouth_open": 1.0,
    "eye_colour": 1.0, "eye_size": 1.0, "brows": 1.0, "blush": 1.0, "glasses": True, "face_width": 1.0, "turn": 1.0,
    "shirt": 1.0, "background": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("name", [field.name for field in fields(Factors)])
def test_every_factor_shows(name):
    assert changed(**{name: OTHER[name]}).sum() >= 8


@pytest.mark.parametrize(
    ("name", "top", "bottom"),
    [("glasses", 28, 41), ("eye_colour", 30, 38), ("smile", 40, 48), ("mouth_open", 40, 52), ("brows", 24, 32)],
)
def test_a_local_factor_changes_only_its_place(name, top, bottom):
    first, last = rows(changed(**{name: OTHER[name]}))
    assert top <= first and last <= bottom


def test_the_corners_of_a_smile_rise():
    def corner(smile):
        face = draw(replace(PLAIN, smile=smile), 256)[160:200, 105:112].astype(int)
        return np.argmin(face.sum(axis=(1, 2)))

    assert corner(1.0) < corner(0.0) < corner(-1.0)


def test_turning_mirrors_the_eyes():
    def eyes(turn):
        white = draw(replace(PLAIN, turn=turn, skin=0.8), 128)[62:74].min(axis=-1) > 235
        return np.flatnonzero(white.any(axis=0)).mean()

    assert eyes(-1.0) < eyes(0.0) - 4 and eyes(1.0) > eyes(0.0) + 4
