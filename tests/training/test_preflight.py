import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gan_core.training import preflight as module
from gan_core.training.preflight import preflight
from gan_core.training.trainer import Tick, Trainer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A trial takes all of its steps however slow the machine is, and no long one with a larger batch."""
    monkeypatch.setattr(module, "SECONDS", 3600.0)
    monkeypatch.setattr(module, "LARGER_SECONDS", 1.0)


def test_it_takes_twenty_steps_and_tells_of_each(tiny, images):
    seen = []
    found = preflight(tiny, images, lambda done, total: seen.append((done, total)))
    assert seen == [(done, 20) for done in range(1, 21)]
    assert found.batch_size == tiny.train.batch_size and found.num_parts == 1
    assert 0 < found.img_per_sec < math.inf


def test_its_speed_is_that_of_the_training_itself(tiny, images, monkeypatch):
    now, step = [0.0], Trainer.step

    def half_a_second(trainer: Trainer) -> None:
        step(trainer)
        now[0] += 0.5

    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(Trainer, "step", half_a_second)
    config = tiny.with_options(batch_size=16, kimg=0.32, tick_kimg=0.16)
    ticks = [event for event in Trainer(config, images).run() if isinstance(event, Tick)]
    assert [tick.metrics["img_per_sec"] for tick in ticks] == [32.0] * 2
    assert preflight(config, images).img_per_sec == 32


@pytest.mark.parametrize(
    ("goal", "kimg_per_rate", "seconds_per_rate"),
    [
        ({"kimg": 5.0, "minutes": None}, lambda rate: 5.0, lambda rate: 5000 / rate),
        ({"kimg": None, "minutes": 2.0}, lambda rate: 0.12 * rate, lambda rate: 120.0),
        ({"kimg": 1e9, "minutes": 2.0}, lambda rate: 0.12 * rate, lambda rate: 120.0),
        ({"kimg": None, "minutes": None}, lambda rate: None, lambda rate: None),
    ],
)
def test_the_goal_that_comes_first_tells_the_end(tiny, images, goal, kimg_per_rate, seconds_per_rate):
    found = preflight(tiny.with_options(**goal), images)
    assert found.kimg == pytest.approx(kimg_per_rate(found.img_per_sec))
    assert found.seconds == pytest.approx(seconds_per_rate(found.img_per_sec))


def test_a_larger_batch_takes_longer_to_the_same_number_of_steps(tiny, images):
    small = preflight(tiny, images)
    assert small.seconds_to_samples == pytest.approx(module.RECOGNISABLE_STEPS * 8 / small.img_per_sec)


LARGEST = """
import json, sys
import numpy as np, torch
from gan_core import memory
from gan_core.config import preset
from gan_core.training import preflight as module

torch.set_num_threads(1)
module.LARGER_SECONDS = 600  # however slow the machine is
# Large enough that memory is given back when it is free.
config = preset("dcgan").with_options(ngf=32, ndf=32, batch_size=16)
images, found = np.zeros((16, 64, 64, 3), np.uint8), []
for megabytes in (100, 50_000):
    # Room beyond what is used at the moment.
    memory.available = lambda device: (memory.peak(device) + megabytes * 10**6) / 0.9
    found.append(module.preflight(config, images).largest_batch)
print(json.dumps(found))
"""


def test_the_largest_batch_is_a_power_of_two_that_the_memory_decides():
    """In a process of its own: memory that another test has taken and freed would be taken again unseen."""
    run = subprocess.run([sys.executable, "-c", LARGEST], cwd=ROOT, capture_output=True, text=True, check=True)
    little, much = json.loads(run.stdout)
    assert math.log2(little).is_integer() and 16 <= little < much == 4096


def test_it_can_be_cancelled_between_steps(tiny, images):
    class Cancelled(Exception):
        pass

    def cancel(done: int, _total: int) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        preflight(tiny, images, cancel)


def test_slow_steps_end_it_early(tiny, images, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.0)
    seen = []
    preflight(tiny, images, lambda done, total: seen.append(done))
    assert seen == [1]


def test_what_people_read(tiny, images):
    found = replace(
        preflight(tiny, images),
        img_per_sec=124.4, others_cores=0.0, kimg=74.64, seconds=600.0, seconds_to_samples=155.0,
        peak_bytes=1_234_000_000, memory_bytes=8e9, largest_batch=1024, num_parts=1, device="bf16 on CPU (AVX-512)",
    )  # fmt: skip
    assert found.sentences() == [
        "124 images/s with batches of 8, bf16 on CPU (AVX-512)",
        "the first recognisable samples after about 3 min",
        "in 10 min the networks will have seen 74,600 pictures",
        "it takes 1.2 GB of 8.0 GB of memory; batches of up to 1,024 would fit",
    ]
    busy = replace(found, others_cores=1.0, num_parts=2, kimg=None, seconds=None)
    text = " ".join(busy.sentences())
    assert "kept 1.0 of" in text and "computed in 2 parts" in text and "will have seen" not in text


def test_other_programs_are_noticed():
    code = (
        "import time; print('ready', flush=True); input(); t = time.monotonic()\n"
        "while time.monotonic() < t + 1.5: pass\n"
        "print('done', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as burning:
        assert burning.stdout.readline().strip() == b"ready"
        watch = module._busy_others()
        burning.stdin.write(b"\n")
        burning.stdin.flush()
        assert burning.stdout.readline().strip() == b"done"
        assert watch() > 0.4
        burning.kill()
