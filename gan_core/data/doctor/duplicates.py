"""Copies among many pictures, found by their sketches: the very same ones, and those saved again in another way.

Candidates share a band of a perceptual hash (a 256-bit dHash) and much the same brightness, so that 100,000 pictures
take seconds; then their sketches decide. Two aligned faces are far apart there, two saved forms of one are not.
"""

from __future__ import annotations

import hashlib

import numpy as np

from gan_core.data.doctor.look import COARSE, LUMA

GRID, BANDS = 16, 16
FLAT = 3  # levels of difference that count as none: in even areas noise would decide the bits
NEIGHBOURS = 24  # of the nearest brightness with the same band, that are compared
CHUNK = 4096
# Levels between two saved forms of one picture. Where all of the difference lies in one place, as between two
# expressions of one drawn face, they are two pictures.
MOST_LUMA, MOST_COLOUR, MOST_UNEVEN, NOISE = 14, 12, 4.5, 2
SPREAD = np.random.default_rng(0).permutation(GRID * GRID)


def find_copies(sketches: np.ndarray, areas: np.ndarray) -> dict[int, int]:
    """The pictures that are copies, each with the one it is a copy of: the largest of its group, else the first.

    Takes the sketches of `look`, uint8 [N, 1152], and the pixels of each picture [N].
    """
    distinct: dict[bytes, int] = {}
    twins: dict[int, int] = {}
    for index in np.lexsort((np.arange(len(areas)), -areas)).tolist():
        first = distinct.setdefault(hashlib.blake2b(sketches[index], digest_size=16).digest(), index)
        if first != index:
            twins[index] = first
    best_first = np.fromiter(distinct.values(), np.int64)
    near = {}
    # Only what is near to the kept one itself: a chain of small changes can lead far away.
    for kept, other in sorted(_close_pairs(sketches, best_first)):
        if kept not in near:
            near.setdefault(other, kept)
    near = {int(best_first[other]): int(best_first[kept]) for other, kept in near.items()}
    return near | {index: near.get(first, first) for index, first in twins.items()}


def _close_pairs(sketches: np.ndarray, order: np.ndarray) -> list[tuple[int, int]]:
    """The places in `order`, the lower first, of two sketches that show the same picture."""
    candidates = _candidates(*_hashes(sketches, order))
    found = []
    for start in range(0, len(candidates), CHUNK):
        pairs = candidates[start : start + CHUNK]
        a, b = (sketches[order[pairs[:, side]]] for side in (0, 1))
        found += map(tuple, pairs[_same_picture(a, b)].tolist())
    return found


def _hashes(sketches: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bands of each hash, uint16 [N, 16], and the picture's luma at 4×4, int16 [N, 16]."""
    bands, means = np.empty((len(order), BANDS), np.uint16), np.empty((len(order), 16), np.int16)
    for start in range(0, len(order), CHUNK):
        part = slice(start, start + CHUNK)
        grid = _blocks(sketches[order[part]][:, :LUMA].astype(np.float32), GRID)
        bits = (grid - np.roll(grid, -1, axis=2) > FLAT).reshape(len(grid), -1)
        # Bits of a band come from all over the picture: those of one row would often be alike.
        bands[part] = np.packbits(bits.take(SPREAD, axis=1), axis=1).view(np.uint16)
        means[part] = _blocks(grid.reshape(len(grid), -1), 4).reshape(-1, 16)
    return bands, means


def _candidates(bands: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Pairs of places [M, 2], the lower first, that share a band and are about as bright everywhere."""
    brightness, count, found = means.mean(1), len(means), [np.empty(0, np.int64)]
    for band in bands.T:
        order = np.lexsort((brightness, band))
        for step in range(1, min(NEIGHBOURS, count - 1) + 1):
            a, b = order[:-step], order[step:]
            alike = band[a] == band[b]
            a, b = a[alike], b[alike]
            alike = (np.abs(means[a] - means[b]) <= MOST_LUMA).all(1)
            found.append(np.minimum(a, b)[alike] * count + np.maximum(a, b)[alike])
    return np.stack(np.divmod(np.unique(np.concatenate(found)), max(count, 1)), 1)


def _same_picture(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether two sketches [N, 1152] each show the same picture, bool [N]."""
    difference = np.abs(a.astype(np.int16) - b)
    luma = _blocks(difference[:, :LUMA].astype(np.float32), COARSE).reshape(len(a), -1)
    most = luma.max(1)
    spread = most <= MOST_UNEVEN * luma.mean(1) + NOISE
    return (most <= MOST_LUMA) & spread & (difference[:, LUMA:].max(1, initial=0) <= MOST_COLOUR)


def _blocks(square: np.ndarray, grid: int) -> np.ndarray:
    """Means over blocks: [N, side × side] as [N, grid, grid]."""
    side = int(np.sqrt(square.shape[1]))
    return square.reshape(len(square), grid, side // grid, grid, side // grid).mean((2, 4))
