"""A trainer's way into a state on disk and back, with all that a resumed run needs to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import FORMAT_VERSION, NewerFormat
from gan_core.runs.checkpoint import load_state, read_config, save_discriminator, save_state
from gan_core.runs.fine_tune import adopt
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from gan_core.training.trainer import Trainer


def save(run: RunDir, trainer: Trainer) -> None:
    """Write D, and the trainer's state with the settings, the pictures, the metrics and the treatments of the run."""
    about = {"data": run.data(), "metrics": run.metrics(), "history": run.history()}
    about["config"] = trainer.config.to_dict()
    state = {"format_version": FORMAT_VERSION, **about, **trainer.state_dict()}
    save_state(run.state_path(trainer.nimg), state)
    save_discriminator(run.discriminator, trainer.D, trainer.config, trainer.nimg)
    run.prune_states()
    run.parent_state.unlink(missing_ok=True)


def restore(run: RunDir, trainer: Trainer) -> str:
    """Load the newest state that can be loaded; a run without any starts from the beginning or its parent's weights.

    Damaged files are set aside. Returns a sentence for the run's owner if there is something to tell, else "".
    ValueError if there are states and none can be loaded.
    """
    states, damaged, rows, treatments = run.states(), [], None, []
    for path in states:
        try:
            state = load_state(path)
            trainer.load_state_dict(state)
        except NewerFormat:
            raise
        except ValueError:
            damaged.append(path)
            continue
        rows, treatments = state.get("metrics"), state.get("history", [])
        break
    if states and len(damaged) == len(states):
        raise ValueError("none of this run's saved states can be loaded: they are damaged or belong elsewhere")
    for path in [*damaged, *_damaged_models(run)]:
        run.set_aside(path)
    run.rewind(trainer.nimg, rows)
    run.restore_history(treatments)
    if not states:
        return adopt(run, trainer)
    if not damaged:
        return ""
    return f"the newest saved state was damaged: it went on from an older one, of {trainer.nimg:,} images"


def recorded(run: RunDir) -> dict:
    """The `config` and `data` that the newest state was written with; empty where there is none that can be read."""
    for path in run.states():
        try:
            state = load_state(path)
        except NewerFormat:
            raise
        except ValueError:
            continue
        return {name: state[name] for name in ("config", "data") if name in state}
    return {}


def _damaged_models(run: RunDir) -> list[Path]:
    found = []
    for path in (run.generator, run.best, run.discriminator, *(path for _, path in run.snapshots())):
        try:
            if path.exists():
                read_config(path)
        except ValueError:
            found.append(path)
    return found
