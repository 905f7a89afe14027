"""The run directory: the contract between a training process and everyone who watches it.

checkpoints/<run>/
  config.json            everything that decides the run
  data.json              the pictures it trains on, and those that were skipped
  status.json            state, progress, pid, heartbeat, message
  metrics.jsonl          one line a tick
  samples/000512000.jpg  the fixed grid of z after 512,000 images
  state/000512000.pt     everything to resume
  generator.safetensors  the averaged generator, newest
  best.safetensors       the one whose samples were nearest to the pictures, if any were measured
  stop                   exists while somebody asks the training to stop
  log.txt                what the training process printed
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from gan_core.config import Config
from gan_core.files import replacing, write_json

if TYPE_CHECKING:
    from gan_core.data import Store

ACTIVE = ("starting", "preparing", "training")
STARTING_SECONDS = 60
STATES_KEPT = 2


@dataclass(frozen=True)
class Status:
    """What a run is doing; `prepared` is the share of its pictures that are ready.

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
        """ValueError if config.json is missing or not of this program."""
        return Config.load(self.path / "config.json")

    def write_config(self, config: Config) -> None:
        write_json(self.path / "config.json", config.to_dict())

    def data(self) -> dict:
        """`name`, `count`, `skipped` ([name, reason] pairs) and `store` of the pictures; empty until ready."""
        with contextlib.suppress(OSError, json.JSONDecodeError):
            return json.loads((self.path / "data.json").read_text(encoding="utf-8"))
        return {}

    def write_data(self, store: Store) -> None:
        about = {"name": store.name, "count": len(store.images), "skipped": store.skipped, "store": str(store.path)}
        write_json(self.path / "data.json", about)

    def write_status(self, status: Status) -> None:
        write_json(self.path / "status.json", asdict(status))

    def status(self) -> Status:
        """What the run is doing now, `died` included."""
        status = self._written_status()
        if not status.active or self.is_alive():
            return status
        if status.state == "starting" and time.time() - status.heartbeat < STARTING_SECONDS:
            return status
        # The process may have ended between the two looks.
        status = self._written_status()
        return Status(**{**asdict(status), "state": "died"}) if status.active else status

    def is_alive(self) -> bool:
        """Whether a training process holds this run; the kernel frees its lock however it ends."""
        if not self._lock_path.exists():
            return False
        try:
            with FileLock(self._lock_path, timeout=0):
                return False
        except Timeout:
            return True

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Hold the run while training it. RunBusy if another process does."""
        lock = FileLock(self._lock_path)
        try:
            # A watcher's look holds the lock for an instant: wait longer than that.
            lock.acquire(timeout=2)
        except Timeout:
            raise RunBusy(f"'{self.name}' is being trained by another process") from None
        try:
            yield
        finally:
            lock.release()

    def request_stop(self) -> None:
        (self.path / "stop").touch()

    def clear_stop(self) -> None:
        (self.path / "stop").unlink(missing_ok=True)

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def append_metrics(self, line: dict) -> None:
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def metrics(self) -> list[dict]:
        """All ticks in order; a torn last line is skipped."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
            return [row for row in map(_parse, lines) if row]
        return []

    def best_row(self) -> dict | None:
        """The tick whose samples were nearest to the pictures, by sliced Wasserstein distance."""
        return min((row for row in self.metrics() if "swd" in row), key=lambda row: row["swd"], default=None)

    def samples(self) -> list[tuple[int, Path]]:
        """(nimg, path) of every sample sheet, oldest first."""
        return [(int(path.stem), path) for path in _by_number((self.path / "samples").glob("[0-9]*.jpg"))]

    def add_sample(self, nimg: int, jpeg: bytes) -> None:
        folder = self.path / "samples"
        folder.mkdir(exist_ok=True)
        with replacing(folder / f"{nimg:09d}.jpg") as temporary:
            temporary.write_bytes(jpeg)

    def states(self) -> list[Path]:
        """Saved states, newest first."""
        return _by_number((self.path / "state").glob("[0-9]*.pt"))[::-1]

    def state_path(self, nimg: int) -> Path:
        folder = self.path / "state"
        folder.mkdir(exist_ok=True)
        return folder / f"{nimg:09d}.pt"

    def prune_states(self) -> None:
        for path in self.states()[STATES_KEPT:]:
            path.unlink()

    def rewind(self, nimg: int) -> None:
        """Forget what was recorded after `nimg` images, so that a resumed history has no duplicates."""
        kept = [row for row in self.metrics() if row["nimg"] <= nimg]
        with replacing(self.path / "metrics.jsonl") as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
        for seen, path in self.samples():
            if seen > nimg:
                path.unlink()

    @property
    def _lock_path(self) -> Path:
        return self.path / ".lock"

    def _written_status(self) -> Status:
        with contextlib.suppress(OSError, json.JSONDecodeError, TypeError, AttributeError):
            values = json.loads((self.path / "status.json").read_text(encoding="utf-8"))
            known = {f.name for f in fields(Status)}
            return Status(**{key: value for key, value in values.items() if key in known})
        return Status("stopped" if self.exists() else "failed")


def _by_number(paths: Iterable[Path]) -> list[Path]:
    """Sorted by the images seen, which outgrow their nine digits after a million kimg."""
    return sorted((path for path in paths if path.stem.isdecimal()), key=lambda path: int(path.stem))


def _parse(line: str) -> dict | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and "nimg" in row else None
