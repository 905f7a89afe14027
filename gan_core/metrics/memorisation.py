"""The training image nearest to each sample: has the generator learned the pictures by heart?

found = nearest(samples, reals, flip=True)
found.ratios.min()                          # near 0: a copy
to_pil(panel(samples, reals, found)).save("nearest.jpg")
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from gan_core.metrics.images import check_alike, drawn_indices
from gan_core.pixels import sheet

THUMBNAIL = 16
CHUNK = 2048
PICTURES_AT_ONCE = 256
NUM_REFERENCES = 1024
# A sample this much nearer to a training image than training images are to each other deserves a look.
COPY = 0.3
TINY = 1e-6


@dataclass(frozen=True)
class Nearest:
    """For each sample the index of its nearest training image, and whether that is mirrored, [N] each.

    `distances` [N] are root mean squares over the thumbnail, in grey levels of 255; `ratios` [N] are in units of
    `usual`, the median distance from a training image to the nearest other one. Smooth pictures are nearer to
    everything: 0.8 is no copy.
    """

    indices: np.ndarray
    mirrored: np.ndarray
    distances: np.ndarray
    usual: float

    @property
    def ratios(self) -> np.ndarray:
        return self.distances / max(self.usual, TINY)

    @property
    def num_copies(self) -> int:
        return int((self.ratios < COPY).sum())


@torch.inference_mode()
def nearest(
    samples: np.ndarray, reals: np.ndarray, flip: bool = False, num_references: int = NUM_REFERENCES
) -> Nearest:
    """Search uint8 [M, H, W, C] for the images nearest to uint8 [N, H, W, C], mirrored ones too with `flip`.

    Compared are thumbnails of 16x16 pixels with their colours: what is left out is texture, which a generator that
    copies gets wrong, and nothing is normalised away, so that only the same picture has no distance. The reals go
    by in chunks and may be mapped from disk. `usual` is measured on `num_references` of them.
    """
    check_alike(samples, reals)
    references = drawn_indices(len(reals), num_references)
    queries = torch.cat([thumbnails(samples), thumbnails(reals[references])])
    own = torch.cat([torch.full((len(samples),), -1), torch.from_numpy(references)])
    indices, mirrored = search(queries, own, reals, flip)
    distances = exact_distances(queries, reals, indices, mirrored)
    count = len(samples)
    usual = float(np.median(distances[count:]))
    return Nearest(indices[:count].numpy(), mirrored[:count].numpy(), distances[:count], usual)


class Neighbours:
    """The training images nearest to one picture after the other; the slow part is done once."""

    def __init__(self, reals: np.ndarray, flip: bool = False):
        self.reals = reals
        self.usual = nearest(np.array(reals[:2]), reals, flip).usual
        rows = [[] for _ in range(1 + flip)]
        for start in range(0, len(reals), CHUNK):
            chunk = reals[start : start + CHUNK]
            for way, turned in zip(rows, (chunk, chunk[:, :, ::-1]), strict=False):
                # Rounded, a quarter of the memory; the picture shown is at most half a grey level nearer or farther.
                way.append(thumbnails(turned).round().byte())
        self._thumbnails = [torch.cat(way) for way in rows]

    @torch.inference_mode()
    def of(self, image: np.ndarray, count: int) -> list[tuple[np.ndarray, float]]:
        """The `count` nearest to uint8 [H, W, C], nearest first, mirrored where that is nearer, each with its ratio."""
        query = thumbnails(image[None])
        ways = [
            torch.cat([(query - part.float()).square().mean(1) for part in way.split(CHUNK)]).sqrt()
            for way in self._thumbnails
        ]
        distances, turned = torch.stack(ways).min(0)
        order = distances.argsort()[:count].tolist()
        pictures = [self.reals[i][:, ::-1] if turned[i] else self.reals[i] for i in order]
        return [
            (picture, float(distances[i]) / max(self.usual, TINY)) for picture, i in zip(pictures, order, strict=True)
        ]


def search(
    queries: torch.Tensor, own: torch.Tensor, reals: np.ndarray, flip: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices [Q] of the reals nearest to the queries [Q, F], never `own` [Q], and whether mirrored ones are."""
    best = torch.full((len(queries),), torch.inf)
    indices, mirrored = torch.zeros(len(queries), dtype=torch.int64), torch.zeros(len(queries), dtype=torch.bool)
    for start in range(0, len(reals), CHUNK):
        chunk = reals[start : start + CHUNK]
        for turned in (False, True)[: 1 + flip]:
            squares = squared_distances(queries, thumbnails(chunk[:, :, ::-1] if turned else chunk))
            here = (own >= start) & (own < start + len(chunk))
            squares[here, own[here] - start] = torch.inf
            value, column = squares.min(1)
            better = value < best
            best[better], indices[better], mirrored[better] = value[better], column[better] + start, turned
    return indices, mirrored


def squared_distances(queries: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Between rows, [Q, M], less the queries' own squares, which do not change the order; one matrix product."""
    return others.square().sum(1) - 2 * queries @ others.T


def exact_distances(
    queries: torch.Tensor, reals: np.ndarray, indices: torch.Tensor, mirrored: torch.Tensor
) -> np.ndarray:
    """Root mean squares [Q] of the queries less the images found: from products a copy's would not be 0."""
    found = torch.cat([thumbnails(reals[part]) for part in indices.split(PICTURES_AT_ONCE)])
    turned = torch.cat([thumbnails(reals[part][:, :, ::-1]) for part in indices.split(PICTURES_AT_ONCE)])
    found = torch.where(mirrored[:, None], turned, found)
    return (queries - found).square().mean(1).sqrt().numpy()


def thumbnails(images: np.ndarray) -> torch.Tensor:
    """Area averages of uint8 [N, H, W, C] to 16x16 pixels at most, as rows of floats in [0, 255]."""
    side = min(THUMBNAIL, images.shape[1])
    rows = []
    for start in range(0, len(images), PICTURES_AT_ONCE):
        part = torch.from_numpy(np.array(images[start : start + PICTURES_AT_ONCE]))
        rows.append(adaptive_avg_pool2d(part.permute(0, 3, 1, 2).float(), side).flatten(1))
    return torch.cat(rows)


def panel(samples: np.ndarray, reals: np.ndarray, found: Nearest, count: int = 32) -> np.ndarray:
    """One picture [H, W, C] of the samples nearest to a training image, each at the left of that, the nearest first."""
    first = np.argsort(found.ratios, kind="stable")[:count]
    pairs = [np.concatenate([samples[i], training_image(reals, found, i)], axis=1) for i in first]
    return sheet(np.stack(pairs), columns=max(round((len(pairs) / 2) ** 0.5), 1), gap=4)


def training_image(reals: np.ndarray, found: Nearest, i: int) -> np.ndarray:
    image = reals[found.indices[i]]
    return image[:, ::-1] if found.mirrored[i] else image
