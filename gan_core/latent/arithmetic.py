"""Arithmetic on pictures: mean(a...) - mean(b...) + mean(c...) of their z (Radford et al. 2016, section 6.3.2).

Keys are what `Explorer.z` gives, float32 [input_dim]: z, and behind it the weights of the classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from gan_core.config import require
from gan_core.latent.explorer import Explorer, Point
from gan_core.latent.figure import LARGE, captioned, column, framed, picture, row, table, text
from gan_core.latent.paths import TINY, norm

SIGNS = (1, -1, 1)
# Half the width of the uniform noise, as in the paper; its z has 0.58 of ours' deviation, so this is gentler here.
NOISE = 0.25
NUM_NEIGHBOURS = 8
CENTRE = NUM_NEIGHBOURS // 2
RESULT_SIDE = 128


def combine(groups: Sequence[np.ndarray], latent_dim: int, signs: Sequence[int] = SIGNS) -> np.ndarray:
    """The signed sum of the groups' means, [N, D] each, as one key [D]; an empty group counts for nothing.

    Class weights are added likewise and put back among weights that can be: none below 0, 1 together. ValueError if
    there is nothing to add.
    """
    given = [(sign, mean(group)) for sign, group in zip(signs, groups, strict=True) if len(group)]
    require(any(sign > 0 for sign, _ in given), "choose at least one picture to add")
    total = sum(sign * each for sign, each in given)
    added = sum(each for sign, each in given if sign > 0)
    weights = total[latent_dim:] if total[latent_dim:].max(initial=0) > TINY else added[latent_dim:]
    return np.concatenate([total[:latent_dim], shares(weights)]).astype(np.float32)


def mean(keys: np.ndarray) -> np.ndarray:
    return np.asarray(keys, np.float64).mean(0)


def shares(weights: np.ndarray) -> np.ndarray:
    """The weights without those below 0, in proportion, 1 together."""
    positive = np.maximum(weights, 0)
    return positive / max(positive.sum(), TINY)


def on_shell(keys: np.ndarray, latent_dim: int) -> np.ndarray:
    """Keys [..., D] whose z has the length that z of so many numbers usually has: the generator knows no other.

    The mean of three has little more than half of it. A z of no length stays as it is.
    """
    z = keys[..., :latent_dim]
    longer = z * (latent_dim**0.5 / np.maximum(norm(z), TINY))
    return np.concatenate([longer, keys[..., latent_dim:]], -1).astype(np.float32)


def neighbours(
    key: np.ndarray, latent_dim: int, noise: float = NOISE, count: int = NUM_NEIGHBOURS, seed: int = 0
) -> np.ndarray:
    """Keys [count, D] around one, its z with uniform noise of up to `noise` either way; the same on every call."""
    around = np.repeat(key[None], count, 0)
    around[:, :latent_dim] += np.random.default_rng(seed).uniform(-noise, noise, (count, latent_dim))
    return around


def in_pixels(groups: Sequence[np.ndarray], signs: Sequence[int] = SIGNS) -> np.ndarray:
    """The same sum of the pictures themselves, uint8 [N, H, W, C] each, to compare with: one uint8 [H, W, C]."""
    total = sum(sign * mean(group) for sign, group in zip(signs, groups, strict=True) if len(group))
    return np.clip(np.round(total), 0, 255).astype(np.uint8)


def difference(a: np.ndarray, b: np.ndarray, latent_dim: int) -> np.ndarray:
    """The direction from mean(b) to mean(a), a unit vector [latent_dim]. ValueError where there is none."""
    require(len(a) > 0 and len(b) > 0, "a direction leads from pictures in B to pictures in A: choose some of both")
    way = (mean(a) - mean(b))[:latent_dim]
    require(float(norm(way)[0]) > 1e-6, "A and B have the same mean, so no direction leads from one to the other")
    return (way / norm(way)).astype(np.float32)


class Sum:
    """mean(a) - mean(b) + mean(c) of points, as keys and as pictures.

    With `shell` every z is put on the shell before it is shown; the sum is one of the means as they are.
    """

    def __init__(self, explorer: Explorer, groups: Sequence[Sequence[Point]], noise: float = NOISE, shell: bool = True):
        self.explorer, self.noise, self.shell = explorer, noise, shell
        self.latent_dim = explorer.config.model.latent_dim
        self.groups = [explorer.keys(group) for group in groups]

    def result(self) -> np.ndarray:
        """The key [D] of the sum. ValueError if there is nothing to add."""
        return self._shown(combine(self.groups, self.latent_dim))

    def around(self) -> np.ndarray:
        """Keys [9, D]: the result in the middle of its neighbours, row by row."""
        middle = combine(self.groups, self.latent_dim)
        noisy = neighbours(middle, self.latent_dim, self.noise)
        return self._shown(np.concatenate([noisy[:CENTRE], middle[None], noisy[CENTRE:]]))

    def means(self) -> list[np.ndarray | None]:
        """The key of each group's mean, None for an empty one."""
        return [self._shown(mean(group)) if len(group) else None for group in self.groups]

    def figure(self, names: Sequence[str] = ("", "", "")) -> Image.Image:
        """The paper's figure 7: columns of exemplars above their means, and the sum amid its neighbours.

        Below them the same sum of the pictures themselves.
        """
        pictures = [self.explorer.render_z(group) if len(group) else group for group in self.groups]
        pieces = []
        for sign, name, exemplars, middle in zip(SIGNS, names, pictures, self.means(), strict=True):
            if middle is None:
                continue
            if pieces or sign < 0:
                pieces.append(text("+" if sign > 0 else "−", LARGE))
            pieces.append(self._column(name, exemplars, middle))
        return framed(row([*pieces, text("=", LARGE), self._answer(pictures)], gap=14))

    def _column(self, name: str, exemplars: np.ndarray, middle: np.ndarray) -> Image.Image:
        shown = column([picture(image) for image in exemplars])
        titled = [text(name, width=shown.width)] if name else []
        average = captioned(picture(self.explorer.render_z(middle[None])[0]), "mean of z")
        return column([*titled, shown, average], gap=12)

    def _answer(self, pictures: list[np.ndarray]) -> Image.Image:
        nine = table([picture(image, RESULT_SIDE) for image in self.explorer.render_z(self.around())], columns=3)
        words = f"in the middle the sum of the means; around it with noise of ±{self.noise:g}"
        plain = captioned(picture(in_pixels(pictures)), "the same in pixels")
        return column([captioned(nine, words), plain], gap=16)

    def _shown(self, keys: np.ndarray) -> np.ndarray:
        return on_shell(keys, self.latent_dim) if self.shell else keys.astype(np.float32)
