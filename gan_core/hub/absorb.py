"""What a rented machine saved, brought into the run directory here."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_core.config import Config
from gan_core.files import read_lines, replacing, write_lines
from gan_core.runs.run_dir import RunDir

# What of the mirror is not simply copied.
MERGED = ("config.json", "status.json", "metrics.jsonl")


def absorb(run: RunDir, folder: Path) -> None:
    """Make the run like its copy in `folder`; ticks newer than it stay."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in MERGED:
            copy_over(path, run.path / name)
    for _, path in run.samples():
        if not (folder / "samples" / path.name).exists():
            path.unlink()
    absorb_states(run, RunDir(folder).states())
    rows = read_lines(folder / "metrics.jsonl")
    last = rows[-1]["nimg"] if rows else -1
    write_lines(run.path / "metrics.jsonl", [*rows, *(row for row in run.metrics() if row["nimg"] > last)])
    absorb_config(run, folder / "config.json")


def absorb_states(run: RunDir, there: list[Path]) -> None:
    """Let go of those that a training which went back has left behind it, and of the old ones."""
    for path in run.states():
        if there and int(path.stem) > int(there[0].stem):
            path.unlink()
    run.prune_states()


def copy_over(source: Path, target: Path) -> None:
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    target.parent.mkdir(exist_ok=True)
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def absorb_config(run: RunDir, path: Path) -> None:
    """The job finds out the classes, and may treat the training; where it is tracked is decided here."""
    config = Config.load(path).with_options(tracker=run.config().train.tracker)
    if config != run.config():
        run.write_config(config)
