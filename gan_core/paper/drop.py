"""Forgetting to draw an object by dropping the feature maps that draw it (section 6.3.1, figure 6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_core import pixels
from gan_core.config import require
from gan_core.latent import Point
from gan_core.models import Generator
from gan_core.paper.board import board, named_strip, strip
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.linear import logistic, margins_of, standardised
from gan_core.paper.subject import Subject

SAMPLES = 150  # as in the paper
SHOWN, NEW, FIRST_NEW = 10, 64, 30_000
CONTROLS = 4
TITLE = "Dropping feature maps"
PAPER = (
    "Figure 6: with all maps dropped to which a logistic regression on boxes around windows gave weights above 0, 200 "
    "of them, the generator mostly draws doors and mirrors where it would have drawn windows."
)


@dataclass(frozen=True)
class Box:
    """A rectangle over the object in a sample, in shares of the picture's width and height from its upper left."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self):
        ordered = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        require(ordered, "a box must lie within its picture and have a size")

    def cells(self, height: int, width: int) -> np.ndarray:
        """Which cells of a feature map have their middle in it, [height, width]; the nearest one if none has."""
        y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
        rows, columns = (y >= self.top) & (y < self.bottom), (x >= self.left) & (x < self.right)
        rows[np.abs(y - (self.top + self.bottom) / 2).argmin()] = True
        columns[np.abs(x - (self.left + self.right) / 2).argmin()] = True
        return rows[:, None] & columns


# Where aligned faces have their eyes; for other pictures simply a band in the upper middle.
DEFAULT = Box(0.15, 0.3, 0.85, 0.55)
UNATTENDED = (
    "Nobody drew boxes: the same one was put on all samples, over a band in the upper middle, which in aligned faces "
    "holds the eyes."
)


def drop(subject: Subject, boxes: list[tuple[Point, Box]] | None = None) -> Steps:
    """New samples with and without the maps that draw what the boxes hold."""
    G, given = subject.explorer.generator(), boxes or [(point, DEFAULT) for point in subject.points(SAMPLES)]
    require(G.config.architecture not in ("mlp", "dense"), "a fully connected generator has no feature maps to drop")
    yield 0.1
    maps, inside = collected(G, subject, given)
    yield 0.4
    weights, found = chosen(maps, inside)
    dropped = weights > 0
    require(bool(dropped.any()) and not bool(dropped.all()), "no map tells the boxes from the rest: draw other boxes")
    yield 0.6
    new = subject.points(NEW, FIRST_NEW)
    z, area = torch.from_numpy(subject.z(new)), mean_area(given, subject.config.model.image_size)
    images = {"as it is": rendered(G, z), "without them": rendered(G, z, dropped)}
    yield 0.8
    numbers = found | {"boxes": len(given), "maps": len(dropped), "dropped": int(dropped.sum())}
    numbers |= {"effect": effect(*images.values(), area), "control": control(G, z, dropped, area)}
    strips = [named_strip(name, strip(each[:SHOWN], 72)) for name, each in images.items()]
    strips.append(named_strip("as many others dropped", strip(rendered(G, z[:SHOWN], others(dropped, 0)), 72)))
    return Finding("drop", TITLE, PAPER, words(numbers, boxes is None), numbers, board(TITLE, *strips), new[:SHOWN])


def stage_of(G: Generator) -> torch.nn.Module:
    """The block whose output is the second highest of those that are feature maps, as large as there are in a small G.

    The paper drops 200 maps of it, so it has more; its highest has 128.
    """
    return G.blocks[max(len(G.blocks) - 2, 0)]


@contextmanager
def hooked(module: torch.nn.Module, hook) -> Iterator[None]:
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def rendered(G: Generator, z: Tensor, dropped: Tensor | None = None) -> np.ndarray:
    """The images uint8 of z, without the maps of the stage that are marked in `dropped` [maps]."""
    if dropped is None:
        return pixels.to_uint8(G(z))
    kept = (~dropped).float()[:, None, None]
    with hooked(stage_of(G), lambda _module, _inputs, maps: maps * kept):
        return pixels.to_uint8(G(z))


@torch.no_grad()
def collected(G: Generator, subject: Subject, boxes: list[tuple[Point, Box]]) -> tuple[Tensor, Tensor]:
    """The activations [P, maps] at places in the boxes and at as many others of the same pictures, and which are in."""
    found: list[Tensor] = []
    with hooked(stage_of(G), lambda _module, _inputs, maps: found.append(maps)):
        for part in torch.from_numpy(subject.z([point for point, _ in boxes])).split(32):
            G(part)
    rng, rows, inside = np.random.default_rng(0), [], []
    for maps, (_, box) in zip(torch.cat(found), boxes, strict=True):
        cells = box.cells(*maps.shape[1:]).reshape(-1)
        within, without = np.flatnonzero(cells), np.flatnonzero(~cells)
        number = min(len(within), len(without))
        places = np.concatenate([rng.permutation(within)[:number], rng.permutation(without)[:number]])
        rows.append(maps.flatten(1).T[places])
        inside += [1] * number + [0] * number
    require(bool(inside), "the boxes cover whole pictures: leave something outside to compare with")
    return torch.cat(rows).clone(), torch.tensor(inside)


def chosen(maps: Tensor, inside: Tensor) -> tuple[Tensor, dict]:
    """The logistic regression's weight of each map, and how often it is right about places it has not seen."""
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(maps)))
    training, held_out = order[len(order) // 5 :], order[: len(order) // 5]
    rows, unseen = standardised(maps[training], maps[held_out])
    weight = logistic(rows, inside[training].float())
    right = ((margins_of(unseen, weight)[:, 0] > 0) == inside[held_out].bool()).float().mean()
    # Dividing by a deviation changes no sign, and a map that never varies has no say.
    return weight[0, :-1], {"places": len(maps), "right_about_unseen_places": float(right)}


def mean_area(boxes: list[tuple[Point, Box]], side: int) -> np.ndarray:
    """Where the boxes lie on average, a share for each pixel."""
    return np.mean([box.cells(side, side) for _, box in boxes], axis=0)


def effect(before: np.ndarray, after: np.ndarray, area: np.ndarray) -> dict:
    """The mean change of a pixel, in grey levels, where the boxes were and elsewhere."""
    change = np.abs(before.astype(np.float32) - after).mean((0, 3))
    return {
        "inside": float((change * area).sum() / area.sum()),
        "outside": float((change * (1 - area)).sum() / max((1 - area).sum(), 1e-6)),
    }


def others(dropped: Tensor, seed: int) -> Tensor:
    """As many maps, by chance."""
    return dropped[torch.from_numpy(np.random.default_rng(seed).permutation(len(dropped)))]


def control(G: Generator, z: Tensor, dropped: Tensor, area: np.ndarray) -> dict:
    """The effect of as many maps chosen by chance, the mean of a few choices."""
    before = rendered(G, z)
    found = [effect(before, rendered(G, z, others(dropped, seed)), area) for seed in range(CONTROLS)]
    return {name: float(np.mean([each[name] for each in found])) for name in ("inside", "outside")}


def words(numbers: dict, unattended: bool) -> list[str]:
    ratios = [numbers[name]["inside"] / max(numbers[name]["outside"], 1e-6) for name in ("effect", "control")]
    return [
        *([UNATTENDED] if unattended else []),
        f"From {numbers['boxes']} boxes the regression is right about {numbers['right_about_unseen_places']:.0%} of "
        f"the places it has not seen (50% is chance); {numbers['dropped']} of {numbers['maps']} maps have weights "
        "above 0 and were dropped.",
        f"Pixels change {ratios[0]:.2f} times as much inside the boxes as outside; with as many maps dropped by chance "
        f"it is {ratios[1]:.2f} times. The more these two differ, the better the maps are told apart.",
    ]
