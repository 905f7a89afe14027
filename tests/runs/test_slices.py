import itertools
import time
from types import SimpleNamespace

import pytest

from gan_core.config import Config
from gan_core.runs import job, slices
from gan_core.runs.run_dir import RunBusy
from gan_core.runs.slices import prepare_pictures, train_slice


@pytest.fixture(autouse=True)
def zero_gpu(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")


@pytest.fixture
def config() -> Config:
    return Config().with_options(
        image_size=16, ngf=4, ndf=4, latent_dim=8, batch_size=8, data="drawn:16", kimg=0.064, tick_kimg=0.016
    )


def test_a_start_makes_a_run_that_waits_and_no_process(config):
    run = job.start(config)
    status = run.status()
    assert (status.state, status.pid, status.active) == ("waiting", 0, True) and "page" in status.message
    assert job.live_run().path == run.path
    with pytest.raises(RunBusy):
        job.start(config)


def test_slices_go_on_where_the_last_one_ended_until_the_goal_is_reached(config, monkeypatch):
    # A second passes at every look at the clock, of which there is one a step.
    monkeypatch.setattr(slices, "time", SimpleNamespace(monotonic=itertools.count().__next__, time=time.time))
    run, seen = job.start(config), [0]
    while run.status().state == slices.WAITING and len(seen) < 100:
        train_slice(run, seconds=3)
        seen.append(run.status().nimg)
    assert run.status().state == "done" and seen[-1] == 64 and seen == sorted(seen) and len(seen) > 2
    rows = [row["nimg"] for row in run.metrics()]
    assert rows == sorted(set(rows)) and run.generator.exists()


def test_a_stop_between_slices_is_heard_by_the_next_one(config):
    run = job.start(config)
    train_slice(run, seconds=0)
    assert run.status().state == slices.WAITING
    seen = run.status().nimg
    run.request_stop()
    train_slice(run, seconds=0)
    assert (run.status().state, run.status().nimg) == ("stopped", seen) and not run.stop_requested()
    job.resume(run)
    assert run.status().state == slices.WAITING
    train_slice(run, seconds=1e6)
    assert run.status().state == "done"


def test_pictures_are_prepared_before_the_first_slice(config):
    run = job.start(config)
    prepare_pictures(run)
    assert run.status().state == slices.WAITING and run.data()["count"] == 16
    train_slice(run, seconds=1e6)
    assert run.status().state == "done" and run.data()["distinct"] == 1


def test_pictures_that_are_gone_end_the_run(config):
    run = job.start(config)
    run.write_config(config.with_options(data="/nowhere"))
    with pytest.raises(ValueError, match="nowhere"):
        prepare_pictures(run)
    assert run.status().state == "failed" and "nowhere" in run.status().message


def test_what_goes_wrong_in_a_slice_ends_the_run(config):
    run = job.start(config)
    run.write_config(config.with_options(data="/nowhere"))
    with pytest.raises(ValueError, match="nowhere"):
        train_slice(run)
    assert run.status().state == "failed"
