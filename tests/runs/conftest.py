from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.config import Config
from gan_core.home import checkpoints
from gan_core.models import Generator, build_generator
from gan_core.runs.run_dir import RunDir, Status
from gan_core.runs.worker import Worker
from gan_core.training.trainer import Tick


@pytest.fixture
def run(tiny) -> RunDir:
    return RunDir.create(checkpoints() / "mine", tiny)


@pytest.fixture
def G(tiny) -> Generator:
    """A generator with statistics of its own."""
    torch.manual_seed(0)
    G = build_generator(tiny.model)
    for _ in range(3):
        G(torch.randn(8, tiny.model.latent_dim))
    return G.eval()


@pytest.fixture
def changed(tiny):
    """changed(kimg=1.0) is the tiny config with other train settings."""
    return lambda **train: replace(tiny, train=replace(tiny.train, **train))


@pytest.fixture
def new_run(changed):
    """new_run(name, **train) creates a run of the tiny config with other train settings."""

    def create(name: str, **train) -> RunDir:
        return RunDir.create(checkpoints() / name, changed(**train))

    return create


class Work:
    """Trains a run in this process and remembers what a watcher hears; it may be stopped after `stop_at` images."""

    def __init__(self, stop_at: int | None = None):
        self.stop_at, self.statuses, self.ticks = stop_at, [], []

    def __call__(self, run: RunDir) -> Status:
        return Worker(run, 4711, self.should_stop, self.watch).work()

    def should_stop(self) -> bool:
        return self.stop_at is not None and bool(self.ticks) and self.ticks[-1].nimg >= self.stop_at

    def watch(self, event: Status | Tick) -> None:
        (self.ticks if isinstance(event, Tick) else self.statuses).append(event)


@pytest.fixture
def work():
    return Work


@pytest.fixture
def set_goal():
    def set_goal(run: RunDir, **train) -> None:
        config: Config = run.config()
        run.write_config(replace(config, train=replace(config.train, **train)))

    return set_goal


@pytest.fixture
def files_in():
    """files_in(folder): every file's path below it and its bytes, locks left out."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return read


@pytest.fixture
def pets(tmp_path) -> Path:
    """A folder of twelve pictures of noise."""
    folder = tmp_path / "pets"
    folder.mkdir()
    for i in range(12):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder
