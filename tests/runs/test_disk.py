import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from gan_core.config import Config, preset
from gan_core.home import checkpoints
from gan_core.runs import disk, job, manage
from gan_core.runs.checkpoint import save_discriminator, save_generator, save_state
from gan_core.runs.pruning import MOST_SAMPLES, MOST_STATES
from gan_core.runs.run_dir import RunDir
from gan_core.training.trainer import Trainer

REPOSITORY = Path(__file__).resolve().parents[2]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch):
    """free(n): the disk has n bytes left, whoever asks."""
    return lambda size: monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, size))


@pytest.mark.parametrize(
    ("size", "need", "fits"),
    [(10**9, 10**8, True), (10**9, 10**9, False), (10**9, 8.9 * 10**8, False), (0, 0, False), (10**8, 0, True)],
)
def test_what_is_needed_must_fit_with_room_to_spare(tmp_path, free, size, need, fits):
    free(size)
    assert (disk.shortage(tmp_path, need) is None) == fits


def test_a_shortage_says_where_how_much_and_what_to_do(tmp_path, free):
    free(2 * 10**9)
    problem = disk.shortage(tmp_path, 3 * 10**9)
    for words in (str(tmp_path), "3.0 GB are needed", "2.0 GB are free", "make room"):
        assert words in problem


def test_the_real_disk_is_asked(tmp_path):
    assert disk.shortage(tmp_path, 0) is None
    assert disk.shortage(tmp_path, 10**18)


@pytest.mark.parametrize("name", ["fast", "modern", "mlp-28", "dense-gan", "tiny"])
def test_a_save_takes_about_what_was_reckoned(name, tiny, tmp_path):
    config = tiny if name == "tiny" else preset(name).with_options(ngf=16, ndf=16, batch_size=4)
    size = config.model.image_size
    trainer = Trainer(config, np.zeros((8, size, size, config.model.channels), np.uint8))
    for _ in zip(trainer.run(), range(3), strict=False):
        pass
    save_state(tmp_path / "1.pt", trainer.state_dict())
    for file in ("generator", "best"):
        save_generator(tmp_path / f"{file}.safetensors", trainer.G_ema, config, 0)
    save_generator(tmp_path / "snapshot.safetensors", trainer.G_ema, config, 0, half=True)
    save_discriminator(tmp_path / "discriminator.safetensors", trainer.D, config, 0)
    written = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 0.9 * written - 200_000 <= disk.save_bytes(config) <= 1.1 * written + 200_000


def test_a_run_without_room_is_refused_before_it_is_made(free):
    free(50 * 2**20)
    with pytest.raises(ValueError, match="no room for this training: the disk"):
        job.create(Config().with_options(data="drawn:40"), "mine")
    assert not list(checkpoints().glob("[!.]*"))


def test_pictures_that_are_prepared_need_no_room_again(free, monkeypatch):
    config = Config().with_options(data="drawn:400", image_size=32, ngf=4, ndf=4)
    from gan_core.data import prepare
    from gan_core.home import datasets

    before = job.room_needed(config)
    prepare("drawn:400", 32, 3, datasets())
    assert before - job.room_needed(config) == pytest.approx(400 * 32 * 32 * 3)
    assert job.room_needed(config) == disk.run_bytes(config) > MOST_STATES * disk.save_bytes(config) / 2 + MOST_SAMPLES


def test_a_run_without_room_for_its_next_state_is_not_resumed(run, free):
    run.state_path(8).write_bytes(b"state")
    free(10 * 2**20)
    with pytest.raises(ValueError, match="no room for the next state"):
        job.prepare_resume(run)


def test_a_copy_without_room_is_refused(run, free):
    free(2**20)
    with pytest.raises(ValueError, match="no room for the copy"):
        manage.duplicate(run, "copy")
    with pytest.raises(ValueError, match="no room for the zip"):
        manage.pack(run, checkpoints() / ".packs")


WRITES = """
import resource, sys
from pathlib import Path
import torch
from gan_core.home import checkpoints
from gan_core.models import build_generator
from gan_core.runs import checkpoint, manage
from gan_core.runs.run_dir import RunDir, Status

run = RunDir(Path(sys.argv[1]))
config = run.config()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
big = "x" * 10_000
writes = {
    "state": lambda: checkpoint.save_state(run.state_path(8), {"a": torch.zeros(10_000)}),
    "generator": lambda: checkpoint.save_generator(run.generator, build_generator(config.model), config, 9),
    "sample": lambda: run.add_sample(8, b"j" * 10_000),
    "status": lambda: run.write_status(Status("stopped", big)),
    "copy": lambda: manage.duplicate(run, "copy"),
    "zip": lambda: manage.pack(run, checkpoints() / ".packs"),
}
for name, write in writes.items():
    try:
        write()
    except OSError:
        print(name)
"""


def test_a_write_that_finds_no_room_spares_the_older_file(run, G, tiny, files_in):
    pytest.importorskip("resource")
    save_state(run.state_path(8), {"a": 1})
    save_generator(run.generator, G, tiny, 8)
    run.add_sample(8, b"jpeg")
    manage.pack(run, checkpoints() / ".packs")
    before = files_in(checkpoints())
    done = subprocess.run(
        [sys.executable, "-c", WRITES, str(run.path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["state", "generator", "sample", "status", "copy", "zip"]
    assert files_in(checkpoints()) == before
    assert [each.name for each in map(RunDir, checkpoints().glob("[!.]*"))] == ["mine"]
