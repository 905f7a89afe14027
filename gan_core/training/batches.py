"""The order in which a training sees its images."""

from __future__ import annotations

import numpy as np


class Batches:
    """An endless stream over the images: every epoch is a new permutation, a pure function of the seed and the epoch.

    So the position in the data is one number, the images seen, and a resumed run goes on exactly where it was. Of all
    images, `num_held_out` are never shown.
    """

    def __init__(self, num_images: int, batch_size: int, seed: int, num_held_out: int = 0):
        self.num_images, self.batch_size, self.seed = num_images - num_held_out, batch_size, seed
        order = np.random.default_rng(seed).permutation(num_images) if num_held_out else np.arange(num_images)
        self.shown, self.held_out = np.sort(order[num_held_out:]), np.sort(order[:num_held_out])
        self.epoch, self.order = -1, np.empty(0, np.int64)

    def indices(self, nimg: int) -> np.ndarray:
        """The images that the batch after `nimg` images shows, [batch_size]; it may run into the next epochs."""
        parts, wanted = [], self.batch_size
        while wanted:
            epoch, start = divmod(nimg, self.num_images)
            part = self.permutation(epoch)[start : start + wanted]
            parts.append(part)
            nimg, wanted = nimg + len(part), wanted - len(part)
        return np.concatenate(parts)

    def permutation(self, epoch: int) -> np.ndarray:
        if epoch != self.epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.num_images)
            self.epoch, self.order = epoch, self.shown[order]
        return self.order
