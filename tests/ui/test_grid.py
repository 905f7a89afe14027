import base64
import io
import json
import zipfile

import numpy as np
import pytest
from long_work import result_of
from PIL import Image

from gan_core.models import build_discriminator
from gan_core.runs.checkpoint import save_discriminator
from ui.explore import grid, opened


@pytest.fixture(autouse=True)
def nothing_is_open():
    opened._open.clear()


def key_of(run) -> str:
    return opened.open_model({"model": run.name})["key"]


def content(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_a_sheet_has_64_pictures_in_rows_of_8(run):
    answer = grid.grid_sheet({"key": key_of(run), "first": 100})
    assert Image.open(io.BytesIO(content(answer["image"]))).size == (256, 256) and answer["zoom"] == 8
    expected = opened.explorer_of(key_of(run)).render(
        grid.seeds_from({"first": 100}, 64, opened.explorer_of(key_of(run)))
    )
    found = np.asarray(Image.open(io.BytesIO(content(answer["image"]))), int)[32:64, 64:96]
    assert np.abs(found - expected[10]).mean() < 12


def test_pictures_begin_with_a_block_of_the_jpeg_and_are_never_too_large(run, config, monkeypatch):
    monkeypatch.setattr(grid, "LARGEST_TILE", 16)
    answer = grid.grid_sheet({"key": key_of(run)})
    assert Image.open(io.BytesIO(content(answer["image"]))).size == (128, 128) and answer["zoom"] == 8


def test_a_class_can_be_chosen(clothes):
    explorer = opened.explorer_of(key_of(clothes))
    labels = [point.label for point in grid.seeds_from({"first": 0, "label": 2}, 3, explorer)]
    assert labels == [2, 2, 2] and grid.seeds_from({"label": 99}, 1, explorer)[0].label == 2
    assert grid.seeds_from({}, 1, explorer)[0].label is None


def test_a_model_without_classes_is_asked_for_none(run):
    assert grid.seeds_from({"label": 1}, 1, opened.explorer_of(key_of(run)))[0].label is None


def test_orders_have_every_picture_once(run, config):
    begun = {"key": key_of(run), "first": 7, "count": 64}
    without = result_of(grid.grid_orders(begun))["orders"]
    assert set(without) == {"seed", "typical", "different"}
    save_discriminator(run.discriminator, build_discriminator(config.model, config.d_norm), config, 1000)
    found = result_of(grid.grid_orders(begun))["orders"]
    assert set(found) == {"seed", "typical", "real", "different"}
    assert all(sorted(places) == list(range(64)) for places in found.values()) and found["seed"] == list(range(64))


def test_a_zip_has_a_picture_for_each_seed_and_says_which(clothes):
    result = result_of(grid.grid_file({"key": key_of(clothes), "kind": "zip", "seeds": [5, 40, 6], "label": 1}))
    assert result["name"] == "3-pictures.zip"
    with zipfile.ZipFile(io.BytesIO(content(result["file"]))) as file:
        names = ["points.json", "seed-0000000005.png", "seed-0000000006.png", "seed-0000000040.png"]
        assert sorted(file.namelist()) == names
        assert [each["seed"] for each in json.loads(file.read("points.json"))] == [5, 40, 6]
        assert {each["class"] for each in json.loads(file.read("points.json"))} == {"bag"}
        picture = np.asarray(Image.open(file.open("seed-0000000040.png")), int)
    explorer = opened.explorer_of(key_of(clothes))
    assert np.abs(picture - explorer.render([grid.Point(40, label=1)])[0]).max() <= 1


def test_a_sheet_to_keep_has_the_pictures_in_their_order(run):
    result = result_of(grid.grid_file({"key": key_of(run), "kind": "png", "seeds": list(range(9))}))
    assert result["name"] == "9-pictures.png"
    assert Image.open(io.BytesIO(content(result["file"]))).size == (100, 100)


def test_what_is_too_large_to_download_is_said(run, monkeypatch):
    monkeypatch.setattr(grid, "LARGEST_FILE", 1000)
    for kind in ("zip", "png"):
        assert "choose fewer" in result_of(grid.grid_file({"key": key_of(run), "kind": kind, "seeds": [1, 2]}))["error"]


@pytest.mark.parametrize("seeds", [None, [], "all"])
def test_no_seeds_make_no_file(run, seeds):
    assert "at least one picture" in grid.grid_file({"key": key_of(run), "kind": "zip", "seeds": seeds})["error"]
