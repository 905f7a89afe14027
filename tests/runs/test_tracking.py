"""What a training leaves for the trackers that people already use."""

import json
import os
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan_core.__main__ import main
from gan_core.home import REPOSITORY
from gan_core.runs import job, tracking
from gan_core.runs.tracking import Tracking, scalars


def read(run) -> EventAccumulator:
    found = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    return found.Reload()


def steps(run, tag: str) -> list[int]:
    return [event.step for event in read(run).Scalars(tag)]


def in_metrics(run) -> list[int]:
    return [row["nimg"] for row in run.metrics()]


def test_event_files_hold_what_metrics_hold(new_run, work):
    run = new_run("mine", tracker="tensorboard")
    work()(run)
    found, rows = read(run), run.metrics()
    assert len(rows) > 2 and set(found.Tags()["scalars"]) == {name for row in rows for name in scalars(row)}
    for name in ("loss/G", "seconds"):
        written = [(each.step, each.value) for each in found.Scalars(name)]
        assert written == [(row["nimg"], pytest.approx(row[name], rel=1e-6)) for row in rows]
    assert found.Scalars("loss/G")[0].wall_time == pytest.approx(rows[0]["time"], abs=1)
    pictures = found.Images("samples")
    # The first and the last, since less than a minute lies between them.
    assert [each.step for each in pictures] == [rows[0]["nimg"], rows[-1]["nimg"]] and pictures[0].width > 32


def test_a_resumed_run_has_each_step_once_and_all_of_them(new_run, work, set_goal):
    run = new_run("mine", tracker="tensorboard", kimg=0.1)
    work(stop_at=48)(run)
    # Recorded after the last state and then lost, as by a crash.
    run.append_metrics({"nimg": 70, "seconds": 1.0, "time": 1.0, "loss/G": 9.0})
    tracking.track(run, "tensorboard")
    assert 70 in steps(run, "loss/G")
    work()(run)
    assert steps(run, "loss/G") == in_metrics(run) and 70 not in in_metrics(run)
    assert len(in_metrics(run)) > 3


def test_an_open_viewer_forgets_what_was_rewound(run):
    run.append_metrics({"nimg": 8, "loss/G": 1.0})
    run.append_metrics({"nimg": 16, "loss/G": 2.0})
    tracking_ = Tracking(run, "tensorboard")
    tracking_.catch_up()
    viewer = read(run)
    # The file that it has read so far is still there for it, as on systems that keep open files.
    kept = {path: path.read_bytes() for path in (run.path / "tensorboard").iterdir()}
    run.rewind(8)
    run.append_metrics({"nimg": 17, "loss/G": 3.0})
    tracking_.catch_up()
    tracking_.close()
    for path, data in kept.items():
        path.write_bytes(data)
    assert [(each.step, each.value) for each in viewer.Reload().Scalars("loss/G")] == [(8, 1.0), (17, 3.0)]


def test_a_run_without_a_tracker_writes_and_loads_none(new_run):
    run = new_run("mine")
    code = (
        "import sys; from gan_core.__main__ import main; "
        f"assert main(['resume', {str(run.path)!r}]) == 0; "
        "print([name for name in sys.modules if name.split('.')[0] in ('tensorboard', 'trackio')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]" and not (run.path / "tensorboard").exists()


def test_an_old_run_is_tracked_afterwards(new_run, work, capsys):
    run = new_run("mine")
    work()(run)
    assert main(["track", "mine", "--tracker", "tensorboard", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["steps"] == len(in_metrics(run)) and said["see"].startswith("tensorboard --logdir ")
    assert main(["track", "mine", "--tracker", "tensorboard"]) == 0
    assert steps(run, "loss/D") == in_metrics(run)
    assert len(read(run).Images("samples")) == 2


def test_a_tracker_that_is_not_installed_is_told_before_anything_begins(changed, new_run, monkeypatch, capsys, work):
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install trackio"):
        job.create(changed(tracker="trackio"), "mine")
    assert main(["train", "--run", "mine", "--data", "drawn:40", "--tracker", "tensorboard"]) == 2
    assert (
        "the tracker tensorboard is not installed: install it with “pip install tensorboard”" in capsys.readouterr().err
    )
    run = new_run("mine", tracker="trackio")
    with pytest.raises(ValueError, match="pip install trackio"):
        work()(run)
    assert run.status().state == "failed" and "pip install trackio" in run.status().message and not run.data()


def test_a_tracker_that_fails_does_not_cost_the_training(new_run, work, caplog):
    run = new_run("mine", tracker="tensorboard")
    (run.path / "tensorboard").write_text("in the way")
    assert work()(run).state == "done"
    assert len([each for each in caplog.records if "the tracker tensorboard failed" in each.message]) == 1


def test_what_has_no_metrics_or_trains_is_not_tracked(run, capsys):
    assert main(["track", "mine", "--tracker", "tensorboard"]) == 2
    assert "has no metrics" in capsys.readouterr().err
    with run.claim():
        run.write_status(run.status().__class__(state="training"))
        assert main(["track", "mine", "--tracker", "tensorboard"]) == 2
    assert "is training" in capsys.readouterr().err


@pytest.fixture
def trackio(tmp_path, monkeypatch):
    """trackio's storage in a folder of its own, which it decides on import; in a process each, as people use it."""
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def stored(code: str = "[(run.name, run.id) for run in trackio.Api().runs('dcgan-studio')]"):
        code = f"import json, trackio; from trackio.sqlite_storage import SQLiteStorage; print(json.dumps({code}))"
        done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    return stored


def command(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gan_core", *arguments], cwd=REPOSITORY, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_trackio_has_each_step_once_across_a_resume(new_run, work, set_goal, trackio):
    run = new_run("mine", kimg=0.1)
    work(stop_at=48)(run)
    set_goal(run, tracker="trackio")
    lines = command("resume", "mine", "--json").splitlines()
    assert all(json.loads(line) for line in lines), "stdout is for programs"
    command("resume", "mine", "--kimg", "0.05")
    assert len(trackio()) == 1
    rows = trackio("SQLiteStorage.get_logs('dcgan-studio', 'mine')")
    written = [(row["step"], row["loss/G"]) for row in rows if "loss/G" in row]
    assert written == [(row["nimg"], row["loss/G"]) for row in run.metrics()] and len(written) > 4
    assert sum("samples" in row for row in rows) == 2


def test_runs_of_the_same_name_leave_each_other_alone_in_trackio(run, trackio):
    run.append_metrics({"nimg": 8, "loss/G": 1.0})
    command("track", "mine", "--tracker", "trackio")
    command("track", "mine", "--tracker", "trackio")
    assert len(trackio()) == 1
    (run.path / "trackio.json").unlink()  # as another run of that name
    command("track", "mine", "--tracker", "trackio")
    assert len({id for _, id in trackio()}) == 2
