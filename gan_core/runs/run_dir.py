"""The run directory: the contract between a training process and everyone who watches it.

checkpoints/<run>/
  config.json                      everything that decides the run
  data.json                        the pictures it trains on, and those that were skipped
  terms.txt                        the terms of those pictures, if somebody gave them
  status.json                      state, progress, pid, heartbeat, message
  metrics.jsonl                    one line a tick
  history.jsonl                    one line a treatment: what the run fell ill with, and what was changed
  samples/000512000.jpg            the fixed grid of z after 512,000 images
  state/000512000.pt               everything to resume
  snapshots/000512000.safetensors  the averaged generator after 512,000 images, in half precision
  generator.safetensors            the averaged generator, newest
  best.safetensors                 the one whose samples were nearest to the pictures, if any were measured
  discriminator.safetensors        the discriminator of the newest state
  tensorboard/                     event files, if that tracker was asked for
  job.json                         the rented machine that it trains on, if it does
  parent.json                      what it began with, if it began with another run's weights
  parent.pt                        the state whose weights it is to begin with, until it has one of its own
  stop                             exists while somebody asks the training to stop
  heal                             exists while somebody asks it to do what its verdict advises
  log.txt                          what the training process printed
  .lock                            held by whoever trains, copies or moves the run
  .identity                        what tells it from others of its name in a mirror, once it was mirrored

A file that turned out damaged is renamed to damaged-…, and nobody reads it any more.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import Timeout

from gan_core.config import Config
from gan_core.files import append_line, read_json, read_lines, replacing, sweep, write_json, write_lines
from gan_core.runs.hold import held, is_free, is_held
from gan_core.runs.pruning import NEWEST_STATES, superfluous_samples, superfluous_snapshots

if TYPE_CHECKING:
    from gan_core.data import Store

ACTIVE = ("starting", "preparing", "training", "waiting")
STARTING_SECONDS = 300  # a busy machine takes long to load PyTorch; who started it hears of an early end at once
MEASURED_SAMPLES = 2048  # behind each `swd`, or as many as there are pictures
TIE = 0.03  # the measure's own chance; between equals, longer training wins


@dataclass(frozen=True)
class Status:
    """What a run is doing; `prepared` is the share of its pictures that are ready.

    `began` is when it was started, by the clock that counts from the start of the system and never jumps.
    The state `died` is never written: it is what a reader sees of an active run whose process is gone.
    """

    state: str = "starting"
    message: str = ""
    prepared: float = 0.0
    nimg: int = 0
    seconds: float = 0.0
    device: str = ""
    pid: int = 0
    heartbeat: float = 0.0
    began: float = 0.0

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


class RunBusy(ValueError):
    """Another process trains this run."""


class RunDir:
    """One run on disk: what its training process writes and its watchers read."""

    def __init__(self, path: Path):
        self.path = Path(path)
        self.name = self.path.name
        self.generator = self.path / "generator.safetensors"
        self.best = self.path / "best.safetensors"
        self.discriminator = self.path / "discriminator.safetensors"
        self.parent_state = self.path / "parent.pt"
        self.log = self.path / "log.txt"

    @classmethod
    def create(cls, path: Path, config: Config) -> RunDir:
        """A new run with its config. FileExistsError if there is something at `path`."""
        path.mkdir(parents=True)
        run = cls(path)
        run.write_config(config)
        return run

    def exists(self) -> bool:
        return (self.path / "config.json").is_file()

    def config(self) -> Config:
        """ValueError if config.json is missing or not of this program; a damaged one is restored if it can be."""
        path = self.path / "config.json"
        if path.is_file() and read_json(path) is None and (config := self._recorded_config()):
            self.set_aside(path)
            self.write_config(config)
        return Config.load(path)

    def write_config(self, config: Config) -> None:
        write_json(self.path / "config.json", config.to_dict())

    def data(self) -> dict:
        """`name`, `count`, `skipped` ([name, reason] pairs), `store` and share of `distinct` ones of the pictures.

        Empty until they are ready.
        """
        about = read_json(self.path / "data.json")
        return about if isinstance(about, dict) else {}

    def write_data(self, store: Store, **more: object) -> None:
        about = {"name": store.name, "count": len(store.images), "skipped": store.skipped, "store": str(store.path)}
        write_json(self.path / "data.json", about | more)

    def terms(self) -> str:
        """The terms of its pictures that somebody gave or that came with it; "" where neither is."""
        path = self.path / "terms.txt"
        given = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
        return given or self.data().get("terms") or ""

    def write_terms(self, line: str) -> None:
        """Keep that line as the given terms; "" forgets those that were given."""
        path = self.path / "terms.txt"
        if not line:
            path.unlink(missing_ok=True)
            return
        with replacing(path) as temporary:
            temporary.write_text(f"{line}\n", encoding="utf-8")

    def parent(self) -> dict:
        """Of the run whose weights it began with: its `nimg` and `pictures` then, the `changes` of its settings.

        Also the `share` of its own weights that began so. Empty for others, and where it was not recorded.
        """
        about = read_json(self.path / "parent.json")
        return about if isinstance(about, dict) else {}

    def write_parent(self, about: dict) -> None:
        write_json(self.path / "parent.json", about)

    def job(self) -> dict:
        """`id`, `owner`, `repo_id`, `flavor`, `url` and whether it has `ended` of the job that trains or trained it.

        Empty for a run that never was on a rented machine.
        """
        about = read_json(self.path / "job.json")
        return about if isinstance(about, dict) else {}

    def write_job(self, about: dict) -> None:
        write_json(self.path / "job.json", about)

    @property
    def is_rented(self) -> bool:
        """Whether a job trains it that has not been seen to end."""
        return bool(self.job()) and not self.job()["ended"]

    def write_status(self, status: Status) -> None:
        """What it does now; an end also takes back a request to stop, so that whoever sees it may start again."""
        if not status.active:
            self.clear_stop()
        write_json(self.path / "status.json", asdict(status))

    def status(self) -> Status:
        """What the run is doing now, `died` included."""
        status = self.written_status()
        if not status.active or status.state == "waiting" or self.is_alive():
            return status
        if status.state == "starting" and 0 <= time.monotonic() - status.began < STARTING_SECONDS:
            return status
        # The process may have ended between the two looks.
        status = self.written_status()
        return Status(**{**asdict(status), "state": "died"}) if status.active else status

    def written_status(self) -> Status:
        """The newest that its process wrote, whether or not that still lives."""
        values = read_json(self.path / "status.json")
        if isinstance(values, dict):
            known = {f.name for f in fields(Status)}
            return Status(**{key: value for key, value in values.items() if key in known})
        last = next(reversed(self.metrics()), {})
        state = "stopped" if self.exists() else "failed"
        return Status(state, nimg=last.get("nimg", 0), seconds=last.get("seconds", 0.0))

    def has_reached_goal(self) -> bool:
        """Whether it has trained for as long as it was to, whatever ended it."""
        status = self.status()
        return self.config().train.progress(status.nimg, status.seconds) >= 1

    def is_alive(self) -> bool:
        """Whether a training process holds this run; the kernel frees its lock however it ends."""
        return is_held(self._lock_path)

    def is_free(self, within: float) -> bool:
        """Whether nobody holds this run, now or after at most so many seconds."""
        return is_free(self._lock_path, within)

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Hold the run while training it. RunBusy if another process does."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(self._lock_path))
            except Timeout:
                raise RunBusy(f"'{self.name}' is being trained by another process") from None
            yield

    def sweep(self) -> None:
        """Remove what killed trainings left half written; only for whoever has claimed the run."""
        for folder in (self.path, self.path / "samples", self.path / "state", self.path / "snapshots"):
            sweep(folder)

    def set_aside(self, path: Path) -> Path:
        """Rename a damaged file, so that nobody takes it for a good one."""
        return path.replace(path.with_name(f"damaged-{path.name}"))

    def request_stop(self) -> None:
        (self.path / "stop").touch()

    def clear_stop(self) -> None:
        (self.path / "stop").unlink(missing_ok=True)

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def request_heal(self) -> None:
        (self.path / "heal").touch()

    def take_heal_request(self) -> bool:
        """Whether somebody asked for treatment since the last look."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "heal").unlink()
            return True
        return False

    def append_metrics(self, line: dict) -> None:
        append_line(self.path / "metrics.jsonl", line)

    def metrics(self) -> list[dict]:
        """All ticks in order; torn lines are skipped."""
        return [row for row in read_lines(self.path / "metrics.jsonl") if "nimg" in row]

    def append_history(self, entry: dict) -> None:
        append_line(self.path / "history.jsonl", entry)

    def restore_history(self, entries: list[dict]) -> None:
        """Write these treatments again if some of them have been lost; a torn line goes."""
        if found := max(entries, self.history(), key=len):
            write_lines(self.path / "history.jsonl", found)

    def history(self) -> list[dict]:
        """Every treatment in order: `nimg` it went on from, `ill_at`, `verdict`, `headline`, `advice`, `changes`."""
        return read_lines(self.path / "history.jsonl")

    def best_row(self) -> dict | None:
        """The tick with the best samples, as `best_of` says."""
        return best_of(self.metrics())

    def samples(self) -> list[tuple[int, Path]]:
        """(nimg, path) of every sample sheet, oldest first."""
        return _by_images((self.path / "samples").glob("[0-9]*.jpg"))

    def add_sample(self, nimg: int, jpeg: bytes) -> None:
        folder = self.path / "samples"
        folder.mkdir(exist_ok=True)
        with replacing(folder / f"{nimg:09d}.jpg") as temporary:
            temporary.write_bytes(jpeg)
        self.prune_samples()

    def prune_samples(self) -> None:
        """Thin the older sheets by the rule of `pruning`."""
        _thin(self.samples(), superfluous_samples)

    def snapshots(self) -> list[tuple[int, Path]]:
        """(nimg, path) of every snapshot of the averaged generator, oldest first."""
        return _by_images((self.path / "snapshots").glob("[0-9]*.safetensors"))

    def snapshot_path(self, nimg: int) -> Path:
        folder = self.path / "snapshots"
        folder.mkdir(exist_ok=True)
        return folder / f"{nimg:09d}.safetensors"

    def prune_snapshots(self) -> None:
        """Thin them by the rule of `pruning`."""
        _thin(self.snapshots(), superfluous_snapshots)

    def states(self) -> list[Path]:
        """Saved states, newest first."""
        return _by_number((self.path / "state").glob("[0-9]*.pt"))[::-1]

    def state_path(self, nimg: int) -> Path:
        folder = self.path / "state"
        folder.mkdir(exist_ok=True)
        return folder / f"{nimg:09d}.pt"

    def best_state(self) -> Path | None:
        """The state of the tick with the best samples, if it was kept."""
        best = self.best_row()
        path = self.path / "state" / f"{best['nimg']:09d}.pt" if best else None
        return path if path and path.exists() else None

    def prune_states(self) -> None:
        """Keep those that the rule of `pruning` says; damaged ones only while there are fewer."""
        states, best = self.states(), self.best_state()
        damaged = (self.path / "state").glob("damaged-*") if len(states) >= NEWEST_STATES else ()
        older = (path for path in states[NEWEST_STATES:] if path != best)
        for path in [*older, *damaged]:
            path.unlink()

    def rewind(self, nimg: int, rows: list[dict] | None = None) -> None:
        """Forget what was recorded after `nimg` images, so that a resumed history has no duplicates.

        `rows` are all ticks up to there, for a metrics.jsonl that may have lost some; by default those found in it.
        """
        kept = [row for row in self.metrics() if row["nimg"] <= nimg] if rows is None else rows
        write_lines(self.path / "metrics.jsonl", kept)
        for seen, path in [*self.samples(), *self.snapshots()]:
            if seen > nimg:
                path.unlink()

    @property
    def _lock_path(self) -> Path:
        return self.path / ".lock"

    def _recorded_config(self) -> Config | None:
        """The config that the run's newest readable model or state was written with."""
        from gan_core.runs.checkpoint import read_config

        for path in (self.generator, *self.states(), self.best):
            with contextlib.suppress(ValueError):
                return read_config(path)
        return None


def best_of(rows: list[dict]) -> dict | None:
    """The tick whose samples were nearest to the pictures, by sliced Wasserstein distance; of equals the newest."""
    measured = [row for row in rows if "swd" in row]
    least = min((row["swd"] for row in measured), default=0.0)
    return next((row for row in reversed(measured) if row["swd"] <= least * (1 + TIE)), None)


def _by_number(paths: Iterable[Path]) -> list[Path]:
    """Sorted by the images seen, which outgrow their nine digits after a million kimg."""
    return sorted((path for path in paths if path.stem.isdecimal()), key=lambda path: int(path.stem))


def _by_images(paths: Iterable[Path]) -> list[tuple[int, Path]]:
    return [(int(path.stem), path) for path in _by_number(paths)]


def _thin(found: list[tuple[int, Path]], superfluous: Callable[[list[int]], set[int]]) -> None:
    paths = dict(found)
    for seen in superfluous(list(paths)):
        paths[seen].unlink()
