"""A run's records in the trackers that people already use; metrics.jsonl stays the source.

python -m gan_core train --tracker tensorboard          # then: tensorboard --logdir checkpoints
python -m gan_core track photos-64 --tracker trackio    # then: trackio show
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from gan_core.config import require
from gan_core.files import read_json, write_json
from gan_core.runs.run_dir import RunBusy, RunDir

PROJECT = "dcgan-studio"  # of trackio, which keeps the runs of a project together
SECONDS_BETWEEN_PICTURES = 60.0  # of training: every sheet would soon be most of what a tracker holds
NOT_SCALARS = ("nimg", "time")
logger = logging.getLogger(__name__)


class Tracker(Protocol):
    """One run in one tracker, begun anew: what it had of this run before is gone."""

    def scalars(self, row: dict, values: dict[str, float]) -> None: ...

    def picture(self, row: dict, sheet: Path) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Event files in the run's folder tensorboard/."""

    def __init__(self, run: RunDir):
        from torch.utils.tensorboard import SummaryWriter

        folder = run.path / "tensorboard"
        earlier = list(folder.glob("events.*"))
        # A TensorBoard that is open forgets at this step what it has read so far.
        self.writer = SummaryWriter(str(folder), purge_step=0)
        for path in earlier:
            path.unlink()

    def scalars(self, row: dict, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, row["nimg"], row.get("time"))

    def picture(self, row: dict, sheet: Path) -> None:
        import numpy as np
        from PIL import Image

        with Image.open(sheet) as image:
            self.writer.add_image(
                "samples", np.asarray(image.convert("RGB")), row["nimg"], row.get("time"), dataformats="HWC"
            )

    def flush(self) -> None:
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()


class Trackio:
    """A run of trackio's project PROJECT on this computer, told by its id from other runs of the same name."""

    def __init__(self, run: RunDir):
        import trackio

        self.trackio, about = trackio, run.path / "trackio.json"
        if known := read_json(about):
            self._forget(known["id"])
        config = run.config().to_dict()
        with contextlib.redirect_stdout(sys.stderr):  # stdout is for programs
            self.tracked = trackio.init(
                PROJECT, run.name, config=config, embed=False, auto_log_gpu=False, auto_log_cpu=False
            )
        write_json(about, {"id": self.tracked.id})

    def _forget(self, id: str) -> None:
        with contextlib.suppress(ValueError):  # there is no such project here, of a run from elsewhere
            for earlier in self.trackio.Api().runs(PROJECT):
                if earlier.id == id:
                    earlier.delete()

    def scalars(self, row: dict, values: dict[str, float]) -> None:
        self.tracked.log(values, step=row["nimg"])

    def picture(self, row: dict, sheet: Path) -> None:
        self.tracked.log({"samples": self.trackio.Image(str(sheet))}, step=row["nimg"])

    def flush(self) -> None:
        """A thread of its own writes twice a second."""

    def close(self) -> None:
        with contextlib.redirect_stdout(sys.stderr):
            self.trackio.finish()  # the run's own would be done once more at the exit


KINDS: dict[str, Callable[[RunDir], Tracker]] = {"tensorboard": TensorBoard, "trackio": Trackio}


class Tracking:
    """Keeps one tracker up with a run directory: each step is in it once, whatever was rewound or lost in between."""

    def __init__(self, run: RunDir, name: str):
        self.run, self.open = run, KINDS[name]
        self.tracker: Tracker | None = None

    def catch_up(self, to_the_end: bool = False) -> None:
        """Write what is new; all of it again where the run has gone back; `to_the_end` with the newest sheet."""
        rows = self.run.metrics()
        if self.tracker is None or [key(row) for row in rows[: len(self.written)]] != self.written:
            self._begin()
        for row in rows[len(self.written) :]:
            self.tracker.scalars(row, scalars(row))
        self.written = [key(row) for row in rows]
        self._pictures({row["nimg"]: row for row in rows}, to_the_end)
        self.tracker.flush()

    def close(self) -> None:
        if self.tracker:
            self.tracker.close()
            self.tracker = None

    def _begin(self) -> None:
        self.close()
        self.tracker = self.open(self.run)
        self.written, self.pictured, self.pictured_at = [], -1, -math.inf

    def _pictures(self, rows: dict[int, dict], to_the_end: bool) -> None:
        sheets = [(nimg, path) for nimg, path in self.run.samples() if nimg > self.pictured and nimg in rows]
        for nimg, path in sheets:
            seconds, is_last = rows[nimg].get("seconds", 0.0), to_the_end and nimg == sheets[-1][0]
            if is_last or seconds - self.pictured_at >= SECONDS_BETWEEN_PICTURES:
                self.tracker.picture(rows[nimg], path)
                self.pictured, self.pictured_at = nimg, seconds


def key(row: dict) -> tuple:
    return row["nimg"], row.get("seconds")


def scalars(row: dict) -> dict[str, float]:
    """The numbers of a tick."""
    return {name: value for name, value in row.items() if name not in NOT_SCALARS and type(value) in (int, float)}


def require_tracker(name: str) -> None:
    """ValueError, with what to install, unless this tracker can be had here."""
    require(
        name == "none" or importlib.util.find_spec(name) is not None,
        f"the tracker {name} is not installed: install it with “pip install {name}”, or train without it",
    )


@contextlib.contextmanager
def tracked(run: RunDir) -> Iterator[Callable[[], None]]:
    """Gives what to call after every record: it brings the tracker that the run's config names up to date.

    ValueError at once if that is not installed; a tracker that fails later is given up, and the training goes on.
    """
    name = run.config().train.tracker
    if name == "none":
        yield lambda: None
        return
    require_tracker(name)
    tracking, failed = Tracking(run, name), []

    def attempt(step: Callable[[], None]) -> None:
        # Whatever a tracker stumbles over, it must not cost the training.
        try:
            step()
        except Exception as error:
            failed.append(error)
            logger.warning("the tracker %s failed, “track %s” makes up for it: %s", name, run.name, error)

    try:
        yield lambda: None if failed else attempt(tracking.catch_up)
    finally:
        if tracking.tracker and not failed:
            attempt(lambda: tracking.catch_up(to_the_end=True))
        attempt(tracking.close)


def track(run: RunDir, name: str) -> int:
    """Write all of a run into a tracker; returns the number of steps. ValueError if there is nothing, or no tracker."""
    require_tracker(name)
    if run.status().active:
        raise RunBusy(f"'{run.name}' is training: wait for its end, or train with --tracker {name}")
    require(bool(run.metrics()), f"'{run.name}' has no metrics to track")
    tracking = Tracking(run, name)
    try:
        tracking.catch_up(to_the_end=True)
    finally:
        tracking.close()
    return len(tracking.written)
