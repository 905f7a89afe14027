import os
import signal
import subprocess
import sys
import time

import pytest

from gan_core.runs import job, library, run_dir
from gan_core.runs.checkpoint import load_generator
from gan_core.runs.run_dir import RunBusy, RunDir, Status


@pytest.fixture
def no_survivors():
    """Ends what a failed test would leave training."""
    yield
    for run in library.runs():
        pid = run.status().pid
        if run.status().active and pid:
            os.kill(pid, signal.SIGKILL)


def ended() -> subprocess.Popen:
    """A process that is over as soon as it has begun."""
    return subprocess.Popen([sys.executable, "-c", ""])


@pytest.mark.parametrize("seconds", [0, run_dir.STARTING_SECONDS + 1])
def test_a_process_that_ends_before_it_says_anything_is_a_failure(run, seconds):
    starting = Status("starting", began=time.monotonic() - seconds)
    run.write_status(starting)
    job._reap(run, ended(), starting)
    assert run.status().state == "failed" and "log.txt" in run.status().message


def test_the_end_of_one_process_says_nothing_about_the_next(run):
    earlier, later = Status("starting", began=time.monotonic() - 5), Status("starting", began=time.monotonic())
    run.write_status(later)
    job._reap(run, ended(), earlier)
    assert run.status() == later


def test_a_training_process_starts_stops_dies_and_goes_on_to_its_goal(changed, wait_for, no_survivors):
    run = job.start(changed(kimg=None, tick_kimg=None, save_seconds=0.0), "first")
    assert run.status().state == "starting"
    wait_for(lambda: run.status().nimg > 0)
    assert run.status().state == "training"
    assert run.is_alive()
    assert run.status().pid != os.getpid()
    assert job.live_run().name == "first"

    with pytest.raises(RunBusy, match="'first' is training: stop it first"):
        job.start(changed(kimg=0.08), "second")
    with pytest.raises(RunBusy, match="'first'"):
        job.resume(run)
    assert [run.name for run in library.runs()] == ["first"]

    run.request_stop()
    wait_for(lambda: not run.status().active)
    assert run.status().state == "stopped"
    stopped_at = run.status().nimg
    assert int(run.states()[0].stem) == stopped_at
    assert job.live_run() is None

    job.resume(run)
    wait_for(lambda: run.status().nimg > stopped_at)
    os.kill(run.status().pid, signal.SIGKILL)
    wait_for(lambda: run.status().state == "died")
    assert run.status().nimg > stopped_at
    assert job.live_run() is None

    died_at = run.status().nimg
    job.resume(run, kimg=0.08)
    wait_for(lambda: not run.status().active)
    assert run.status().state == "done", run.log.read_text()
    assert died_at + 80 <= run.status().nimg <= died_at + 88
    assert load_generator(run.generator)[2] == run.status().nimg
    seen = [row["nimg"] for row in run.metrics()]
    assert seen == sorted(set(seen))
    assert "Traceback" not in run.log.read_text()


def test_two_runs_can_be_named_alike_only_once(run, tiny):
    with pytest.raises(ValueError, match="there is a run 'mine' already"):
        job.create(tiny, "mine")


def test_a_run_without_pictures_is_never_created(changed, tmp_path):
    for data in ("/there/is/nothing", str(tmp_path), "drawn:many", "hf:me"):
        with pytest.raises(ValueError, match=" "):
            job.create(changed(data=data))
    with pytest.raises(ValueError, match="no folder /there/is/nothing"):
        job.create(changed(data="mnist", data_root="/there/is/nothing"))
    with pytest.raises(ValueError, match="“mood”"):
        job.create(changed(labels="mood"))
    assert library.runs() == []


def test_a_new_run_has_the_config_and_a_name_from_its_pictures(changed):
    run = job.create(changed(seed=7))
    assert run.name == "drawn-40-32"
    assert run.config() == changed(seed=7)


def test_a_run_remembers_its_pictures_wherever_it_is_resumed_from(changed, tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "a.png").touch()
    monkeypatch.chdir(tmp_path)
    assert job.create(changed(data="pets")).config().train.data == str(tmp_path / "pets")


def test_sets_known_by_name_keep_it_and_nothing_is_downloaded_to_name_a_run(changed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "idx").mkdir()
    run = job.create(changed(data=" Fashion_MNIST ", data_root="idx"))
    assert run.name == "fashion-mnist-32"
    assert (run.config().train.data, run.config().train.data_root) == ("fashion-mnist", str(tmp_path / "idx"))
    run = job.create(changed(data="https://huggingface.co/datasets/me/pets", labels="mood"))
    assert run.name == "pets-32"
    assert (run.config().train.data, run.config().train.labels) == ("hf:me/pets", "mood")


@pytest.mark.parametrize(
    ("more", "kimg", "minutes"),
    [({"kimg": 1.0}, 5.0, None), ({"minutes": 2.0}, None, 3.0), ({"kimg": 1.0, "minutes": 2.0}, 5.0, 3.0)],
)
def test_more_is_counted_from_where_the_run_is(run, more, kimg, minutes):
    run.write_status(Status("done", nimg=4_000, seconds=60.0))
    job.prepare_resume(run, **more)
    train = run.config().train
    assert (train.kimg, train.minutes) == (kimg, minutes)


@pytest.mark.parametrize(
    "more", [{"kimg": -1.0}, {"kimg": 0.0}, {"minutes": 0.0}, {"minutes": -1.0}, {"kimg": float("nan")}]
)
def test_a_goal_behind_the_run_is_refused_and_the_old_one_kept(run, tiny, more):
    run.write_status(Status("done", nimg=4_000, seconds=600.0))
    with pytest.raises(ValueError, match="kimg|minutes"):
        job.prepare_resume(run, **more)
    assert run.config() == tiny


def test_a_run_at_its_goal_asks_for_more(run):
    run.write_status(Status("done", nimg=80, seconds=1.0))
    with pytest.raises(ValueError, match="say how many more"):
        job.prepare_resume(run)


def test_a_run_short_of_its_goal_goes_on_to_it(run, tiny):
    run.write_status(Status("stopped", nimg=40, seconds=1.0))
    job.prepare_resume(run)
    assert run.config() == tiny


def test_a_run_that_trains_is_busy(run):
    run.write_status(Status("training", nimg=40))
    with run.claim(), pytest.raises(RunBusy, match="'mine' is training already"):
        job.prepare_resume(run, kimg=1.0)


def test_a_model_without_its_state_can_be_explored_but_not_resumed(run):
    run.generator.touch()
    run.write_status(Status("done", nimg=80))
    with pytest.raises(ValueError, match="explored, not resumed"):
        job.prepare_resume(run, kimg=1.0)


def test_a_refused_resume_leaves_no_trace_and_no_lock(run, tiny, files_in):
    run.write_status(Status("done", nimg=80, seconds=1.0))
    before = files_in(run.path)
    for _ in range(2):
        with pytest.raises(ValueError, match="say how many more"):
            job.resume(run)
    assert files_in(run.path) == before
    assert RunDir(run.path).status().state == "done"
