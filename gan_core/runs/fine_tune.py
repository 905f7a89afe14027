"""A new run that begins with the weights of another one, its parent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import Config
from gan_core.files import replacing
from gan_core.runs.changes import altered, as_it_was
from gan_core.runs.checkpoint import load_discriminator, load_generator, load_state, save_state
from gan_core.runs.library import named_run_path
from gan_core.runs.run_dir import RunBusy, RunDir

if TYPE_CHECKING:
    from gan_core.training.trainer import Trainer


def branch(parent: RunDir, config: Config, name: str | None = None) -> RunDir:
    """A new run of that config with its parent's newest good state, or its networks. ValueError if there are none."""
    if parent.status().active:
        raise RunBusy(f"'{parent.name}' is training: stop it first")
    nimg, write = _beginning(parent)
    path = named_run_path(name) if name else next(_free_paths(parent.name))
    path.mkdir()
    try:
        write(RunDir(path).parent_state)
        changes = altered(as_it_was(parent), config)
        RunDir(path).write_parent({"nimg": nimg, "pictures": parent.data().get("name", ""), "changes": changes})
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
    run.write_parent(run.parent() | {"share": round(share, 4)})
    return f"it began with {share:.0%} of the weights of '{parent}'"


def _beginning(run: RunDir) -> tuple[int, Callable[[Path], None]]:
    """What writes the weights to begin with, and how many images they have seen.

    They are a copy of the newest good state, else the networks of a finished model.
    """
    for path in run.states():
        try:
            load_state(path)
        except ValueError:
            continue
        return int(path.stem), partial(_copy, path)
    if run.generator.exists() and run.discriminator.exists() and not run.states():
        (G, _, nimg), (D, *_) = load_generator(run.generator), load_discriminator(run.discriminator)
        weights = {"G": G.state_dict(), "G_ema": G.state_dict(), "D": D.state_dict()}
        return nimg, partial(save_state, state=weights)
    raise ValueError(
        f"'{run.name}' has no training state whose weights a new run could begin with, and no discriminator"
    )


def _copy(state: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(state, temporary)


def _free_paths(stem: str) -> Iterator[Path]:
    for number in count(2):
        try:
            yield named_run_path(f"{stem}-{number}")
        except ValueError:
            continue
