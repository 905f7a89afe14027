"""The training process: it drives a Trainer and writes what happens into the run directory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gan_core import pixels
from gan_core.config import Config
from gan_core.data import Store, load_store, prepare
from gan_core.home import datasets
from gan_core.runs.checkpoint import load_state, save_generator, save_state
from gan_core.runs.evaluator import Evaluator
from gan_core.runs.run_dir import RunDir, Status
from gan_core.training import precision
from gan_core.training.inputs import COLUMNS
from gan_core.training.trainer import Notice, Tick, Trainer
from gan_core.words import memory

HEARTBEAT_SECONDS = 1.0
Z_FOR_FINAL_BATCH_NORM = 2048


class StopRequested(Exception):
    """Somebody asked to stop before training began."""


class Worker:
    """Trains one run until its goal or until it is asked to stop; `watch` sees every status and every tick."""

    def __init__(self, run: RunDir, pid: int, should_stop: Callable[[], bool], watch: Callable[[Status | Tick], None]):
        self.run, self.signalled, self.watch = run, should_stop, watch
        self.status = Status(pid=pid)
        self.saved_at = 0.0

    def work(self) -> Status:
        """The final status. RunBusy if another process has the run; errors are recorded before they are raised."""
        with self.run.claim():
            before = self.run.status()
            self.status = replace(self.status, nimg=before.nimg, seconds=before.seconds)
            try:
                self._train()
            except StopRequested:
                self._report(state="stopped", message="stopped before the first step")
            except (ValueError, FloatingPointError, OSError, MemoryError) as error:
                self._report(state="failed", message=str(error) or "out of memory")
                raise
            except BaseException as error:
                self._report(state="failed", message=f"an unexpected {type(error).__name__}; log.txt has the details")
                raise
            finally:
                self.run.clear_stop()
            return self.status

    def _train(self) -> None:
        trainer = self._open_trainer()
        self._report(state="training", message="", nimg=trainer.nimg, seconds=trainer.seconds)
        self.saved_at = trainer.seconds
        for event in trainer.run():
            if isinstance(event, Tick):
                self._record(trainer, event)
            elif isinstance(event, Notice):
                self._report(message=event.message)
            elif self._stopping():
                return self._finish(trainer, "stopped")
            self._heartbeat(trainer)
        return self._finish(trainer, "done")

    def _open_trainer(self) -> Trainer:
        config = self.run.config()
        device = precision.default_device()
        precise = precision.describe(precision.choose(config.train.precision, device), device)
        self._report(state="preparing", message="looking at the pictures", device=precise)
        store = self._open_store(config)
        self.run.write_data(store)
        self._report(message="building the networks")
        trainer = Trainer(self._with_classes(config, store), store.images, device, labels=store.labels)
        self._restore(trainer)
        self.evaluator = Evaluator(store.images, config.train.eval_seconds)
        self.evaluator.evaluated_at = trainer.seconds
        return trainer

    def _with_classes(self, config: Config, store: Store) -> Config:
        """The run's config with the classes of its pictures, which a run that has begun cannot change."""
        if config.model.classes == store.classes:
            return config
        if self.run.states():
            raise ValueError("the classes of the pictures are no longer those that this run was trained on")
        config = config.with_options(classes=store.classes)
        self.run.write_config(config)
        return config

    def _open_store(self, config: Config) -> Store:
        """The run's pictures; those prepared earlier if their source has gone since."""
        model, earlier = config.model, self.run.data().get("store")
        try:
            return prepare(
                config.train.data,
                model.image_size,
                model.channels,
                datasets(),
                self._preparing,
                labels=config.train.labels,
                data_root=config.train.data_root,
                on_download=self._downloading,
                duplicates=config.train.duplicates,
            )
        except ValueError:
            if not (earlier and self.run.states()):
                raise
            return load_store(Path(earlier))

    def _preparing(self, done: int, total: int) -> None:
        if self._stopping():
            raise StopRequested
        self._report(message=f"reading the pictures: {done:,} of {total:,}", prepared=done / max(total, 1))

    def _downloading(self, done: int, total: int) -> None:
        if self._stopping():
            raise StopRequested
        message = f"downloading the pictures: {memory(done)} of {memory(total)}"
        self._report(message=message, prepared=done / max(total, 1))

    def _restore(self, trainer: Trainer) -> None:
        """Load the newest state that can be loaded; a run without any starts from the beginning."""
        states = self.run.states()
        for path in states:
            try:
                trainer.load_state_dict(load_state(path))
            except ValueError:
                continue
            break
        else:
            if states:
                raise ValueError("none of this run's saved states can be loaded: they are damaged or belong elsewhere")
        self.run.rewind(trainer.nimg)

    def _record(self, trainer: Trainer, tick: Tick) -> None:
        if self.evaluator.due(trainer):
            tick = replace(tick, metrics=tick.metrics | self.evaluator.measure(trainer))
            best = self.run.best_row()
            if best is None or tick.metrics["swd"] < best["swd"]:
                save_generator(self.run.best, trainer.G_ema, trainer.config, trainer.nimg)
        line = {"nimg": tick.nimg, "seconds": round(tick.seconds, 3), "time": round(time.time(), 3), **tick.metrics}
        self.run.append_metrics(line)
        self.run.add_sample(tick.nimg, pixels.jpeg(pixels.sheet(trainer.sample(), COLUMNS)))
        save_generator(self.run.generator, trainer.G_ema, trainer.config, trainer.nimg)
        if tick.seconds - self.saved_at >= trainer.config.train.save_seconds:
            self._save(trainer)
        self.watch(tick)

    def _save(self, trainer: Trainer) -> None:
        save_state(self.run.state_path(trainer.nimg), trainer.state_dict())
        self.run.prune_states()
        self.saved_at = trainer.seconds

    def _finish(self, trainer: Trainer, state: str) -> None:
        if trainer.has_news:
            self._record(trainer, trainer.tick())
        self._save(trainer)
        trainer.refresh_ema(Z_FOR_FINAL_BATCH_NORM)
        save_generator(self.run.generator, trainer.G_ema, trainer.config, trainer.nimg)
        self._report(state=state, nimg=trainer.nimg, seconds=trainer.seconds)

    def _stopping(self) -> bool:
        return self.signalled() or self.run.stop_requested()

    def _heartbeat(self, trainer: Trainer) -> None:
        if time.time() - self.status.heartbeat >= HEARTBEAT_SECONDS:
            self._report(nimg=trainer.nimg, seconds=trainer.seconds)

    def _report(self, **changes: object) -> None:
        self.status = replace(self.status, heartbeat=time.time(), **changes)
        self.run.write_status(self.status)
        self.watch(self.status)
