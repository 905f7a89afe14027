import json
import os
import time
from pathlib import Path

import pytest

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.runs import run_dir
from gan_core.runs.run_dir import RunDir, Status
from gan_core.runs.summary import summarise


@pytest.fixture
def trained(run) -> RunDir:
    run.write_status(Status("stopped", nimg=24, seconds=2.0))
    for nimg, more in ((8, {"swd": 9.0}), (16, {"swd": 3.5}), (24, {})):
        run.append_metrics({"nimg": nimg} | more)
        run.add_sample(nimg, b"jpeg")
    return run


def test_a_run_in_one_line(trained):
    found = summarise(trained)
    assert (found.name, found.state, found.nimg, found.best) == ("mine", "stopped", 24, 3.5)
    assert (found.preset, found.image_size, found.shipped, found.active) == ("dcgan", 32, False, False)
    assert found.sample == trained.samples()[-1][1] and abs(found.written - time.time()) < 3600


def test_every_change_is_seen(trained):
    summarise(trained)
    trained.append_metrics({"nimg": 32, "swd": 1.0})
    trained.add_sample(32, b"jpeg")
    trained.write_status(Status("failed", nimg=32))
    found = summarise(trained)
    assert (found.nimg, found.best, found.state, found.sample.name) == (32, 1.0, "failed", "000000032.jpg")


def test_a_process_that_ends_without_a_word_is_noticed(trained):
    with trained.claim():
        trained.write_status(Status("training"))
        assert summarise(trained).active
    assert summarise(trained).state == "died"
    with trained.claim():
        assert summarise(trained).state == "training", "somebody goes on with it before it says so"


def test_nothing_is_read_twice_of_a_run_at_rest(trained, monkeypatch):
    first, read = summarise(trained), []
    monkeypatch.setattr(Path, "read_text", lambda path, **_: read.append(path))
    monkeypatch.setattr(run_dir.Path, "glob", lambda path, pattern: read.append(path))
    assert summarise(trained) == first and read == []


@pytest.mark.parametrize("text", ["", "{", '{"format_version": 99}'])
def test_a_run_with_unreadable_settings_is_listed(trained, text):
    (trained.path / "config.json").write_text(text)
    found = summarise(trained)
    assert (found.preset, found.image_size, found.nimg) == ("", 0, 24)


def test_the_command_lists_runs_as_a_table(trained, new_run, capsys):
    other = new_run("other")
    os.utime(other.path / "config.json", (1e9, 1e9))
    assert main(["runs"]) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "state", "kimg", "distance", "preset", "size", "last", "written"]
    assert first.split()[:6] == ["mine", "stopped", "0.0", "3.5", "dcgan", "32"]
    assert second.split()[:4] == ["other", "stopped", "0.0", "–"] and "2001-09-09" in second


def test_the_command_lists_runs_for_programs(trained, capsys):
    assert main(["runs", "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["name"], row["best"], row["path"]) == ("mine", 3.5, str(trained.path))


def test_no_runs_are_a_sentence(capsys):
    assert main(["runs"]) == 0
    assert str(checkpoints()) in capsys.readouterr().out
