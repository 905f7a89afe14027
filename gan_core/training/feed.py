"""Real images on their way to the networks: uint8 until they are on the device, floats in [-1, 1] there."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from gan_core import pixels
from gan_core.data.parts import Parts
from gan_core.training.batches import Batches

# The rest is for networks, activations and whoever else uses the GPU.
RESIDENT_SHARE = 0.5
UPLOAD_IMAGES = 4096


class HostFeed:
    """Batches gathered from memory or from a memory-mapped file."""

    def __init__(self, images: np.ndarray, batches: Batches):
        self.images, self.batches = images, batches

    def batch(self, nimg: int) -> torch.Tensor:
        """The images after `nimg` images, floats in [-1, 1], [batch_size, C, H, W]."""
        return pixels.to_float(torch.from_numpy(self.images[self.batches.indices(nimg)]))


class ResidentFeed:
    """The whole set on the GPU as uint8; a batch sends nothing there but its indices."""

    def __init__(self, images: np.ndarray | Parts, batches: Batches, device: torch.device):
        self.batches, self.device = batches, device
        self.images = torch.empty(images.shape, dtype=torch.uint8, device=device)
        for start in range(0, len(images), UPLOAD_IMAGES):
            part = np.array(images[start : start + UPLOAD_IMAGES])
            self.images[start : start + len(part)] = torch.from_numpy(part)

    def batch(self, nimg: int) -> torch.Tensor:
        """As `HostFeed.batch`, on the GPU."""
        indices = pinned(self.batches.indices(nimg), self.device).to(self.device, non_blocking=True)
        return pixels.to_float(self.images[indices])


class StreamedFeed:
    """A set larger than the GPU, or in parts on disk: while a batch is computed on, a thread gathers the next one.

    For a GPU it does so into pinned memory.
    """

    def __init__(self, images: np.ndarray | Parts, batches: Batches, device: torch.device):
        self.images, self.batches, self.device = images, batches, device
        self.thread = ThreadPoolExecutor(1, "feed")
        self.ahead: tuple[int, Future[torch.Tensor]] | None = None

    def batch(self, nimg: int) -> torch.Tensor:
        """As `HostFeed.batch`, on the GPU."""
        if self.ahead is None or self.ahead[0] != nimg:
            self._fetch(nimg)
        images = self.ahead[1].result()
        self._fetch(nimg + self.batches.batch_size)
        return pixels.to_float(images.to(self.device, non_blocking=True))

    def _fetch(self, nimg: int) -> None:
        self.ahead = nimg, self.thread.submit(self._gather, nimg)

    def _gather(self, nimg: int) -> torch.Tensor:
        return pinned(self.images[self.batches.indices(nimg)], self.device)


Feed = HostFeed | ResidentFeed | StreamedFeed


def pinned(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """The values in host memory from which a copy to that device waits for nothing."""
    values = torch.from_numpy(values)
    if device.type != "cuda":
        return values
    # A thread would else wake up the first GPU, whichever this process trains on.
    with torch.cuda.device(device):
        return values.pin_memory()


def choose(images: np.ndarray | Parts, batches: Batches, device: torch.device) -> Feed:
    """The fastest way for images uint8 [N, H, W, C] to that device: all of them kept there, if there is room."""
    if device.type != "cuda":
        return StreamedFeed(images, batches, device) if isinstance(images, Parts) else HostFeed(images, batches)
    free, _total = torch.cuda.mem_get_info(device)
    fits = images.nbytes <= RESIDENT_SHARE * free
    return (ResidentFeed if fits else StreamedFeed)(images, batches, device)
