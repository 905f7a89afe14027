"""Treating a run that has fallen ill: by itself a few times, or when its owner asks."""

from __future__ import annotations

import contextlib
import time

import numpy as np

from gan_core.config import Config
from gan_core.data.parts import Parts
from gan_core.runs.checkpoint import load_state
from gan_core.runs.diagnosis import diagnose
from gan_core.runs.run_dir import RunDir
from gan_core.training.health import Verdict, was_well
from gan_core.training.trainer import Trainer

MOST_TREATMENTS = 3
THUMBNAIL = 8
CHUNK = 2048


class Healer:
    """Looks after one run and its trainer; what was done is written to the run's history."""

    def __init__(self, run: RunDir):
        self.run = run

    def due(self, config: Config) -> Verdict | None:
        """The verdict to act on after a tick, if there is one that something can be done about."""
        asked = self.run.take_heal_request()
        if not (asked or self.may_treat(config)):
            return None
        verdict = diagnose(self.run, config)
        return verdict if verdict.cure else None

    def may_treat(self, config: Config) -> bool:
        """Whether it may act without being asked."""
        return config.train.auto_heal and len(self.run.history()) < MOST_TREATMENTS

    def treat(self, trainer: Trainer, verdict: Verdict) -> Trainer:
        """The trainer to go on with, under the verdict's cure and, if that says so, from an earlier state or anew."""
        before, ill_at = trainer.config, trainer.nimg
        config = before.with_options(**verdict.cure)
        state = self._healthy_state(before) if verdict.roll_back else None
        if verdict.roll_back and state is None:
            options = {"labels": trainer.inputs.labels, "group": trainer.group}
            trainer = Trainer(config, trainer.images, trainer.device, **options)
        else:
            trainer.retune(config)
        if state:
            trainer.load_state_dict(state)
        self._forget_later(trainer.nimg)
        self.run.write_config(config)
        changes = {name: [getattr(before.train, name), value] for name, value in verdict.cure.items()}
        self.run.append_history(
            {
                "nimg": trainer.nimg, "ill_at": ill_at, "time": round(time.time(), 3), "verdict": verdict.name,
                "headline": verdict.headline, "advice": verdict.advice, "changes": changes,
            }
        )  # fmt: skip
        return trainer

    def _healthy_state(self, config: Config) -> dict | None:
        """The state with the best samples, else the newest, of those from before the illness that can be loaded."""
        well = {row["nimg"] for row in self.run.metrics() if was_well(config, row)}
        best = self.run.best_state()
        for path in [*([best] if best else []), *self.run.states()]:
            with contextlib.suppress(ValueError):
                if int(path.stem) in well:
                    return load_state(path)
        return None

    def _forget_later(self, nimg: int) -> None:
        for path in self.run.states():
            if int(path.stem) > nimg:
                path.unlink()
        self.run.rewind(nimg)


def distinct(images: np.ndarray | Parts) -> float:
    """How many different thumbnails uint8 images [N, H, W, C] have, as a share of N."""
    step = -(-images.shape[1] // THUMBNAIL)
    chunks = (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))
    marks = np.concatenate([_marks(chunk[:, ::step, ::step].reshape(len(chunk), -1)) for chunk in chunks])
    return len(np.unique(marks)) / len(images)


def _marks(rows: np.ndarray) -> np.ndarray:
    """A number uint64 [N] for each row of uint8 [N, F], the same for equal rows and hardly ever for others."""
    weights = np.random.default_rng(0).integers(2**64, size=rows.shape[1], dtype=np.uint64)
    return rows.astype(np.uint64) @ weights
