import json
import os

import numpy as np
import pytest

from gan_core.latent import Point
from gan_core.latent.catalogue import FILE
from ui.explore import opened, play, saved


@pytest.fixture(autouse=True)
def nothing_is_open():
    opened._open.clear()


@pytest.fixture
def key(run) -> str:
    return opened.open_model({"model": run.name})["key"]


def direction(key: str, name: str) -> dict:
    return {each["id"]: each for each in play.directions({"key": key})["directions"]}[name]


def vectors(key: str) -> dict[str, np.ndarray]:
    return {name: each.vector for name, each in opened.explorer_of(key).directions.items()}


def test_names_and_what_is_hidden_are_saved_and_merged(run, key):
    saved.save_directions({"key": key, "directions": {"pca-2": {"name": " Smile  wide "}, "sefa-1": {"hidden": True}}})
    assert saved.save_directions({"key": key, "directions": {"pca-2": {"hidden": True}, "gone": {"name": "x"}}}) == {}
    opened._open.clear()
    assert direction(key, "pca-2")["name"] == "Smile wide" and direction(key, "pca-2")["hidden"]
    assert direction(key, "sefa-1")["hidden"] and not direction(key, "pca-1")["hidden"]
    assert {each["id"] for each in json.loads((run.path / FILE).read_text())} == {"pca-2", "sefa-1"}


def test_every_opened_model_of_the_run_learns_the_names(clothes):
    keys = [opened.open_model({"model": clothes.name, "which": which})["key"] for which in ("best", "newest")]
    assert all(direction(key, "pca-1")["name"] == "Direction 1" for key in keys)
    saved.save_directions({"key": keys[0], "directions": {"pca-1": {"name": "Collar"}}})
    assert all(direction(key, "pca-1")["name"] == "Collar" for key in keys)
    assert (vectors(keys[1])["pca-1"] == vectors(keys[0])["pca-1"]).all(), "the name stays with its vector"


def test_a_difference_of_pictures_becomes_a_direction_and_can_be_deleted(key):
    pictures = {"from": [{"seed": 1}, {"seed": 2}], "to": [{"seed": 3}]}
    added = saved.add_direction({"key": key, "name": "Glasses"} | pictures)["id"]
    assert direction(key, added) | {"kind": "mine", "name": "Glasses"} == direction(key, added)
    one, two, three = opened.explorer_of(key).keys([Point(1), Point(2), Point(3)])
    way = three - (one + two) / 2
    assert vectors(key)[added] == pytest.approx(way / np.linalg.norm(way), abs=1e-4)
    assert saved.delete_direction({"key": key, "id": added}) == {}
    assert added not in vectors(key)


def test_a_mix_of_moves_becomes_a_direction_that_moves_likewise(key):
    added = saved.add_direction({"key": key, "name": "Both", "moves": {"pca-1": 1.5, "pca-2": -2.0}})["id"]
    known = vectors(key)
    mixed = 1.5 * known["pca-1"] - 2 * known["pca-2"]
    assert known[added] @ mixed / np.linalg.norm(mixed) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"name": " ", "moves": {"pca-1": 1}}, "a name"),
        ({"name": "a", "moves": {}}, "Move some sliders"),
        ({"name": "a", "moves": {"other": 1}}, "Move some sliders"),
        ({"name": "a", "from": [{"seed": 1}], "to": [{"seed": 1}]}, "same mean"),
        ({"name": "a", "from": [], "to": [{"seed": 1}]}, "choose some"),
        ({"name": "a"}, "choose some"),
    ],
)
def test_what_is_no_direction_is_refused_in_a_sentence(run, key, wish, sentence):
    assert sentence in saved.add_direction({"key": key} | wish)["error"]
    assert not (run.path / FILE).exists()


@pytest.mark.parametrize("name", ["pca-1", "sefa-1", "gone", None, []])
def test_only_what_was_added_can_be_deleted(key, name):
    assert "was added" in saved.delete_direction({"key": key, "id": name})["error"]


def test_a_hosted_page_keeps_its_model_as_it_is(run, key, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "somebody/space")
    assert "hosted page" in saved.save_directions({"key": key, "directions": {"pca-1": {"name": "x"}}})["error"]
    assert not (run.path / FILE).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_to_be_so(run, key):
    run.path.chmod(0o500)
    try:
        assert "cannot be written" in saved.save_directions({"key": key, "directions": {"pca-1": {}}})["error"]
    finally:
        run.path.chmod(0o700)


def test_a_full_disk_gets_a_sentence(key, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved.catalogue, "merge", full)
    answer = saved.save_directions({"key": key, "directions": {"pca-1": {"name": "x"}}})
    assert answer["error"] == "This model's folder cannot be written to: No space left on device."


def test_one_can_stay_on_the_way_between_two_pictures(key):
    a, b = {"seed": 1, "moves": {"pca-1": 2.0}}, {"seed": 2}
    for t, end in ((0, a), (1, b)):
        here = play.between({"key": key, "a": a, "b": b, "t": t})["point"]
        assert here["z"] and not here["moves"]
        assert play.face({"key": key, "view": {"at": here}}) == play.face({"key": key, "view": {"at": end}})
    middle = play.between({"key": key, "a": a, "b": b, "t": 0.4})["point"]
    assert middle["z"] != here["z"] and "image" in play.face({"key": key, "view": {"at": middle}})


def test_pictures_nearby_are_points_to_go_to(key):
    here = {"seed": 1, "moves": {"pca-1": 2.0}}
    answer = play.nearby({"key": key, "point": here})
    assert len(answer["images"]) == len(answer["points"]) == 8
    assert all(each["moves"] == here["moves"] and each["z"] for each in answer["points"])
    assert len({each["z"] for each in answer["points"]}) == 8
