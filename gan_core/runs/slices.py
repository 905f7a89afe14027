"""Training in slices, where a GPU is lent for a minute at a time: between two of them a run waits, all of it saved.

A Space on ZeroGPU has no processes with a GPU, only functions that get one while they run.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

from gan_core.runs.run_dir import RunDir

SLICE_SECONDS = 45
WAITING = "waiting"


def lent_in_slices() -> bool:
    return bool(os.environ.get("SPACES_ZERO_GPU"))


def wait(run: RunDir) -> None:
    """Have the run wait for its next slice."""
    words = "waits for its next slice of the GPU; the owner's open page asks for it"
    run.write_status(replace(run.status(), state=WAITING, message=words, pid=0, heartbeat=time.time()))


def prepare_pictures(run: RunDir) -> None:
    """Have the run's pictures ready before the GPU's time counts. What it fails of is in its status, and raised."""
    from gan_core.runs.worker import Worker

    if run.data() or run.stop_requested():
        return
    worker = Worker(run, os.getpid(), run.stop_requested, lambda event: None)
    try:
        with run.claim():
            store = worker.open_store(run.config())
            run.write_data(store)
        wait(run)
    except (ValueError, OSError) as error:
        run.write_status(replace(run.status(), state="failed", message=str(error)))
        raise


def train_slice(run: RunDir, seconds: float = SLICE_SECONDS) -> None:
    """Train a waiting run for about that long, in this process, and save; it waits again unless it is over.

    RunBusy if somebody else trains it. What it fails of is in its status, and raised.
    """
    from gan_core.runs.worker import Worker

    if run.stop_requested():
        run.write_status(replace(run.status(), state="stopped", message=""))
        return
    end, asked = time.monotonic() + seconds, [False]

    def should_stop() -> bool:
        asked.append(run.stop_requested())
        return time.monotonic() > end

    status = Worker(run, os.getpid(), should_stop, lambda event: None).work()
    if status.state == "stopped" and time.monotonic() > end and not asked[-1]:
        run.write_status(replace(status, state="done", message="")) if run.has_reached_goal() else wait(run)
