"""Start, resume and stop a training process. It outlives whoever started it; anyone can watch it through its files."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gan_core.config import UNKNOWN, Config, TrainConfig, require
from gan_core.data import absolute, source_name, space_needed
from gan_core.files import write_json
from gan_core.home import REPOSITORY, datasets, home
from gan_core.runs import child, disk, slices
from gan_core.runs.changes import Changed, as_it_was, changes
from gan_core.runs.library import new_run_path, runs, start_lock
from gan_core.runs.run_dir import RunBusy, RunDir, Status
from gan_core.runs.tracking import require_tracker
from gan_core.training.group import check_shares

ENDING_SECONDS = 10
RESTARTS = 1  # of all processes, when one of several has died


def create(config: Config, name: str | None = None) -> RunDir:
    """A new run for that config. ValueError if its pictures cannot be found or the name is taken."""
    path = new_run_path(name, _checked_name(config.train), config.model.image_size)
    disk.require_room(home(), room_needed(config), "this training")
    try:
        return RunDir.create(path, _absolute(config))
    except FileExistsError as error:
        raise ValueError(f"there is a run '{name}' already: choose another name, or resume it") from error


def room_needed(config: Config) -> float:
    """About how many bytes a new run of that config will write, prepared pictures included."""
    model, train = config.model, config.train
    pictures = space_needed(train.data, model.image_size, model.channels, datasets(), train.labels, train.duplicates)
    return pictures + disk.run_bytes(config)


def start(config: Config, name: str | None = None, gpus: Sequence[str] = ()) -> RunDir:
    """Create a run and train it in a process of its own. RunBusy while another run under checkpoints/ trains.

    `gpus` are the ids of those to use, with a process for each; without any, PyTorch decides.
    """
    check_shares(config.train.batch_size, len(gpus) or 1)
    with _one_at_a_time():
        run = create(config, name)
        _spawn(run, gpus)
    return run


def resume(
    run: RunDir,
    kimg: float | None = None,
    minutes: float | None = None,
    ignore_changes: bool = False,
    gpus: Sequence[str] = (),
) -> None:
    """Go on with a stopped, finished or dead run in a process of its own, as `prepare_resume` says.

    One that trains on a rented machine is followed again, also beside a training here.
    """
    check_shares(run.config().train.batch_size, len(gpus) or 1)
    with start_lock() if run.is_rented else _one_at_a_time():
        prepare_resume(run, kimg, minutes, ignore_changes)
        _spawn(run, gpus)


def fine_tune(
    run: RunDir,
    name: str | None = None,
    kimg: float | None = None,
    minutes: float | None = None,
    gpus: Sequence[str] = (),
) -> RunDir:
    """Train a new run in a process of its own, as `prepare_fine_tune` says."""
    check_shares(run.config().train.batch_size, len(gpus) or 1)
    with _one_at_a_time():
        new = prepare_fine_tune(run, name, kimg, minutes)
        _spawn(new, gpus)
    return new


def prepare_fine_tune(
    run: RunDir, name: str | None = None, kimg: float | None = None, minutes: float | None = None, **asked: object
) -> RunDir:
    """A new run with the weights of another: under its settings and pictures as they are now and those asked for.

    It trains for that much, or for the other's goal once more. ValueError if it cannot be.
    """
    from gan_core.runs.fine_tune import branch  # with PyTorch, which the app must not wait for at its start

    _check_goal(kimg, minutes)
    goal = {"kimg": kimg, "minutes": minutes} if kimg or minutes else {}
    config = run.config().with_options(**asked, **goal)
    require(config.train.data != UNKNOWN, f"'{run.name}' came without its pictures: name some with --data")
    _checked_name(config.train)
    disk.require_room(home(), room_needed(config), "this training")
    return branch(run, _absolute(config), name)


def prepare_resume(
    run: RunDir, kimg: float | None = None, minutes: float | None = None, ignore_changes: bool = False
) -> None:
    """Set a run's new goal: that much beyond where it is. ValueError if it has reached its goal and none is given.

    Changed if its settings or pictures are no longer those that it was trained with; with `ignore_changes` it goes on
    with those nevertheless.
    """
    status, config = run.status(), run.config()
    if status.active:
        raise RunBusy(f"'{run.name}' is training already")
    # Its process says that it has ended an instant before it lets go of the run.
    if not run.is_free(within=ENDING_SECONDS):
        raise RunBusy(f"'{run.name}' is just being copied or moved: try again in a moment")
    if run.is_rented:
        return  # it trains elsewhere, and is to be followed again
    if not run.states() and run.generator.exists() and status.state not in ("died", "failed"):
        raise ValueError(
            f"'{run.name}' is a finished model without its training state: it can be explored, not resumed"
        )
    disk.require_room(run.path, disk.save_bytes(config), "the next state")
    _check_goal(kimg, minutes)
    if ignore_changes:
        config = as_it_was(run)
        run.write_config(config)
    elif found := changes(run):
        raise Changed(run.name, found)
    run.clear_stop()
    if kimg is None and minutes is None:
        if run.has_reached_goal():
            raise ValueError(f"'{run.name}' has reached its goal: say how many more kimg or minutes")
        return
    goal = {
        "kimg": status.nimg / 1000 + kimg if kimg else None,
        "minutes": status.seconds / 60 + minutes if minutes else None,
    }
    run.write_config(replace(config, train=replace(config.train, **goal)))


def _check_goal(kimg: float | None, minutes: float | None) -> None:
    for unit, more in (("kimg", kimg), ("minutes", minutes)):
        require(more is None or more > 0, f"train for more than 0 {unit}, not {more}")


def live_run() -> RunDir | None:
    """The run under checkpoints/ that is training now, if any."""
    return next((run for run in runs() if run.status().active), None)


def training_here() -> RunDir | None:
    """The run among them that trains on this computer, if any."""
    return next((run for run in runs() if run.status().active and not run.is_rented), None)


def try_out(config: Config) -> Iterator[dict]:
    """Preflight a config in a process of its own, which ends when the iterator is closed.

    Yields its progress, {"event": "status", "message", "prepared", ...}, at least twice a second so that it can be
    closed at any time, and last the findings, {"event": "preflight", "sentences", ...}. ValueError with the sentence of
    what went wrong; RunBusy while a run trains.
    """
    if busy := training_here():
        raise RunBusy(f"'{busy.name}' is training, and a trial beside it would measure nothing: stop it first")
    _checked_name(config.train)
    config = _absolute(config)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        write_json(path, config.to_dict())
        yield from child.events(
            "preflight", "--config", str(path), "--background",
            first={"event": "status", "message": "loading PyTorch, which takes a few seconds", "prepared": 0.0},
            last="preflight",
            else_error="the trial ended without a word, perhaps for want of memory: try a smaller batch or size",
        )  # fmt: skip


def _checked_name(train: TrainConfig) -> str:
    """What the pictures are called. ValueError if they, their labels or the tracker cannot be found."""
    require_tracker(train.tracker)
    return source_name(train.data, train.data_root, train.labels)


def _absolute(config: Config) -> Config:
    """The same pictures from whatever directory the run is resumed in."""
    folder = config.train.data_root
    folder = str(Path(folder).expanduser().absolute()) if folder else None
    return config.with_options(data=absolute(config.train.data), data_root=folder)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with start_lock():
        if busy := training_here():
            raise RunBusy(f"'{busy.name}' is training: stop it first, since two trainings would slow each other down")
        yield


def _spawn(run: RunDir, gpus: Sequence[str]) -> None:
    run.clear_stop()
    slices.wait(run) if slices.lent_in_slices() and not run.is_rented else _start_process(run, gpus)


def _start_process(run: RunDir, gpus: Sequence[str]) -> None:
    status = replace(
        run.status(),
        state="starting",
        message="asking about its job" if run.is_rented else "loading PyTorch, which takes a few seconds",
        heartbeat=time.time(),
        began=time.monotonic(),
        pid=0,
    )
    run.write_status(status)
    launcher, task = ([], "follow") if run.is_rented else (_launcher(len(gpus)), "resume")
    command = [sys.executable, *launcher, "-m", "gan_core", task, str(run.path), "--background"]
    with run.log.open("ab") as log:
        # A session of its own: closing the app or its terminal leaves the training alone.
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=os.environ | ({"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=_reap, args=(run, process, status), daemon=True).start()


def _launcher(num_processes: int) -> list[str]:
    """What starts so many processes of a module, and all again when one dies; nothing for one of them."""
    if num_processes < 2:
        return []
    options = ["--standalone", "--nproc-per-node", str(num_processes), "--max-restarts", str(RESTARTS)]
    return ["-m", "torch.distributed.run", *options]


def _reap(run: RunDir, process: subprocess.Popen, status: Status) -> None:
    """Wait for the process, so that it leaves no zombie; say so if it ended before it could say anything itself."""
    process.wait()
    # Any other status was written by the process itself, or belongs to a later one.
    if run.path.exists() and run.written_status() == status:
        message = f"the training process did not start; {run.log} has the details"
        run.write_status(replace(status, state="failed", message=message))
