"""The order in which a training sees its images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

COMPACT = np.int32  # of an epoch's order, which is kept for each of all images


class Batches:
    """An endless stream over the images: every epoch is a new permutation, a pure function of the seed and the epoch.

    So the position in the data is one number, the images seen, and a resumed run goes on exactly where it was. Of all
    images, `num_held_out` are never shown. `share` takes what this process shows of a batch, if it is one of several.
    """

    def __init__(
        self,
        num_images: int,
        batch_size: int,
        seed: int,
        num_held_out: int = 0,
        share: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self.num_images, self.batch_size, self.seed = num_images - num_held_out, batch_size, seed
        order = _shuffled(num_images, seed) if num_held_out else np.arange(num_images, dtype=COMPACT)
        self.shown, self.held_out = np.sort(order[num_held_out:]), np.sort(order[:num_held_out])
        self.share = share
        self.epoch, self.order = -1, np.empty(0, COMPACT)

    def indices(self, nimg: int) -> np.ndarray:
        """The images that the batch after `nimg` images shows, [batch_size] or a share of it.

        It may run into the next epochs.
        """
        parts, wanted = [], self.batch_size
        while wanted:
            epoch, start = divmod(nimg, self.num_images)
            part = self.permutation(epoch)[start : start + wanted]
            parts.append(part)
            nimg, wanted = nimg + len(part), wanted - len(part)
        batch = np.concatenate(parts, dtype=np.int64)
        return self.share(batch) if self.share else batch

    def permutation(self, epoch: int) -> np.ndarray:
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.shown[_shuffled(self.num_images, [self.seed, epoch])]
        return self.order


def _shuffled(count: int, seed: int | list[int]) -> np.ndarray:
    """The numbers below `count` as `Generator.permutation` would order them, in half its memory."""
    order = np.arange(count, dtype=COMPACT)
    np.random.default_rng(seed).shuffle(order)
    return order
