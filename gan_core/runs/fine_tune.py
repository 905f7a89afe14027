"""A new run that begins with the weights of another one, its parent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import Config
from gan_core.files import replacing
from gan_core.runs.checkpoint import load_state
from gan_core.runs.library import named_run_path
from gan_core.runs.run_dir import RunBusy, RunDir

if TYPE_CHECKING:
    from gan_core.training.trainer import Trainer


def branch(parent: RunDir, config: Config, name: str | None = None) -> RunDir:
    """A new run of that config with a copy of its parent's newest good state. ValueError if there is none."""
    if parent.status().active:
        raise RunBusy(f"'{parent.name}' is training: stop it first")
    state = _newest_good(parent)
    path = named_run_path(name) if name else next(_free_paths(parent.name))
    path.mkdir()
    try:
        with replacing(RunDir(path).parent_state) as temporary:
            shutil.copyfile(state, temporary)
        # Last, since it makes the folder a run.
        RunDir(path).write_config(replace(config, parent=parent.name))
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return RunDir(path)


def adopt(run: RunDir, trainer: Trainer) -> str:
    """Begin with the parent's weights, if the run has one; returns a sentence for its owner, else ""."""
    from gan_core.training.transfer import carry_over

    parent = run.config().parent
    if not parent:
        return ""
    if not run.parent_state.exists():
        raise ValueError(f"the weights of '{parent}', which this run was to begin with, are gone")
    share = carry_over(trainer, load_state(run.parent_state))
    return f"it began with {share:.0%} of the weights of '{parent}'"


def _newest_good(run: RunDir) -> Path:
    for path in run.states():
        try:
            load_state(path)
        except ValueError:
            continue
        return path
    raise ValueError(f"'{run.name}' has no training state whose weights a new run could begin with")


def _free_paths(stem: str) -> Iterator[Path]:
    for number in count(2):
        try:
            yield named_run_path(f"{stem}-{number}")
        except ValueError:
            continue
