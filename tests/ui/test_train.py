import json
import shutil
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from gan_core.home import checkpoints
from gan_core.runs.run_dir import RunDir, Status
from gan_core.training.trainer import Trainer
from ui import form, guard, resume, run_view, snapshot, train

SKIP = gr.skip()


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(guard.gr, "Warning", lambda message, title: shown.append(message))
    return shown


@pytest.fixture
def start(filled):
    """start(**changes) presses Start on a form with these values."""
    return lambda name="", **changes: train.start(name, *filled(**changes))


def test_a_snapshot_says_everything_once_and_then_nothing(run):
    first = train.snapshot(run.name, "{}")
    assert SKIP not in first[:-2]
    assert first[-2] == SKIP, "a slow answer must not take back what the page shows since"
    again = train.snapshot(run.name, first[-1])
    assert again == [SKIP] * len(first)


def test_a_new_tick_changes_only_what_it_changes(run):
    seen = train.snapshot(run.name, "{}")[-1]
    run.append_metrics(run.metrics()[-1] | {"nimg": 1500})
    changed = json.loads(train.snapshot(run.name, seen)[-1])
    parts = {name for name, key in changed.items() if key != json.loads(seen)[name]}
    assert parts == {"runs", "title", "facts", "loss", "score"}


def measured(run, nimg: int, **metrics) -> None:
    run.append_metrics(run.metrics()[0] | {"nimg": nimg, "swd": 90.0, "swd_floor": 10.0} | metrics)


def part(run, name: str):
    """What the snapshot has for a part, by its place among them."""
    shown = train.snapshot(run.name, "{}")
    return shown[list(json.loads(shown[-1])).index(name)]


def test_the_quality_chart_comes_first_and_with_the_second_measurement(run):
    assert next(iter(train.CHARTS))[0] == "quality"
    assert not part(run, "quality").visible
    measured(run, 1100)
    assert not part(run, "quality").visible and part(run, "loss").visible
    measured(run, 1200)
    chart = part(run, "quality")
    assert chart.visible and len(chart.value["data"]) == 4


def test_the_facts_tell_the_best_and_how_diverse_the_samples_are(run):
    assert "diversity" not in part(run, "facts")
    measured(run, 1100, diversity=0.95, **{"accuracy/train": 0.7, "accuracy/held_out": 0.6, "accuracy/fake": 0.9})
    measured(run, 1200, swd=120.0, diversity=0.5, **{"accuracy/train": 0.95, "accuracy/held_out": 0.6})
    html = part(run, "facts")
    for words in ("best, 1.1 kimg", ">90<", "0.50 <small>low", "95 / 60", "by heart"):
        assert words in html


@pytest.mark.parametrize(("ratio", "word"), [(1.1, "good"), (0.6, "good"), (0.59, "low"), (0.29, "collapsed")])
def test_a_diversity_has_a_word(ratio, word):
    assert run_view.diversity_word(ratio)[0] == word


def test_without_held_out_pictures_nobody_is_said_to_learn_by_heart(run):
    measured(run, 1100, **{"accuracy/train": 1.0})
    html = part(run, "facts")
    assert "D on known" in html and "by heart" not in html


@pytest.mark.parametrize(
    ("count", "names"), [(0, ""), (3, "aaabbbcc"), (8, "abcdefgh"), (10, "abcdefghij"), (20, "abcdefghijklmnop")]
)
def test_every_row_of_the_sheet_has_the_name_of_its_class(config, count, names):
    run = RunDir.create(checkpoints() / "named", config.with_options(classes=tuple("abcdefghijklmnopqrst"[:count])))
    assert run_view.row_names(run) == list(names)


def test_the_rows_are_named_as_the_trainer_makes_them(config):
    for count in (2, 3, 7, 10, 16, 20):
        named = config.with_options(classes=tuple(map(str, range(count))))
        trainer = Trainer(named, np.zeros((8, 32, 32, 3), np.uint8), labels=np.arange(8) % count)
        of_row = trainer.grid_z[::8, -count:].argmax(1).tolist()
        run = RunDir.create(checkpoints() / f"named-{count}", named)
        assert run_view.row_names(run) == list(map(str, of_row))


def test_without_any_run_the_page_is_calm():
    shown = train.snapshot("deleted", "{}")
    assert "No run yet" in shown[2] and shown[-2] == ""


@pytest.mark.parametrize("name", [None, "", "deleted", "../tiny"])
def test_a_run_that_is_gone_makes_room_for_the_newest(run, name):
    shown = train.snapshot(name, "{}")
    assert "tiny" in shown[2] and shown[-2] == "tiny"


def deleting(run, function):
    """That function, which finds the run gone after it has looked."""

    def call(*values):
        found = function(*values)
        shutil.rmtree(run.path, ignore_errors=True)
        return found

    return call


@pytest.mark.parametrize("place", [(snapshot, "unreadable"), (snapshot.health, "diagnose")])
def test_a_run_that_is_deleted_while_it_is_looked_at_is_not_there_at_the_next_look(run, monkeypatch, place):
    monkeypatch.setattr(*place, deleting(run, getattr(*place)))
    assert "No run yet" in train.snapshot(run.name, "{}")[2]


@pytest.mark.parametrize(
    "seen", [None, "", "{", "[]", "7", "null", "[" * 100_000, '{"loss": 1, "score": [2], "title": {}}']
)
def test_what_no_page_of_ours_says_it_shows_counts_as_nothing(run, seen):
    assert train.snapshot(run.name, seen)[-1] == train.snapshot(run.name, "{}")[-1]


@pytest.mark.parametrize("key", ["", "x", "[]", "[1]", "{}", "null", '"hidden"'])
def test_a_key_that_is_none_of_ours_is_another_one(run, key):
    measured(run, 1100)
    shown = train.snapshot(run.name, json.dumps({"loss": key, "title": key}))
    assert "tiny" in shown[2]


def test_a_long_history_is_thinned_and_keeps_its_newest_point():
    row = {"loss/D": 1.0, "loss/G": 2.0}
    lines = {"G": "loss/G", "D": "loss/D"}
    table = run_view.series([row | {"nimg": i * 1000} for i in range(10_000)], "loss", lines)
    assert 400 <= len(table) <= run_view.CHART_POINTS and table["kimg"].max() == 9999


def test_names_and_reasons_from_disk_are_escaped(run):
    html = run_view.skipped_html([["<img src=x onerror=alert(1)>.jpg", "<b>not an image</b>"]])
    assert "<img" not in html and "<b>not" not in html
    assert "<script>" not in run_view.title_html(run, Status("failed", "<script>alert(1)</script>"), [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Say where your pictures are"),
        ({"path": "/no/such/folder"}, "There is no /no/such/folder"),
        ({"source": form.UPLOAD}, "Choose a zip"),
        ({"source": form.DRAWN, "amount": None}, "Say how long"),
        ({"source": form.DRAWN, "amount": -3}, "Say how long"),
        ({"source": form.DRAWN, "amount": 1e99}, "must be above 0 and at most 1e9"),
        ({"source": form.DRAWN, "name": "../up"}, "is no name for a run"),
        ({"source": form.DRAWN, "image_size": 33}, "must be one of 16, 28, 32, 64, 128, 256"),
        ({"source": form.DRAWN, "image_size": 28}, "makes images of 16, 32, 64, 128, 256 px, not of 28"),
        ({"source": form.DRAWN, "r1_gamma": None}, "Fill in R1 gamma under All settings"),
        ({"source": form.DRAWN, "labels": " "}, "abels must be"),
        ({"source": form.KNOWN, "known": "cats"}, "Choose one of the sets"),
        ({"source": form.KNOWN, "known": None}, "Choose one of the sets"),
        ({"source": form.KNOWN, "known": "hf:cats"}, "names no data set on the Hub"),
        ({"source": form.KNOWN, "data_root": "/no/folder"}, "There is no folder /no/folder"),
    ],
)
def test_a_form_that_cannot_be_started_gets_one_sentence_and_starts_nothing(start, warnings, changes, words):
    assert start(**changes) == SKIP
    assert len(warnings) == 1 and words in warnings[0].replace("&#x27;", "'")
    assert not train.library.runs()


def test_on_a_space_only_its_owner_trains_stops_or_resumes(run, start, warnings, visitor):
    for name in (None, "stranger"):
        visitor(name)
        warnings.clear()
        assert start(source=form.DRAWN) == train.stop_run(run.name) == resume.resume(run.name, 1, "kimg") == SKIP
        assert len(warnings) == 3 and not run.stop_requested() and not train.job.live_run()
    visitor("somebody")
    train.stop_run(run.name)
    assert run.stop_requested()


@pytest.mark.parametrize("text", ['{"format_version": 99}', '{"format_version": 1, "train": {"lr": "<b>"}}'])
def test_a_run_whose_settings_cannot_be_read_says_why_and_the_page_lives_on(run, text):
    (run.path / "config.json").write_text(text)
    title = part(run, "title")
    assert "tiny" in title and ("newer version" in title or "must be a number, not &#x27;&lt;b&gt;" in title)
    assert not part(run, "resume").visible


def test_a_run_without_its_training_state_offers_no_resume(run):
    assert not run_view.can_resume(run, run.status())
    run.state_path(1000).write_bytes(b"")
    assert run_view.can_resume(run, run.status())
    assert not run_view.can_resume(run, Status("training"))


def test_time_left_follows_the_pace(run):
    assert run_view.left(run, Status("training", nimg=500, seconds=100.0)) == ["5 min left"]
    assert run_view.left(run, Status("stopped", nimg=500, seconds=100.0)) == []


def test_samples_are_served_by_name_of_a_run_only(run):
    assert train.sheet({"run": "tiny", "nimg": 1000})["image"].startswith("data:image/jpeg;base64,")
    (run.path / "samples" / "000002000.jpg").mkdir()
    assert train.sheet({"run": "tiny", "nimg": 2000}) == {"error": "Is a directory."}
    for request in ({"run": "tiny", "nimg": 5}, {"run": "../tiny", "nimg": 1000}, {"run": None}, {}):
        assert "error" in train.sheet(request)


def test_uploads_are_kept_apart_where_a_later_resume_finds_them(tmp_path):
    kept = []
    for content in ("one", "two"):
        upload = tmp_path / content / "pictures.zip"
        upload.parent.mkdir()
        upload.write_text(content)
        kept.append(Path(form.pictures(form.UPLOAD, "", str(upload))))
        upload.unlink()
    assert [path.read_text() for path in kept] == ["one", "two"] and {path.name for path in kept} == {"pictures.zip"}
