"""What differs between a run as it was trained and as it would go on, shown before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gan_core.config import NOT_OF_WEIGHTS, Config, ModelConfig, TrainConfig, options
from gan_core.data import planned
from gan_core.home import datasets
from gan_core.runs.run_dir import RunDir

# Settings that say where the pictures are; what counts is whether they are the same.
OF_PICTURES = ("data", "data_root", "labels", "duplicates")
# The one setting of the networks that has no weights.
WEIGHTLESS = "dropout"


@dataclass(frozen=True)
class Change:
    """One difference; `possible` tells whether the run's weights fit what is there now."""

    name: str
    before: Any
    now: Any
    possible: bool = True

    def __str__(self) -> str:
        weights = "" if self.possible else " (its weights would not fit)"
        return f"{self.name} was {self.before} and is {self.now}{weights}"


class Changed(ValueError):
    """A run would not go on as it was trained."""

    def __init__(self, name: str, changes: list[Change]):
        super().__init__(f"'{name}' would not go on as it was trained: {'; '.join(map(str, changes))}")
        self.changes = changes


def changes(run: RunDir, **asked: Any) -> list[Change]:
    """What differs between the run's newest state and its config.json with the settings `asked` for, and its source.

    Empty for a run without any state, and for pictures that have gone, since the prepared ones are used.
    """
    about = _recorded(run)
    if "config" not in about:
        return []
    before, now = Config.from_dict(about["config"]), run.config().with_options(**asked)
    treated = {name: after for entry in run.history() for name, (_, after) in entry.get("changes", {}).items()}
    found = [change for change in _of_settings(before, now) if treated.get(change.name, before) != change.now]
    return [*found, *_of_pictures(about.get("data", {}), before, now)]


def as_it_was(run: RunDir) -> Config:
    """The config of the run's newest state, with the goal and the intervals that config.json asks for."""
    now, about = run.config(), _recorded(run)
    if "config" not in about:
        return now
    free = {name: getattr(now.train, name) for name in NOT_OF_WEIGHTS}
    return replace(Config.from_dict(about["config"]).with_options(**free), parent=now.parent)


def altered(before: Config, now: Config) -> dict[str, list]:
    """The settings that decide weights and differ, each with its value before and now."""
    return {change.name: [change.before, change.now] for change in _of_settings(before, now)}


def _recorded(run: RunDir) -> dict:
    from gan_core.runs import saving  # with PyTorch, which the app must not wait for at its start

    return saving.recorded(run)


def _of_settings(before: Config, now: Config) -> list[Change]:
    found = []
    for kind, old, new in ((ModelConfig, before.model, now.model), (TrainConfig, before.train, now.train)):
        for name in (spec.name for spec in options(kind) if spec.name not in NOT_OF_WEIGHTS + OF_PICTURES):
            if getattr(old, name) != getattr(new, name):
                fits = kind is TrainConfig or name == WEIGHTLESS
                found.append(Change(name, getattr(old, name), getattr(new, name), fits))
    if before.d_norm != now.d_norm and not any(change.name == "d_norm" for change in found):
        found.append(Change("d_norm", before.d_norm, now.d_norm, False))
    return found


def _of_pictures(data: dict, before: Config, now: Config) -> list[Change]:
    old, new = before.train, now.train
    try:
        found = planned(
            new.data, before.model.image_size, before.model.channels, datasets(), new.labels, new.duplicates
        )
    except ValueError:  # they are not there
        found = None
    if found is None:
        return [Change("data", old.data, new.data)] if old.data != new.data else []
    store, count = found
    if "store" not in data or store.name == Path(data["store"]).name:
        return []
    known = data["count"] + len(data["skipped"])
    same = " others" if count == known and old.data == new.data else ""
    return [Change("pictures", f"{known:,} of {old.data}", f"{count:,}{same} of {new.data}")]
