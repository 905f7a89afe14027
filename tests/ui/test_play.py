import base64
import io
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.latent import Explorer
from gan_core.runs.run_dir import RunDir, Status
from ui import copies
from ui.explore import opened, play


@pytest.fixture(autouse=True)
def nothing_is_open():
    opened._open.clear()


def key_of(run) -> str:
    return opened.open_model({"model": run.name})["key"]


def picture(answer: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["image"].partition(",")[2])))


def test_a_model_opens_and_answers_with_a_picture(run):
    answer = opened.open_model({"model": run.name})
    assert answer["size"] == 32 and answer["seen"] == "1,000 pictures" and not answer["training"]
    assert picture(play.face({"key": answer["key"], "view": {"at": {"seed": 3}}})).size == (32, 32)


def test_every_model_is_listed_with_the_key_that_opening_it_gives(run):
    listed = opened.models({})["models"]
    assert [(found["name"], found["keys"]) for found in listed] == [("tiny", {"newest": key_of(run)})]


def test_a_page_begins_with_the_shipped_model_else_with_one_that_is_finished(run, monkeypatch):
    newer = RunDir(shutil.copytree(run.path, run.path.parent / "newer"))
    newer.write_status(Status("training"))
    with newer.claim():
        assert opened.open_model({})["name"] == "tiny"
        monkeypatch.setattr(opened.library, "SHIPPED", "newer")
        assert opened.open_model({})["name"] == "newer"


def test_without_any_model_the_page_is_told_so():
    assert "no model yet" in opened.open_model({})["error"]


def test_a_model_that_opens_slowly_holds_up_only_who_wants_it(run, monkeypatch, wait_for):
    key, opens, load = key_of(run), [], Explorer.load
    going_on = threading.Event()

    def slow(path):
        opens.append(path)
        assert going_on.wait(300)
        return load(path)

    monkeypatch.setattr(Explorer, "load", slow)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(play.face, {"key": f"{run.name}@1", "view": {}}) for _ in range(3)]
        wait_for(lambda: opens)
        assert "image" in play.face({"key": key, "view": {}})
        going_on.set()
        assert all("image" in future.result(300) for future in waiting)
    assert len(opens) == 1


def test_what_cannot_be_opened_closes_nothing_and_is_tried_again(run, monkeypatch):
    key = key_of(run)
    for i in range(2 * opened.OPEN_MODELS):
        assert "gone" in play.face({"key": f"other@{i}", "view": {}})["error"]
    assert key in opened._open and not opened._opening
    shutil.copytree(run.path, run.path.parent / "other")
    assert "image" in play.face({"key": "other@0", "view": {}})


def test_only_the_models_asked_for_last_stay_open(run):
    keys = [f"{run.name}@{i}" for i in range(opened.OPEN_MODELS + 2)]
    for key in keys:
        play.face({"key": key, "view": {}})
        play.face({"key": keys[0], "view": {}})
    assert list(opened._open) == [*keys[-opened.OPEN_MODELS + 1 :], keys[0]]


@pytest.mark.parametrize("name", ["../tiny", "/etc", "", None, 7, "tiny/../tiny", "."])
def test_only_names_open_models_never_paths(run, name):
    assert "error" in opened.open_model({"model": name})
    assert "error" in play.face({"key": f"{name}@1", "view": {}})


@pytest.mark.parametrize(
    "view",
    [
        None,
        3,
        {},
        {"at": None},
        {"at": {"seed": "x", "moves": "y"}},
        {"at": {"seed": -5, "moves": {"pca-1": None, "": {}}, "label": []}},
        {"t": []},
    ],
)
def test_nonsense_from_a_page_is_clamped_not_a_crash(run, view):
    assert picture(play.face({"key": key_of(run), "view": view})).size == (32, 32)


def test_an_unknown_direction_gets_one_sentence(run):
    answer = play.face({"key": key_of(run), "view": {"at": {"seed": 1, "moves": {"smile": 1.0}}}})
    assert "no direction 'smile'" in answer["error"]


def test_a_class_is_chosen_whatever_the_seed(clothes):
    answer = opened.open_model({"model": clothes.name})
    assert answer["classes"] == ["coat", "bag", "shoe"]
    points = [{"seed": 4, "label": label} for label in (0, 1, 2, None)]
    coat, bag, shoe, by_seed = play.faces({"key": answer["key"], "points": points})["images"]
    assert len({coat, bag, shoe}) == 3 and by_seed == bag


def test_the_best_weights_come_first_and_the_newest_while_it_trains(clothes):
    best = opened.open_model({"model": clothes.name})
    assert (best["which"], best["seen"], list(best["keys"])) == ("best", "1,000 pictures", ["best", "newest"])
    newest = opened.open_model({"model": clothes.name, "which": "newest"})
    assert (newest["which"], newest["seen"]) == ("newest", "2,000 pictures") and newest["key"] == best["keys"]["newest"]
    clothes.write_status(Status("training"))
    with clothes.claim():
        assert opened.open_model({"model": clothes.name})["which"] == "newest"


@pytest.mark.parametrize("which", ["other", None, [], 3])
def test_weights_that_a_model_does_not_have_are_not_asked_for(run, which):
    assert opened.open_model({"model": run.name, "which": which})["which"] == "newest"
    assert opened.open_model({"model": run.name, "which": "best"})["which"] == "newest"


def test_a_face_is_compared_with_the_pictures_of_its_run(clothes):
    answer = opened.open_model({"model": clothes.name})
    found = play.nearest({"key": answer["key"], "view": {"at": {"seed": 1, "label": 0}}})
    ratios = [near["ratio"] for near in found["near"]]
    assert answer["comparable"] and found["count"] == 8
    assert len(ratios) == 3 and ratios == sorted(ratios) and not found["copy"]


def test_without_its_pictures_a_model_offers_no_comparison(run, clothes):
    assert not opened.open_model({"model": run.name})["comparable"]
    shutil.rmtree(clothes.data()["store"])
    answer = opened.open_model({"model": clothes.name})
    assert not answer["comparable"] and "no longer here" in play.nearest({"key": answer["key"]})["error"]


def test_pictures_of_another_size_are_not_compared(clothes):
    clothes.write_data(prepare("drawn:8", 16, 3, datasets()))
    assert not opened.open_model({"model": clothes.name})["comparable"]


@pytest.mark.parametrize("flip", [False, True])
def test_the_closest_pictures_are_those_that_a_search_through_all_finds(flip):
    store = prepare("drawn:30", 16, 3, datasets())
    face = store.images[7][:, ::-1] if flip else store.images[7]
    squares = np.square(store.images.astype(float) - face).mean((1, 2, 3))
    mirrored = np.square(store.images[:, :, ::-1].astype(float) - face).mean((1, 2, 3))
    order = np.argsort(np.minimum(squares, mirrored) if flip else squares)[:3]
    found = copies.closest(face, store, flip)
    for (picture, _), index in zip(found, order, strict=True):
        candidates = [store.images[index], *([store.images[index][:, ::-1]] if flip else [])]
        assert any((picture == candidate).all() for candidate in candidates)
    assert found[0][1] == 0 < copies.COPY < found[1][1]


def test_two_pictures_are_enough_to_compare_with():
    store = prepare("drawn:2", 16, 3, datasets())
    assert [ratio for _, ratio in copies.closest(store.images[1], store, False)][0] == 0


def test_new_weights_get_a_new_key_and_the_old_ones_stay_open(run, config):
    from gan_core.models import build_generator
    from gan_core.runs.checkpoint import save_generator

    view, old = {"at": {"seed": 1}}, key_of(run)
    before = play.face({"key": old, "view": view})
    save_generator(run.generator, build_generator(config.model), config, 2000)
    new = key_of(run)
    assert new != old
    assert play.face({"key": old, "view": view}) == before != play.face({"key": new, "view": view})
