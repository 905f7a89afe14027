"""What a run tells everybody of itself: no path, no name of a file, no name of who trained it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from gan_core.config import Config
from gan_core.runs.checkpoint import read_config, read_nimg
from gan_core.runs.library import find_model
from gan_core.runs.run_dir import RunDir, Status, best_of

ON_HUB = re.compile(r"(?:hf:(?://)?(?:datasets/)?|https?://(?:www\.)?huggingface\.co/datasets/)([\w.-]+/[\w.-]+)", re.I)
NAMELESS = "pictures"


@dataclass(frozen=True)
class Record:
    """A run's generator file and its records, fit to be seen by everybody.

    `data` has the pictures' `name` and `count`, and their `terms` and `origin` where those are known; `status` says how
    far it was trained, on what and for how long; `parent` is what is known of the weights that it began with.
    """

    name: str
    generator: Path
    nimg: int
    config: Config
    data: dict
    status: Status
    rows: list[dict]
    history: list[dict]
    parent: dict

    @property
    def measured(self) -> dict | None:
        """The newest measurement of the generator up to its moment; None if it was never measured."""
        return next((row for row in reversed(self.rows) if "swd" in row and row["nimg"] <= self.nimg), None)

    @property
    def best(self) -> dict | None:
        """The best measurement of its whole training, whichever generator this is; None if it was never measured."""
        return best_of(self.rows)


def record_of(run: RunDir, newest: bool = False) -> Record:
    """The record of a run's best generator if that was kept, else, or with `newest`, of its newest.

    ValueError if it has none yet.
    """
    generator = find_model(str(run.path), newest)
    nimg, status, rows = read_nimg(generator), run.status(), [numbers(row) for row in run.metrics()]
    public = Status("done", nimg=nimg, seconds=seconds_at(nimg, rows, status), device=status.device)
    config = public_config(read_config(generator))
    # A treatment goes on from weights that are older than it is.
    history = [entry for entry in run.history() if entry.get("nimg", 0) < nimg]
    return Record(run.name, generator, nimg, config, public_data(run), public, rows, history, public_parent(run))


def public_config(config: Config) -> Config:
    """The settings with names in place of paths."""
    train = replace(config.train, data=public_name(config.train.data), data_root=None)
    return replace(config, train=train, parent=public_name(config.parent) if config.parent else None)


def public_data(run: RunDir) -> dict:
    data = run.data()
    about = {"name": public_name(str(data.get("name") or run.config().train.data)), "count": data.get("count", 0)}
    known = {key: value for key, value in {"terms": run.terms(), "distinct": data.get("distinct")}.items() if value}
    origin = str(data.get("origin", ""))
    return about | {"skipped": []} | known | ({"origin": origin} if ON_HUB.match(origin) else {})


def public_parent(run: RunDir) -> dict:
    about = run.parent()
    return about | {"pictures": public_name(about["pictures"])} if about.get("pictures") else about


def public_name(text: str) -> str:
    """A name for what may be a path: its last part, unless that is the name of somebody's home."""
    if on_hub := ON_HUB.match(text.strip()):
        return f"hf:{on_hub[1]}"
    name = re.split(r"[\\/]", text.strip().rstrip("\\/"))[-1]
    private = not name or name.startswith("~") or name == Path.home().name or re.fullmatch(r"[A-Za-z]:|\.+", name)
    return NAMELESS if private else name


def numbers(row: dict) -> dict:
    return {key: value for key, value in row.items() if isinstance(value, (int, float))}


def seconds_at(nimg: int, rows: list[dict], status: Status) -> float:
    """How long it had been trained when it had seen so many images."""
    return next((row["seconds"] for row in reversed(rows) if row["nimg"] <= nimg and "seconds" in row), status.seconds)
