import base64
import io
import json
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gan_core import pixels
from gan_core.config import preset
from gan_core.home import checkpoints
from gan_core.runs import library, manage
from gan_core.runs.run_dir import RunDir, Status
from ui import compare, runs, train

COLOURS = [
    (200, 0, 0),
    (0, 200, 0),
    (0, 0, 200),
    (200, 200, 0),
    (0, 200, 200),
    (200, 0, 200),
    (90, 90, 90),
    (255, 255, 255),
]


@pytest.fixture
def other(config) -> RunDir:
    """A run with other settings that came further."""
    run = RunDir.create(checkpoints() / "other", config.with_options(lr=0.001, flip=False))
    run.write_status(Status("done", nimg=2000))
    for nimg in (500, 1000, 2000):
        line = {"nimg": nimg, "seconds": 1.0, "img_per_sec": 100.0, "loss/D": 1.0, "loss/G": 2.0}
        run.append_metrics(line | {"score/real": 0.6, "score/fake": 0.4, "swd": 5000 / nimg, "swd_floor": 1.0})
    return run


def listed(name: str = "tiny", beside: str = "") -> dict:
    return train.snapshot(name, "{}", beside)[1]


def parts(shown: list) -> dict:
    """What a snapshot has for each part."""
    return dict(zip(json.loads(shown[-1]), shown, strict=False))


def sheet(colours: list[tuple], channels: int = 3) -> bytes:
    """A sheet of 8 x 8 pictures; those of a row have one colour."""
    rows = np.repeat(np.array(colours, np.uint8), 8, axis=0)[:, None, None, :channels]
    return pixels.jpeg(pixels.sheet(np.broadcast_to(rows, (64, 16, 16, channels)).copy(), 8))


def test_every_run_is_listed_with_its_figures(run, other):
    value = listed()
    assert {row["name"] for row in value["runs"]} == {"tiny", "other"} and value["chosen"] == "tiny"
    row = next(row for row in value["runs"] if row["name"] == "other")
    assert (row["state"], row["figures"], row["settings"]) == ("done", " · 2.0 kimg · 2.5", "dcgan 32 px")
    assert value["may_change"] and not row["active"] and not row["shipped"] and row["written"] > 1e9


def test_the_list_changes_only_with_what_it_shows(run, other):
    seen = train.snapshot("tiny", "{}")[-1]
    with other.claim():
        other.write_status(Status("training", nimg=2000))
        training = train.snapshot("tiny", seen)
        assert "good" in {row["tone"] for row in training[1]["runs"]}
        other.write_status(Status("training", nimg=2040, heartbeat=5.0))
        assert train.snapshot("tiny", training[-1])[1] == gr.skip(), "a heartbeat is nothing to see"


def test_a_run_that_cannot_be_read_is_listed_all_the_same(run, other):
    (other.path / "config.json").write_text('{"format_version": 99}')
    row = next(row for row in listed()["runs"] if row["name"] == "other")
    assert row["settings"] == "unreadable settings"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_thumbnail_shows_samples_of_several_rows(run, channels):
    run.add_sample(2000, sheet(COLOURS, channels))
    image = runs.thumbnails({"names": ["tiny"]})["images"]["tiny"]
    assert image.startswith("data:image/jpeg;base64,") and len(image) < 8000
    small = Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2])))
    seen = [small.getpixel(at) for at in ((20, 20), (70, 20), (20, 70), (70, 70))]
    wanted = [colour if channels == 3 else (colour[0],) * 3 for colour in COLOURS[::2]]
    assert np.abs(np.array(seen) - np.array(wanted)).max() < 12


def test_a_new_sheet_has_a_new_thumbnail(run):
    run.add_sample(2000, sheet([(255, 0, 0)] * 8))
    before = listed()["runs"][0]["thumbnail"], runs.thumbnails({"names": ["tiny"]})
    run.add_sample(3000, sheet([(0, 0, 255)] * 8))
    after = listed()["runs"][0]["thumbnail"], runs.thumbnails({"names": ["tiny"]})
    assert before[0] != after[0] and before[1] != after[1]


@pytest.mark.parametrize("names", [["tiny"], [], None, "tiny", [None], ["../tiny"], ["gone"]])
def test_without_a_readable_sheet_there_is_no_thumbnail(run, names):
    assert not runs.thumbnails({"names": names}).get("images")


def test_a_run_is_renamed_duplicated_deleted_and_restored_from_the_page(run):
    assert runs.rename({"run": "tiny", "name": "small"}) == {"run": "small"}
    assert runs.duplicate({"run": "small", "name": "copy"}) == {"run": "copy"}
    token = runs.delete({"run": "small"})["token"]
    value = listed("copy")
    assert [row["name"] for row in value["runs"]] == ["copy"]
    assert [(each["token"], each["name"]) for each in value["bin"]] == [(token, "small")]
    assert runs.restore({"token": token}) == {"run": "small"}
    assert listed("copy")["bin"] == []


def test_a_download_is_a_zip_where_the_page_can_fetch_it(run):
    run.state_path(1000).write_bytes(b"s" * 2_000_000)
    sizes = runs.sizes({"run": "tiny"})
    assert sizes["state"] == "2 MB" and sizes["without"] == "0 MB"
    for state in (False, True):
        path = Path(runs.pack({"run": "tiny", "state": state})["path"])
        assert path.parent == runs.packs()
        with zipfile.ZipFile(path) as archive:
            assert ("tiny/state/000001000.pt" in archive.namelist()) == state


@pytest.mark.parametrize("ask", [runs.rename, runs.duplicate, runs.delete, runs.pack, runs.sizes])
@pytest.mark.parametrize("name", [None, "", "gone", "../tiny", 5, ["tiny"]])
def test_what_is_no_run_is_one_sentence(run, ask, name):
    assert ask({"run": name, "name": "x"})["error"].endswith(".")
    assert [each.name for each in library.runs()] == ["tiny"]


def test_a_refusal_is_one_sentence(run):
    assert "is no name for a run" in runs.rename({"run": "tiny", "name": "../x"})["error"]
    with run.claim():
        run.write_status(Status("training"))
        for ask in (runs.rename, runs.duplicate, runs.delete, runs.pack):
            assert ask({"run": "tiny", "name": "x"})["error"] == "'tiny' is training: stop it first."
        (row,) = listed()["runs"]
        assert row["active"], "so that the page offers none of them"


def test_what_is_over_goes_when_the_app_starts(run):
    path = Path(runs.pack({"run": "tiny"})["path"])
    binned = manage.bin_() / manage.delete(run)
    binned.rename(binned.with_name("tiny-20200102-030405"))
    runs.tidy()
    assert not path.exists() and listed()["bin"] == [] and not list(manage.bin_().iterdir())


def test_on_a_space_runs_are_only_looked_at(run, monkeypatch):
    token = manage.delete(RunDir(manage.duplicate(run, "copy").path))
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    value = listed()
    assert not value["may_change"] and value["bin"] == []
    for ask in (runs.rename, runs.duplicate, runs.delete, runs.restore, runs.pack, runs.sizes):
        assert "everybody can explore" in ask({"run": "tiny", "name": "x", "token": token})["error"]
    assert [each.name for each in library.runs()] == ["tiny"] and not runs.packs().exists()


def test_a_pick_names_the_run_and_the_one_beside_it():
    assert runs.chosen(gr.EventData(None, {"name": "a", "beside": "b"})) == ("a", "b")
    assert runs.chosen(gr.EventData(None, {})) == ("", "")


def test_the_charts_of_two_runs_are_laid_over_each_other(run, other):
    chart = parts(train.snapshot("tiny", "{}", "other"))["loss"]
    assert list(chart.color_map) == ["G", "D", "G, other", "D, other"] and len(set(chart.color_map.values())) == 4
    columns, rows = chart.value["columns"], chart.value["data"]
    of = {row[columns.index("of")] for row in rows}
    assert of == set(chart.color_map) and max(row[columns.index("kimg")] for row in rows) == 2.0
    assert chart.value["datatypes"] == {"kimg": "quantitative", "loss": "quantitative", "of": "nominal"}


def test_a_chart_that_only_the_other_run_has_is_its_own(run, other):
    chart = parts(train.snapshot("tiny", "{}", "other"))["quality"]
    assert chart.visible and chart.value["datatypes"]["quality"] == "quantitative"
    back = parts(train.snapshot("other", "{}", "tiny"))["quality"]
    assert list(back.color_map) == ["samples"] and back.visible


def test_a_chart_goes_for_a_moment_before_it_has_other_lines(run, other):
    alone = train.snapshot("tiny", "{}")
    between = train.snapshot("tiny", alone[-1], "other")
    assert parts(between)["loss"].visible is False
    both = train.snapshot("tiny", between[-1], "other")
    assert parts(both)["loss"].visible and len(parts(both)["loss"].color_map) == 4
    assert train.snapshot("tiny", both[-1], "other") == [gr.skip()] * len(both)
    again = train.snapshot("tiny", train.snapshot("tiny", both[-1])[-1])
    assert list(parts(again)["loss"].color_map) == ["G", "D"]


def test_the_settings_that_differ_are_a_table(run, other):
    table = parts(train.snapshot("tiny", "{}", "other"))["comparison"]
    assert table.visible
    for words in (
        "learning rate (lr)</td><td>0.0002</td><td>0.001</td>",
        "<td>flip</td><td>yes</td><td>no</td>",
        "2.0 kimg",
        "2.5",
    ):
        assert words in table.value
    assert "ngf" not in table.value and "same" not in table.value


def test_two_runs_with_the_same_settings_say_so(run):
    manage.duplicate(run, "twin")
    assert "All their settings are the same" in parts(train.snapshot("tiny", "{}", "twin"))["comparison"].value


@pytest.mark.parametrize("beside", ["", "gone", "tiny", "../other"])
def test_without_another_run_there_is_no_comparison(run, other, beside):
    shown = parts(train.snapshot("tiny", "{}", beside))
    assert not shown["comparison"].visible and list(shown["loss"].color_map) == ["G", "D"]


def test_a_run_beside_whose_settings_cannot_be_read_says_why(run, other):
    (other.path / "config.json").write_text('{"format_version": 99}')
    table = parts(train.snapshot("tiny", "{}", "other"))["comparison"].value
    assert "format" in table or "newer version" in table
    assert "2.5" in table


def test_differences_name_both_values():
    found = compare.differences(preset("fast"), preset("fast").with_options(ngf=16, lr=0.001))
    assert found == [("ngf", 32, 16), ("lr", 0.0004, 0.001)]
    assert compare.differences(preset("fast"), preset("fast")) == []


def test_names_and_values_from_disk_are_escaped(run, config):
    other = RunDir.create(checkpoints() / "other", config.with_options(data="<img src=x onerror=alert(1)>"))
    assert "<img" not in compare.table_html(run, other)


def test_a_run_that_is_gone_leaves_the_others_their_thumbnails(run):
    run.add_sample(2000, sheet(COLOURS))
    assert set(runs.thumbnails({"names": ["gone", "tiny"]})["images"]) == {"tiny"}
