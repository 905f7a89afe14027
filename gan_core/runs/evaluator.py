"""How good the generator is, measured now and then while it trains."""

from __future__ import annotations

import time

import numpy as np

from gan_core.metrics import Diversity, SlicedWasserstein
from gan_core.metrics.images import drawn
from gan_core.runs.run_dir import MEASURED_SAMPLES
from gan_core.training.trainer import Trainer
from gan_core.training.verdicts import verdicts

FEWEST_IMAGES = 64
NUM_PAIRS = 128
JUDGED = 500
# Evaluating takes at most this share of a training.
SHARE = 0.05


class Evaluator:
    """Compares samples with a run's pictures, uint8 [N, H, W, C], at most every `eval_seconds` of training.

    Sets of fewer than 64 pictures are too small to compare with, and `eval_seconds` 0 turns evaluation off.
    """

    def __init__(self, images: np.ndarray, eval_seconds: float):
        self.images, self.eval_seconds = images, eval_seconds
        self.possible = eval_seconds > 0 and len(images) >= FEWEST_IMAGES
        self.evaluated_at, self.cost = 0.0, 0.0
        self._swd: SlicedWasserstein | None = None

    def due(self, trainer: Trainer, is_last: bool = False) -> bool:
        """Whether enough time has passed; after the last step, always."""
        pause = max(self.eval_seconds, self.cost / SHARE)
        return self.possible and (is_last or trainer.done or trainer.seconds - self.evaluated_at >= pause)

    def measure(self, trainer: Trainer) -> dict[str, float]:
        """`swd` and its floor, `diversity` and D's `accuracy/…`, for the metrics of a tick; takes a second or two."""
        if self._swd is None:
            self._prepare()
        began = time.monotonic()
        fakes = trainer.samples(self._swd.num_images)
        found = {"swd": self._swd.measure(fakes).mean, "swd_floor": self._floor}
        if self._diversity:
            found["diversity"] = self._diversity.measure(fakes).ratio
        found |= {f"accuracy/{kind}": share for kind, share in verdicts(trainer, JUDGED).items()}
        self.evaluated_at, self.cost = trainer.seconds, time.monotonic() - began
        return found

    def _prepare(self) -> None:
        reals = drawn(self.images, 2 * MEASURED_SAMPLES)
        self._swd = SlicedWasserstein(reals[:MEASURED_SAMPLES], MEASURED_SAMPLES)
        half = len(reals) // 2
        self._floor = SlicedWasserstein(reals[:half], MEASURED_SAMPLES).measure(reals[half : 2 * half]).mean
        try:
            self._diversity = Diversity(reals, NUM_PAIRS)
        except ValueError:  # the pictures are all alike
            self._diversity = None
