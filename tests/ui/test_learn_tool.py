import csv
from functools import partial

import numpy as np
import pytest
from long_work import ended
from PIL import Image

from gan_core.attributes import classifier, study
from gan_core.home import datasets
from gan_core.latent import catalogue
from ui.explore import learn, opened, play, work


@pytest.fixture(autouse=True)
def nothing_is_open(monkeypatch):
    opened._open.clear()
    monkeypatch.setattr(classifier, "SEEN", 3_000)


@pytest.fixture
def key(run) -> str:
    return opened.open_model({"model": run.name})["key"]


@pytest.fixture
def pictures(tmp_path):
    """Dark and bright ones, and what cannot be seen."""
    rng, rows = np.random.default_rng(0), [("file", "light", "luck")]
    (tmp_path / "pets").mkdir()
    for i in range(120):
        bright, shade = i % 2, int(rng.integers(0, 120))
        Image.new("RGB", (32, 32), (shade + 130 * bright,) * 3).save(tmp_path / "pets" / f"{i}.png")
        rows.append((f"{i}.png", "yes" if bright else "no", "good" if rng.random() < 0.5 else "bad"))
    with (tmp_path / "pets" / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "pets"


def test_a_model_of_drawn_faces_has_labels_of_its_own(key, run, config):
    run.write_config(config.with_options(data="drawn:500"))
    answer = learn.label_sources({"key": key})
    assert answer["count"] == 500 and {"glasses", "smile", "hair_style"} <= {each["name"] for each in answer["factors"]}
    styles = next(each["values"] for each in answer["factors"] if each["name"] == "hair_style")
    assert "bun" in styles


@pytest.mark.parametrize("data", ["mnist", "hf:owner/name", "/gone/away"])
def test_where_nothing_is_known_the_model_has_none_and_nothing_is_downloaded(key, run, config, data):
    run.write_config(config.with_options(data=data))
    assert learn.label_sources({"key": key}) == {}


def test_the_pictures_of_this_computer_are_offered_but_the_models_own(key, run, config, clothes, pictures):
    clothes.write_config(config.with_options(data=str(pictures)))
    upload = datasets() / "uploads" / "0a" / "cats.zip"
    for folder in (upload.parent, datasets() / "named" / "mnist"):
        folder.mkdir(parents=True)
    upload.touch()
    offered = {each["data"]: each["name"] for each in learn.known_sources({"key": key})["sources"]}
    assert offered == {str(pictures): "pets", str(upload): "cats.zip", "mnist": "mnist"}
    others = learn.known_sources({"key": opened.open_model({"model": clothes.name})["key"]})["sources"]
    assert [each["name"] for each in others] == ["cats.zip", "mnist", "drawn faces"]


def test_other_pictures_are_looked_at_by_their_path(key, pictures):
    answer = learn.label_sources({"key": key, "data": str(pictures)})
    assert answer["name"] == "pets" and [each["name"] for each in answer["factors"]] == ["light", "luck"]
    assert "no /gone" in learn.label_sources({"key": key, "data": "/gone"})["error"]
    assert "too long" in learn.label_sources({"key": key, "data": "x" * 9999})["error"]


def test_what_is_learned_is_measured_and_saved_with_the_model(key, run, pictures, monkeypatch):
    monkeypatch.setattr(learn, "study", partial(study, num_samples=256, num_measured=16))
    told = ended(learn.learn_directions({"key": key, "data": str(pictures), "factors": ["light", "luck"]}))
    result = told["result"]
    assert result["untold"] in (["Luck: good"], ["Luck: bad"])
    names = [each["name"] for each in result["learned"]] + result["weak"]
    assert names == ["Light"] and result["measured"] > 16
    found = {each["id"]: each for each in play.directions({"key": key})["directions"]}
    assert found["pca-1"]["measured"]["n"] == 16
    kept = {each.id for each in catalogue.read(run.path / catalogue.FILE, 16)}
    assert ("label-light" in kept) == bool(result["learned"]) and "pca-1" in kept


def test_learning_can_be_cancelled(key, run, pictures):
    begun = learn.learn_directions({"key": key, "data": str(pictures)})
    work.cancel(begun)
    assert ended(begun) == {"error": "Cancelled."}
    assert not (run.path / catalogue.FILE).exists()


def test_a_refusal_is_a_sentence(key, pictures):
    told = ended(learn.learn_directions({"key": key, "data": str(pictures), "factors": ["nose"]}))
    assert "no factor 'nose'" in told["error"]


def test_a_visitor_of_a_hosted_page_learns_nothing(key, pictures, visitor):
    assert "owner" in learn.label_sources({"key": key})["error"]
    assert "owner" in learn.known_sources({"key": key})["error"]
    assert "owner" in learn.learn_directions({"key": key, "data": str(pictures)})["error"]


def test_the_owner_of_a_hosted_page_keeps_what_was_learned(key, run, pictures, visitor, monkeypatch):
    visitor("somebody")
    monkeypatch.setattr(learn, "study", partial(study, num_samples=256, num_measured=16))
    told = ended(learn.learn_directions({"key": key, "data": str(pictures), "factors": ["light"]}))
    assert told["result"]["measured"] > 16
    assert "pca-1" in {each.id for each in catalogue.read(run.path / catalogue.FILE, 16)}


def test_the_stages_add_up_to_the_whole():
    assert learn.progress_of("measuring the directions", 1) == pytest.approx(1)
    assert learn.progress_of("reading the pictures", 0) == 0
    shares = [learn.progress_of(stage, share) for stage in learn.STAGES for share in (0, 0.5, 1)]
    assert shares == sorted(shares)
