"""What happens to a training that is left alone; hundreds of accidents are in crash_driver.py."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import children

from gan_core.home import checkpoints
from gan_core.runs import job, library
from gan_core.runs.checkpoint import load_generator
from gan_core.runs.run_dir import RunBusy, Status

ROOT = Path(__file__).resolve().parents[2]
FULL = (
    "import resource, sys; from pathlib import Path; from gan_core.files import write_json\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    "write_json(Path(sys.argv[1]), list(range(1000)))"
)


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork and /proc")
def test_two_hundred_kills_full_disks_and_cut_files_cost_at_most_a_tick(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DCGAN_STUDIO_HOME": str(tmp_path)}
    command = [sys.executable, str(Path(__file__).with_name("crash_driver.py")), str(tmp_path), "0", "200"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3000)
    assert result.returncode == 0, result.stderr[-3000:]
    told = json.loads(result.stdout)
    assert told["finished"] >= 3 and sum(told["survived"].values()) >= 200
    assert told["survived"].keys() >= {"killed", "looks", "full", "cut .pt", "cut config.json", "cut metrics.jsonl"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on files")
def test_a_disk_that_becomes_full_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")
    result = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert "OSError: [Errno 27] File too large" in result.stderr
    assert path.read_text() == "[]" and list(tmp_path.iterdir()) == [path]


def test_of_two_starts_at_once_one_is_told_why_not(changed, wait_for, monkeypatch):
    monkeypatch.setattr(library, "SECONDS_FOR_A_START", 300)
    answers = []

    def start(name: str) -> None:
        try:
            answers.append(job.start(changed(kimg=None), name).name)
        except RunBusy as error:
            answers.append(str(error))

    threads = [threading.Thread(target=start, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (run,) = library.runs()
    for process in children(str(run.path)):
        process.kill()
    other = next(answer for answer in answers if answer != run.name)
    assert other.startswith(f"'{run.name}' is training: stop it first")
    assert run.path.parent == checkpoints()
    wait_for(lambda: not run.status().active)


@pytest.mark.parametrize("jump", [-1e7, 1e7])
def test_a_clock_that_jumps_while_training_changes_nothing(new_run, work, monkeypatch, jump):
    real = time.time

    class Jumping(work):
        def watch(self, event):
            super().watch(event)
            if len(self.ticks) == 2:
                monkeypatch.setattr(time, "time", lambda: real() + jump)

    run, watched = new_run("a", tick_kimg=0.008, save_seconds=0.0), Jumping()
    assert watched(run).state == "done"
    assert [row["nimg"] for row in run.metrics()] == list(range(8, 81, 8))
    assert [row["seconds"] for row in run.metrics()] == sorted(row["seconds"] for row in run.metrics())
    assert load_generator(run.generator)[2] == 80


def test_heartbeats_go_on_whatever_the_clock_says(new_run, work, monkeypatch):
    run = new_run("a", kimg=0.4, tick_kimg=None)
    monkeypatch.setattr("gan_core.runs.worker.HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(time, "time", iter(range(10**9, 0, -1)).__next__)
    watched = work()
    watched(run)
    assert len({status.nimg for status in watched.statuses if isinstance(status, Status)}) > 10
