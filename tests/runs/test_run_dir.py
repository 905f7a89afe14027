import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from gan_core.runs import run_dir
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunBusy, RunDir, Status

REPOSITORY = Path(__file__).resolve().parents[2]


def write_states(run: RunDir, *seen: int) -> None:
    for nimg in seen:
        run.state_path(nimg).write_bytes(b"state")


def test_a_new_run_has_its_config_and_nothing_happened_yet(run, tiny):
    assert run.exists()
    assert run.config() == tiny
    assert (run.metrics(), run.samples(), run.states(), run.data()) == ([], [], [], {})
    assert not run.status().active
    assert not run.stop_requested()


def test_a_run_is_never_created_over_something_else(run, tiny):
    with pytest.raises(FileExistsError):
        RunDir.create(run.path, tiny)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format_version": 99}', "\x00\x01"])
def test_a_folder_without_a_readable_config_is_refused_with_a_sentence(run, text):
    if text is None:
        (run.path / "config.json").unlink()
    else:
        (run.path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=" "):
        run.config()


def test_a_status_survives_the_disk(run):
    status = Status("stopped", "why", nimg=7, seconds=1.5, device="fp32 on CPU", pid=1, heartbeat=2.0)
    run.write_status(status)
    assert run.status() == status


@pytest.mark.parametrize("text", ["", '{"state": "trai', "[]", "5", '{"state": "done", "from_the_future": 1}'])
def test_a_status_that_cannot_be_read_is_no_reason_to_fail(run, text):
    (run.path / "status.json").write_text(text)
    assert run.status().state in ("stopped", "done")


@pytest.mark.parametrize(
    ("state", "age", "seen"),
    [
        ("training", 0, "died"),
        ("preparing", 0, "died"),
        ("starting", 5, "starting"),
        ("starting", 1000, "died"),
        ("starting", -100, "died"),
        ("stopped", 1000, "stopped"),
        ("failed", 0, "failed"),
        ("done", 0, "done"),
    ],
)
def test_an_active_run_without_a_process_has_died(run, state, age, seen):
    run.write_status(Status(state, nimg=5, began=time.monotonic() - age))
    assert (run.status().state, run.status().nimg) == (seen, 5)
    assert json.loads((run.path / "status.json").read_text())["state"] == state


def test_a_claimed_run_is_alive_and_nobody_elses(run):
    run.write_status(Status("training", heartbeat=0.0))
    with run.claim():
        assert run.is_alive()
        assert run.status().state == "training"
        with pytest.raises(RunBusy, match="'mine' is being trained"), RunDir(run.path).claim():
            pytest.fail("claimed twice")
        assert run.is_alive()
    assert not run.is_alive()
    with run.claim():
        pass


def test_two_processes_exclude_each_other_and_a_dead_one_lets_go(run, wait_for):
    code = (
        "import sys; from pathlib import Path; from gan_core.runs.run_dir import RunDir\n"
        "with RunDir(Path(sys.argv[1])).claim(): print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(run.path)]
    other = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "mine\n"
        assert run.is_alive()
        with pytest.raises(RunBusy), run.claim():
            pytest.fail("claimed twice")
    finally:
        other.kill()
        other.communicate()
    assert not run.is_alive()
    with run.claim():
        pass


def test_an_error_while_training_frees_the_run(run):
    with pytest.raises(KeyError), run.claim():
        raise KeyError
    assert not run.is_alive()


def test_watching_does_not_make_a_run_busy(run):
    with run.claim():
        pass
    for _ in range(20):
        assert not run.is_alive()
        with run.claim():
            pass


def test_those_who_look_at_once_do_not_take_each_other_for_a_training(run):
    run.write_status(Status("training"))
    with run.claim():
        pass
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: run.status().state, range(2000))) == {"died"}


def test_a_look_neither_needs_a_lock_nor_makes_one(run):
    run.write_status(Status("training"))
    assert run.status().state == "died" and not list(run.path.glob(".lock"))


def test_a_request_to_stop_is_seen_by_every_reader_until_it_is_cleared(run):
    run.request_stop()
    run.request_stop()
    assert RunDir(run.path).stop_requested()
    run.clear_stop()
    run.clear_stop()
    assert not run.stop_requested()


def test_whoever_sees_its_end_sees_no_request_to_stop_any_more(run, monkeypatch):
    run.request_stop()
    run.write_status(Status("training", nimg=8))
    assert run.stop_requested()
    left = []
    write = run_dir.write_json
    monkeypatch.setattr(run_dir, "write_json", lambda *what: (left.append(run.stop_requested()), write(*what)))
    run.write_status(Status("stopped", nimg=8))
    assert left == [False] and run.status().state == "stopped"


def test_metrics_come_back_in_order(run):
    rows = [{"nimg": nimg, "loss/D": nimg / 3} for nimg in (8, 16, 24)]
    for row in rows:
        run.append_metrics(row)
    assert RunDir(run.path).metrics() == rows


@pytest.mark.parametrize("torn", ['{"nimg": 24, "lo', "{", "24", '"nimg"', "null", '{"loss/D": 1}', ""])
def test_a_torn_last_line_is_skipped(run, torn):
    run.append_metrics({"nimg": 8})
    run.append_metrics({"nimg": 16})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write(torn)
    assert [row["nimg"] for row in run.metrics()] == [8, 16]


def test_rewinding_over_a_torn_line_leaves_whole_lines(run):
    run.append_metrics({"nimg": 8})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"nimg": 16, "lo')
    run.rewind(8)
    run.append_metrics({"nimg": 16, "again": True})
    assert run.metrics() == [{"nimg": 8}, {"nimg": 16, "again": True}]


def test_samples_are_sorted_by_images_seen(run):
    for nimg in (16, 8, 1_000_000_000, 999_999_999):
        run.add_sample(nimg, b"jpeg %d" % nimg)
    (run.path / "samples" / ".000000024.jpg.tmp").write_bytes(b"half")
    assert [nimg for nimg, _ in run.samples()] == [8, 16, 999_999_999, 1_000_000_000]
    assert all(path.read_bytes() == b"jpeg %d" % nimg for nimg, path in run.samples())


def test_rewinding_forgets_what_came_later_and_nothing_else(run):
    for nimg in (8, 16, 24):
        run.append_metrics({"nimg": nimg})
        run.add_sample(nimg, b"jpeg")
    run.rewind(16)
    assert [row["nimg"] for row in run.metrics()] == [8, 16]
    assert [nimg for nimg, _ in run.samples()] == [8, 16]
    run.rewind(0)
    assert (run.metrics(), run.samples()) == ([], [])


@pytest.mark.parametrize(
    ("seen", "kept"), [([8, 16, 24, 32], [32, 24]), ([8], [8]), ([999_999_999, 8, 1_000_000_000], [10**9, 10**9 - 1])]
)
def test_the_newest_two_states_are_kept(run, seen, kept):
    write_states(run, *seen)
    run.prune_states()
    assert [int(path.stem) for path in run.states()] == kept


def test_the_pictures_of_a_run_are_recorded(run, tmp_path):
    store = SimpleNamespace(name="pets", images=[0] * 9, skipped=[("a.jpg", "too small")], path=tmp_path)
    run.write_data(store)
    data = run.data()
    assert (data["name"], data["count"], data["skipped"]) == ("pets", 9, [["a.jpg", "too small"]])
    for damaged in (b"{", b"5", b"\xff\x00", b""):
        (run.path / "data.json").write_bytes(damaged)
        assert run.data() == {}


def test_a_clock_that_jumps_neither_ends_nor_prolongs_a_start(run, monkeypatch):
    run.write_status(Status("starting", heartbeat=time.time(), began=time.monotonic()))
    for jump in (-1e7, -100, 100, 1e7):
        monkeypatch.setattr(time, "time", lambda jump=jump: 1.7e9 + jump)
        assert run.status().state == "starting"
    run.write_status(Status("starting", heartbeat=1e12, began=time.monotonic() - 1000))
    assert run.status().state == "died"


def test_a_lost_status_is_made_up_from_the_last_tick(run):
    run.append_metrics({"nimg": 8, "seconds": 1.5})
    run.append_metrics({"nimg": 16, "seconds": 3.0})
    (run.path / "status.json").write_text('{"state": "trai')
    assert (run.status().state, run.status().nimg, run.status().seconds) == ("stopped", 16, 3.0)


def test_lines_damaged_in_the_middle_are_skipped(run):
    for nimg in (8, 16, 24):
        run.append_metrics({"nimg": nimg})
    path = run.path / "metrics.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"nimg": 16}', b"\x00\x00\xff16}"))
    assert [row["nimg"] for row in run.metrics()] == [8, 24]
    run.rewind(16, [{"nimg": 8}, {"nimg": 16}])
    assert [row["nimg"] for row in run.metrics()] == [8, 16]


def test_what_killed_writers_left_is_swept_and_nothing_else(run):
    run.add_sample(8, b"jpeg")
    write_states(run, 8)
    litter = [run.path / ".status.json.a1b2c3d_", run.path / "state" / ".000000016.pt.abcdefgh"]
    for path in litter:
        path.write_bytes(b"half")
    with run.claim():
        run.sweep()
        assert not any(path.exists() for path in litter)
        assert run.is_alive() and run.samples() and run.states() and run.exists()


@pytest.mark.parametrize("text", ["", "{", '{"format_version": 1, "mod'])
def test_a_damaged_config_is_restored_from_the_newest_model(run, tiny, G, text):
    save_generator(run.generator, G, tiny, 80)
    (run.path / "config.json").write_text(text)
    assert run.config() == tiny
    assert json.loads((run.path / "config.json").read_text())["preset"] == tiny.preset
    assert (run.path / "damaged-config.json").read_text() == text


def test_a_config_that_is_whole_but_wrong_is_never_replaced(run, tiny, G):
    save_generator(run.generator, G, tiny, 80)
    for text in ('{"format_version": 1, "train": {"lr": "fast"}}', '{"format_version": 99}'):
        (run.path / "config.json").write_text(text)
        with pytest.raises(ValueError, match="lr must be|newer version"):
            run.config()
        assert (run.path / "config.json").read_text() == text


def test_a_damaged_state_stays_aside_until_two_good_ones_are_there(run):
    write_states(run, 8, 16)
    aside = run.set_aside(run.states()[0])
    run.prune_states()
    assert aside.exists() and [int(path.stem) for path in run.states()] == [8]
    write_states(run, 24)
    run.prune_states()
    assert not aside.exists() and [int(path.stem) for path in run.states()] == [24, 8]
