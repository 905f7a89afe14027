"""Runs renamed, duplicated, packed and deleted; a deleted one lies in a bin for a while.

Whatever the moment of a crash, a folder that looks like a run is a whole one: copies are made under a hidden name, and
everything else is a rename.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gan_core.files import replacing
from gan_core.home import checkpoints
from gan_core.runs import disk
from gan_core.runs.library import folders, is_shipped, named_run_path, start_lock
from gan_core.runs.run_dir import RunBusy, RunDir

DAYS_IN_BIN = 30
# What belongs to a process, and what nobody reads any more.
NOT_COPIED = (".*", "stop", "heal", "job.json", "trackio.json", "damaged-*")
BINNED = re.compile(r"(?P<name>.+)-(?P<time>\d{8}-\d{6})(-\d+)?")
PARTIAL, LONGEST_COPY = ".{}.partial", 3600
TIME = "%Y%m%d-%H%M%S"


def rename(run: RunDir, name: str) -> RunDir:
    """The run under its new name. ValueError if the name cannot be had or the run is shipped; RunBusy if it trains."""
    _require_own(run, "renamed")
    path = named_run_path(name)
    with _held(run):
        run.path.rename(path)
    return RunDir(path)


def duplicate(run: RunDir, name: str) -> RunDir:
    """A copy with settings, weights, states and history, to train on by itself. Raises as `rename` does."""
    path = named_run_path(name)
    partial = path.with_name(PARTIAL.format(name))
    with _held(run):
        disk.require_room(checkpoints(), size(run), "the copy")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            shutil.copytree(run.path, partial, ignore=shutil.ignore_patterns(*NOT_COPIED), copy_function=_copy)
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return RunDir(path)


def pack(run: RunDir, folder: Path, with_state: bool = False) -> Path:
    """A zip of the run in `folder`: settings, history, samples and networks, and the newest state if asked for.

    The snapshots stay behind: they would be most of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{run.name}.zip"
    with _held(run):
        files = packed(run, with_state)
        disk.require_room(folder, sum(path.stat().st_size for path in files), "the zip")
        with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for path in files:
                archive.write(path, Path(run.name) / path.relative_to(run.path))
    return target


def packed(run: RunDir, with_state: bool = False) -> list[Path]:
    """The files that a zip of the run holds."""
    files = {path.name: path for path in sorted(run.path.iterdir()) if path.is_file()}
    left_out = shutil.ignore_patterns(*NOT_COPIED, "log.txt")(run.path, files)
    top = (path for name, path in files.items() if name not in left_out)
    return [*top, *(path for _, path in run.samples()), *(run.states()[:1] if with_state else [])]


def size(run: RunDir) -> int:
    """Bytes on disk."""
    return sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())


def delete(run: RunDir) -> str:
    """Move the run into the bin; returns what `restore` takes. ValueError and RunBusy as `rename`."""
    _require_own(run, "deleted")
    bin_().mkdir(exist_ok=True)
    stem = f"{run.name}-{time.strftime(TIME)}"
    with _held(run):
        target = next(path for path in _numbered(bin_() / stem) if not path.exists())
        run.path.rename(target)
    return target.name


def restore(binned: str) -> RunDir:
    """Take a run out of the bin. ValueError if it is gone or its name is taken."""
    known = {path.name: path for path in folders(bin_())}
    if binned not in known:
        raise ValueError("this run is no longer in the bin")
    path = named_run_path(_parts(binned)[0])
    known[binned].rename(path)
    return RunDir(path)


def in_bin() -> list[tuple[str, str, float]]:
    """What `restore` takes, the run's name and when it was deleted (Unix time), newest first."""
    found = [(path.name, *_parts(path.name)) for path in folders(bin_()) if BINNED.fullmatch(path.name)]
    return sorted(found, key=lambda each: each[2], reverse=True)


def empty_bin(days: float = DAYS_IN_BIN) -> None:
    """Remove for good what was deleted longer ago, and what a copy that was cut short has left."""
    for binned, _, deleted in in_bin():
        if time.time() - deleted > days * 86400:
            shutil.rmtree(bin_() / binned, ignore_errors=True)
    for partial in checkpoints().glob(PARTIAL.format("*")):
        if time.time() - partial.stat().st_mtime > LONGEST_COPY:
            shutil.rmtree(partial, ignore_errors=True)


def bin_() -> Path:
    return checkpoints() / ".bin"


def _require_own(run: RunDir, done: str) -> None:
    if is_shipped(run):
        raise ValueError(f"'{run.name}' came with the program and cannot be {done}: duplicate it instead")
    if run.is_rented:
        raise RunBusy(f"'{run.name}' trains on a rented machine: follow it to its end, or stop it, before it is {done}")


@contextlib.contextmanager
def _held(run: RunDir) -> Iterator[None]:
    """Keep every training away from the run."""
    with contextlib.ExitStack() as stack:
        with start_lock():
            if run.status().active:
                raise RunBusy(f"'{run.name}' is training: stop it first")
            if not is_shipped(run):  # which may lie where nobody can write, not even a lock
                stack.enter_context(run.claim())
        yield


def _copy(source: str, target: str) -> None:
    shutil.copy2(source, target)
    with Path(target).open("rb+") as file:
        os.fsync(file.fileno())


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.name}-{number}")
        number += 1


def _parts(binned: str) -> tuple[str, float]:
    """The run's name and when it was deleted, from its name in the bin."""
    match = BINNED.fullmatch(binned)
    return match["name"], time.mktime(time.strptime(match["time"], TIME))
