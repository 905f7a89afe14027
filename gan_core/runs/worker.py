"""The training process: it drives a Trainer and writes what happens into the run directory."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gan_core import pixels
from gan_core.config import Config
from gan_core.data import Store, load_store, prepare
from gan_core.home import datasets
from gan_core.runs import disk, saving
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.evaluator import Evaluator
from gan_core.runs.follower import beginning
from gan_core.runs.healer import Healer, distinct
from gan_core.runs.pruning import snapshot_due
from gan_core.runs.run_dir import RunDir, Status, best_of
from gan_core.runs.tracking import tracked
from gan_core.training import precision
from gan_core.training.group import ALONE, Group, RankLost, in_words
from gan_core.training.health import Verdict, diverged
from gan_core.training.inputs import COLUMNS
from gan_core.training.trainer import Notice, Tick, Trainer
from gan_core.words import memory

HEARTBEAT_SECONDS = 1.0
Z_FOR_FINAL_BATCH_NORM = 2048


class StopRequested(Exception):
    """Somebody asked to stop before training began."""


class Worker:
    """Trains one run until its goal or until it is asked to stop; `watch` sees every status and every tick.

    In a group of processes it is that of rank 0, and all others follow it.
    """

    def __init__(
        self,
        run: RunDir,
        pid: int,
        should_stop: Callable[[], bool],
        watch: Callable[[Status | Tick], None],
        group: Group = ALONE,
    ):
        assert group.rank == 0
        self.group = group
        self.run, self.signalled, self.watch = run, should_stop, watch
        self.status = Status(pid=pid)
        self.saved_at, self.reported_at = 0.0, 0.0
        self.healer = Healer(run)

    def work(self) -> Status:
        """The final status. RunBusy if another process has the run; errors are recorded before they are raised."""
        self.run.config()  # a run of a newer format is not touched
        with self.run.claim():
            self.run.sweep()
            before = self.run.status()
            self.status = replace(self.status, nimg=before.nimg, seconds=before.seconds)
            try:
                with tracked(self.run) as self.track:
                    self._train()
            except StopRequested:
                self._report(state="stopped", message="stopped before the first step")
            except RankLost as error:
                self._lose(error)
                raise
            except BaseException as error:
                self._fail(in_words(error))
                raise
            return self.status

    def _train(self) -> None:
        trainer = self._open_trainer()
        self._report(state="training", message="", nimg=trainer.nimg, seconds=trainer.seconds)
        self.saved_at = trainer.seconds
        while verdict := self._until_ill(trainer):
            trainer = self.healer.treat(trainer, verdict)
            self._have_followers(trainer)
            self._save(trainer)
            self.evaluator.evaluated_at = trainer.seconds
            self._report(nimg=trainer.nimg, seconds=trainer.seconds)
            # The run's history keeps it, so its status need not.
            self.watch(replace(self.status, message=f"{verdict.headline}: {verdict.advice}"))

    def _until_ill(self, trainer: Trainer) -> Verdict | None:
        """Train to the end, or until a treatment is due: then the verdict that asks for it."""
        try:
            for event in trainer.run():
                if isinstance(event, Tick):
                    self._record(trainer, event)
                    # Room for two: one is needed for the last.
                    if problem := disk.shortage(self.run.path, 2 * self.save_bytes):
                        return self._finish(trainer, "stopped", problem)
                    if not trainer.done and (verdict := self.healer.due(trainer.config)):
                        return verdict
                elif isinstance(event, Notice):
                    self._report(message=event.message)
                elif self._stopping():
                    return self._finish(trainer, "stopped")
                self._heartbeat(trainer)
            return self._finish(trainer, "done")
        except FloatingPointError:
            if not self.healer.may_treat(trainer.config):
                raise
            return diverged(trainer.config)

    def _open_trainer(self) -> Trainer:
        config = self.run.config()
        device = self.group.device or precision.default_device()
        precise = precision.describe(precision.choose(config.train.precision, device), device)
        if self.group.size > 1:
            precise = f"{self.group.size} × {precise}"
        self._report(state="preparing", message="looking at the pictures", device=precise)
        store = self.open_store(config)
        self.run.write_data(store, distinct=self._distinct(store))
        self._report(message="building the networks")
        trainer = Trainer(
            self._with_classes(config, store), store.images, device, labels=store.labels, group=self.group
        )
        if notice := saving.restore(self.run, trainer):
            trainer.learn.notices.append(notice)
        self._have_followers(trainer)
        self.save_bytes = disk.save_bytes(trainer.config)
        self.evaluator = Evaluator(store.images, config.train.eval_seconds)
        self.evaluator.evaluated_at = trainer.seconds
        return trainer

    def _have_followers(self, trainer: Trainer) -> None:
        """Let the other ranks, if there are any, go on from where this trainer is."""
        if self.group.size > 1:
            self.group.order_load(beginning(trainer, Path(self.run.data()["store"]).name))

    def _distinct(self, store: Store) -> float:
        """The share of different pictures, counted once for a run: it reads them all."""
        known = self.run.data()
        if "distinct" in known and known.get("store") == str(store.path):
            return known["distinct"]
        return distinct(store.images)

    def _with_classes(self, config: Config, store: Store) -> Config:
        """The run's config with the classes of its pictures, which a run that has begun cannot change."""
        if config.model.classes == store.classes:
            return config
        if self.run.states():
            raise ValueError("the classes of the pictures are no longer those that this run was trained on")
        config = config.with_options(classes=store.classes)
        self.run.write_config(config)
        return config

    def open_store(self, config: Config) -> Store:
        """The pictures that the run was trained on, whatever their source holds by now; a new run's are prepared."""
        earlier = self._earlier_store()
        with contextlib.suppress(ValueError):
            if earlier:
                return load_store(earlier)
        store = self._prepare(config)
        if earlier and store.path.name != earlier.name:
            raise ValueError(
                "the pictures have changed, and those that the run was trained on are gone: "
                "a new run can go on from its weights with the pictures as they are now"
            )
        return store

    def _earlier_store(self) -> Path | None:
        if not self.run.states():
            return None
        data = self.run.data() or saving.recorded(self.run).get("data", {})
        if "store" not in data:
            return None
        path = Path(data["store"])
        return path if path.exists() else datasets() / path.name  # where they are if everything was moved

    def _prepare(self, config: Config) -> Store:
        model = config.model
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

    def _preparing(self, done: int, total: int) -> None:
        if self._stopping():
            raise StopRequested
        self._report(message=f"reading the pictures: {done:,} of {total:,}", prepared=done / max(total, 1))

    def _downloading(self, done: int, total: int) -> None:
        if self._stopping():
            raise StopRequested
        message = f"downloading the pictures: {memory(done)} of {memory(total)}"
        self._report(message=message, prepared=done / max(total, 1))

    def _record(self, trainer: Trainer, tick: Tick, is_last: bool = False) -> None:
        if self.evaluator.due(trainer, is_last):
            tick = replace(tick, metrics=tick.metrics | self.evaluator.measure(trainer))
            earlier = self.run.metrics() if self.run.best.exists() else []
            newest = {"nimg": tick.nimg, **tick.metrics}
            if best_of([*earlier, newest]) is newest:
                save_generator(self.run.best, trainer.G_ema, trainer.config, trainer.nimg)
                self.saved_at = -math.inf  # a run that falls ill goes back to this one's state
        line = {"nimg": tick.nimg, "seconds": round(tick.seconds, 3), "time": round(time.time(), 3), **tick.metrics}
        self.run.append_metrics(line)
        self.run.add_sample(tick.nimg, pixels.jpeg(pixels.sheet(trainer.sample(), COLUMNS)))
        self.track()
        save_generator(self.run.generator, trainer.G_ema, trainer.config, trainer.nimg)
        self._snapshot(trainer)
        if tick.seconds - self.saved_at >= trainer.config.train.save_seconds:
            self._save(trainer)
        self.watch(tick)

    def _snapshot(self, trainer: Trainer) -> None:
        if snapshot_due([nimg for nimg, _ in self.run.snapshots()], trainer.nimg):
            path = self.run.snapshot_path(trainer.nimg)
            save_generator(path, trainer.G_ema, trainer.config, trainer.nimg, half=True)
            self.run.prune_snapshots()

    def _save(self, trainer: Trainer) -> None:
        saving.save(self.run, trainer)
        self.saved_at = trainer.seconds

    def _finish(self, trainer: Trainer, state: str, message: str | None = None) -> None:
        if trainer.has_news:
            self._record(trainer, trainer.tick(), is_last=True)
        self._save(trainer)
        trainer.refresh_ema(Z_FOR_FINAL_BATCH_NORM)
        save_generator(self.run.generator, trainer.G_ema, trainer.config, trainer.nimg)
        message = self.status.message if message is None else message
        self._report(state=state, message=message, nimg=trainer.nimg, seconds=trainer.seconds)

    def _stopping(self) -> bool:
        return self.signalled() or self.run.stop_requested()

    def _heartbeat(self, trainer: Trainer) -> None:
        if time.monotonic() - self.reported_at >= HEARTBEAT_SECONDS:
            self._report(nimg=trainer.nimg, seconds=trainer.seconds)

    def _fail(self, message: str) -> None:
        with contextlib.suppress(OSError):  # a full disk may be why
            self._report(state="failed", message=message)

    def _lose(self, error: RankLost) -> None:
        """Say that another rank has gone, and whether the launcher will start all of them again."""
        if self.group.restarts_left():
            message = "another process of this training has ended: all start again from the last saved state"
            self._report(state="starting", message=message, began=time.monotonic())
        else:
            self._fail(f"{error}; log.txt has the details")

    def _report(self, **changes: object) -> None:
        self.reported_at = time.monotonic()
        self.status = replace(self.status, heartbeat=time.time(), **changes)
        self.run.write_status(self.status)
        self.watch(self.status)
