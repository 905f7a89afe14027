"""A short trial of a training before a long one: how fast it is, what it needs, and when there is something to see.

python -m gan_core preflight --data photos.zip --size 64 --minutes 10
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil
import torch

from gan_core import memory, words
from gan_core.config import MAX_BATCH, Config, TrainConfig
from gan_core.training import precision
from gan_core.training.graph import WARM_UP
from gan_core.training.trainer import Trainer

STEPS = 20
SECONDS = 20.0  # a trial of slow steps ends after fewer of them
LARGER_SECONDS = 15.0
SAFE_SHARE = 0.9
BUSY_CORES = 0.3
# When most of 64 fixed samples are faces: 12 kimg of celeba-10k at 64 px with the preset `dcgan`, in batches of 32.
RECOGNISABLE_STEPS = 375


@dataclass(frozen=True)
class Preflight:
    """What a trial found.

    `others_cores` is how many processor cores other programs used meanwhile, `largest_batch` the largest power of two
    that fits into `memory_bytes`.
    """

    device: str
    batch_size: int
    num_parts: int
    img_per_sec: float
    others_cores: float
    peak_bytes: int
    memory_bytes: int
    largest_batch: int
    seconds_to_samples: float
    kimg: float | None
    seconds: float | None

    def sentences(self) -> list[str]:
        """The findings for people, the most important first."""
        found = [f"{words.rate(self.img_per_sec)} with batches of {self.batch_size}, {self.device}"]
        if self.others_cores > BUSY_CORES:
            found.append(
                f"other programs, perhaps your browser, kept {self.others_cores:.1f} of {psutil.cpu_count()} processor "
                "cores busy meanwhile: without them it would be faster, often several times"
            )
        found.append(f"the first recognisable samples after about {words.duration(self.seconds_to_samples)}")
        if self.seconds is not None:
            seen = f"{round(self.kimg * 1000, -2):,.0f} pictures"
            found.append(f"in {words.duration(self.seconds)} the networks will have seen {seen}")
        if self.num_parts > 1:
            found.append(f"too little memory for that batch at once: computed in {self.num_parts} parts")
        used, there = words.memory(self.peak_bytes), words.memory(self.memory_bytes)
        found.append(f"it takes {used} of {there} of memory; batches of up to {self.largest_batch:,} would fit")
        return found


def preflight(
    config: Config,
    images: np.ndarray,
    on_step: Callable[[int, int], None] | None = None,
    labels: np.ndarray | None = None,
) -> Preflight:
    """Train new networks on uint8 images [N, H, W, C] for 20 steps and throw them away.

    `on_step(done, total)` may raise to cancel; `labels` [N] go with the config's classes.
    """
    trainer, train = Trainer(config, images, labels=labels), config.train
    # Preparing the pictures may have taken more than training will.
    memory.forget_peak(trainer.device)
    half = _peak_at(trainer, train.batch_size // 2)
    # The first steps are slower: libraries prepare for their shapes, and a GPU records them.
    for _ in range(WARM_UP + 1):
        trainer.step()
    busy = _busy_others()
    img_per_sec = _speed(trainer, on_step or (lambda done, total: None))
    others_cores = busy()
    num_parts, peak, there = trainer.learn.num_parts, memory.peak(trainer.device), memory.available(trainer.device)
    per_image = (peak - half) / (train.batch_size - train.batch_size // 2)
    larger = 4 * train.batch_size
    if peak + per_image * larger < SAFE_SHARE * there and larger / img_per_sec < LARGER_SECONDS:
        # A small batch alone would let every fixed cost look like the images' own.
        per_image = (_peak_at(trainer, larger) - peak) / (larger - train.batch_size)
    room = (SAFE_SHARE * there - peak) / max(per_image, 1) + train.batch_size
    return Preflight(
        device=precision.describe(trainer.precision, trainer.device),
        batch_size=train.batch_size,
        num_parts=num_parts,
        img_per_sec=img_per_sec,
        others_cores=others_cores,
        peak_bytes=peak,
        memory_bytes=there,
        largest_batch=2 ** int(math.log2(min(max(room, 1), MAX_BATCH))),
        seconds_to_samples=RECOGNISABLE_STEPS * train.batch_size / img_per_sec,
        **_goal(train, img_per_sec),
    )


def _peak_at(trainer: Trainer, batch_size: int) -> int:
    """The most memory so far, after one step at that batch size. Ask in rising order: a peak never falls."""
    model = trainer.config.model
    real = torch.zeros(batch_size, model.channels, model.image_size, model.image_size, device=trainer.device)
    z = torch.zeros(batch_size, model.input_dim, device=trainer.device)
    trainer.learn(real.to(memory_format=torch.channels_last), z.normal_())
    return memory.peak(trainer.device)


def _speed(trainer: Trainer, on_step: Callable[[int, int], None]) -> float:
    """Images a second over 20 steps, or those that fit into 20 seconds."""
    trainer.wait()
    began = time.monotonic()
    for done in range(1, STEPS + 1):
        trainer.step()
        on_step(done, STEPS)
        if time.monotonic() - began > SECONDS:
            break
    trainer.wait()
    return done * trainer.config.train.batch_size / (time.monotonic() - began)


def _busy_others() -> Callable[[], float]:
    """Start watching; the result tells how many cores other programs have used since."""
    psutil.cpu_percent()
    began, own = time.monotonic(), time.process_time()

    def cores() -> float:
        every = psutil.cpu_percent() / 100 * psutil.cpu_count()
        return max(every - (time.process_time() - own) / (time.monotonic() - began), 0.0)

    return cores


def _goal(train: TrainConfig, img_per_sec: float) -> dict[str, float | None]:
    """How many thousand images the run will see and how long that takes; None without a goal."""
    by_images = train.kimg * 1000 / img_per_sec if train.kimg else math.inf
    seconds = min(by_images, train.minutes * 60 if train.minutes else math.inf)
    if seconds == math.inf:
        return {"kimg": None, "seconds": None}
    # Not computed back from the seconds where the images are the goal: 5 kimg must not read 4.999.
    return {"kimg": train.kimg if seconds == by_images else seconds * img_per_sec / 1000, "seconds": seconds}
