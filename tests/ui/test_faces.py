import base64
import io
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.latent import Explorer
from gan_core.latent.directions import SLIDER_RANGE
from gan_core.runs.run_dir import RunDir, Status
from ui import copies, faces


@pytest.fixture(autouse=True)
def nothing_is_open():
    faces._open.clear()


def opened(run) -> str:
    return faces.open_model({"model": run.name})["key"]


def picture(answer: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["image"].partition(",")[2])))


def test_a_model_opens_and_answers_with_a_picture(run):
    answer = faces.open_model({"model": run.name})
    assert answer["size"] == 32 and answer["seen"] == "1.0 kimg" and not answer["training"]
    assert picture(faces.face({"key": answer["key"], "view": {"at": {"seed": 3, "amounts": []}}})).size == (32, 32)


def test_every_model_is_listed_with_the_key_that_opening_it_gives(run):
    listed = faces.models({})["models"]
    assert [(found["name"], found["keys"]) for found in listed] == [("tiny", {"newest": opened(run)})]


def test_a_page_begins_with_the_shipped_model_else_with_one_that_is_finished(run, monkeypatch):
    newer = RunDir(shutil.copytree(run.path, run.path.parent / "newer"))
    newer.write_status(Status("training"))
    with newer.claim():
        assert faces.open_model({})["name"] == "tiny"
        monkeypatch.setattr(faces.library, "SHIPPED", "newer")
        assert faces.open_model({})["name"] == "newer"


def test_without_any_model_the_page_is_told_so():
    assert "no model yet" in faces.open_model({})["error"]


def test_a_model_that_opens_slowly_holds_up_only_who_wants_it(run, monkeypatch):
    key, opens, load = opened(run), [], Explorer.load
    going_on = threading.Event()

    def slow(path):
        opens.append(path)
        assert going_on.wait(30)
        return load(path)

    monkeypatch.setattr(Explorer, "load", slow)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(faces.face, {"key": f"{run.name}@1", "view": {}}) for _ in range(3)]
        while not opens:
            time.sleep(0.001)
        assert "image" in faces.face({"key": key, "view": {}})
        going_on.set()
        assert all("image" in future.result(30) for future in waiting)
    assert len(opens) == 1


def test_what_cannot_be_opened_closes_nothing_and_is_tried_again(run, monkeypatch):
    key = opened(run)
    for i in range(2 * faces.OPEN_MODELS):
        assert "gone" in faces.face({"key": f"other@{i}", "view": {}})["error"]
    assert key in faces._open and not faces._opening
    shutil.copytree(run.path, run.path.parent / "other")
    assert "image" in faces.face({"key": "other@0", "view": {}})


def test_only_the_models_asked_for_last_stay_open(run):
    keys = [f"{run.name}@{i}" for i in range(faces.OPEN_MODELS + 2)]
    for key in keys:
        faces.face({"key": key, "view": {}})
        faces.face({"key": keys[0], "view": {}})
    assert list(faces._open) == [*keys[-faces.OPEN_MODELS + 1 :], keys[0]]


def test_a_morph_begins_at_a_and_ends_at_b(run):
    key, a, b = opened(run), {"seed": 1, "amounts": []}, {"seed": 2, "amounts": []}
    for t, end in ((0, a), (1, b)):
        assert faces.face({"key": key, "view": {"a": a, "b": b, "t": t}}) == faces.face(
            {"key": key, "view": {"at": end}}
        )


@pytest.mark.parametrize("name", ["../tiny", "/etc", "", None, 7, "tiny/../tiny", "."])
def test_only_names_open_models_never_paths(run, name):
    assert "error" in faces.open_model({"model": name})
    assert "error" in faces.face({"key": f"{name}@1", "view": {}})


@pytest.mark.parametrize(
    "view",
    [
        None,
        3,
        {},
        {"at": None},
        {"at": {"seed": "x", "amounts": "y"}},
        {"at": {"seed": -5, "amounts": [None, {}]}},
        {"t": []},
    ],
)
def test_nonsense_from_a_page_is_clamped_not_a_crash(run, view):
    assert picture(faces.face({"key": opened(run), "view": view})).size == (32, 32)


def test_numbers_from_a_page_are_clamped():
    wild = faces.point({"seed": 1e30, "amounts": [1e30, -1e30, float("nan"), True]})
    assert wild.seed == faces.MAX_SEED
    assert wild.amounts == (SLIDER_RANGE, -SLIDER_RANGE, 0.0, 0.0)
    assert len(faces.point({"amounts": [0.1] * 10_000}).amounts) <= faces.MAX_AMOUNTS
    assert len(faces.items([{}] * 10_000, faces.MAX_FACES)) == faces.MAX_FACES


def test_more_amounts_than_directions_get_one_sentence(run):
    answer = faces.face({"key": opened(run), "view": {"at": {"seed": 1, "amounts": [1.0] * 50}}})
    assert "directions" in answer["error"]


def test_a_class_is_chosen_whatever_the_seed(clothes):
    answer = faces.open_model({"model": clothes.name})
    assert answer["classes"] == ["coat", "bag", "shoe"]
    points = [{"seed": 4, "label": label} for label in (0, 1, 2, None)]
    coat, bag, shoe, by_seed = faces.faces({"key": answer["key"], "points": points})["images"]
    assert len({coat, bag, shoe}) == 3 and by_seed == bag


def test_a_morph_leads_from_one_class_to_another(clothes):
    key, ends = opened(clothes), {"a": {"seed": 4, "label": 0}, "b": {"seed": 4, "label": 2}}
    for t, end in ((0, "a"), (1, "b")):
        morphed = faces.face({"key": key, "view": ends | {"t": t}})
        assert morphed == faces.face({"key": key, "view": {"at": ends[end]}})
    assert "file" in faces.film({"key": key, "kind": "gif"} | ends)


@pytest.mark.parametrize(("label", "clamped"), [(-3, 0), (1.9, 1), (1e9, 2), ("bag", 0), (True, 0), (None, None)])
def test_a_class_that_there_is_not_is_clamped(label, clamped):
    assert faces.point({"label": label}, 3).label == clamped
    assert faces.point({"label": label}).label is None


def test_the_best_weights_come_first_and_the_newest_while_it_trains(clothes):
    best = faces.open_model({"model": clothes.name})
    assert (best["which"], best["seen"], list(best["keys"])) == ("best", "1.0 kimg", ["best", "newest"])
    newest = faces.open_model({"model": clothes.name, "which": "newest"})
    assert (newest["which"], newest["seen"]) == ("newest", "2.0 kimg") and newest["key"] == best["keys"]["newest"]
    clothes.write_status(Status("training"))
    with clothes.claim():
        assert faces.open_model({"model": clothes.name})["which"] == "newest"


@pytest.mark.parametrize("which", ["other", None, [], 3])
def test_weights_that_a_model_does_not_have_are_not_asked_for(run, which):
    assert faces.open_model({"model": run.name, "which": which})["which"] == "newest"
    assert faces.open_model({"model": run.name, "which": "best"})["which"] == "newest"


def test_a_face_is_compared_with_the_pictures_of_its_run(clothes):
    answer = faces.open_model({"model": clothes.name})
    found = faces.nearest({"key": answer["key"], "view": {"at": {"seed": 1, "label": 0}}})
    ratios = [near["ratio"] for near in found["near"]]
    assert answer["comparable"] and found["count"] == 8
    assert len(ratios) == 3 and ratios == sorted(ratios) and not found["copy"]


def test_without_its_pictures_a_model_offers_no_comparison(run, clothes):
    assert not faces.open_model({"model": run.name})["comparable"]
    shutil.rmtree(clothes.data()["store"])
    answer = faces.open_model({"model": clothes.name})
    assert not answer["comparable"] and "no longer here" in faces.nearest({"key": answer["key"]})["error"]


def test_pictures_of_another_size_are_not_compared(clothes):
    clothes.write_data(prepare("drawn:8", 16, 3, datasets()))
    assert not faces.open_model({"model": clothes.name})["comparable"]


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


def test_an_unknown_film_is_refused_and_no_scratch_file_stays(run, tmp_path):
    key = opened(run)
    assert "error" in faces.film({"key": key, "kind": "exe", "a": {}, "b": {}})
    assert faces.film({"key": key, "kind": "gif", "a": {"seed": 1}, "b": {"seed": 2}})["name"] == "morph.gif"
    assert not list((faces.home() / ".cache").iterdir())


def test_new_weights_get_a_new_key_and_the_old_ones_stay_open(run, config):
    from gan_core.models import build_generator
    from gan_core.runs.checkpoint import save_generator

    view, old = {"at": {"seed": 1, "amounts": []}}, opened(run)
    before = faces.face({"key": old, "view": view})
    save_generator(run.generator, build_generator(config.model), config, 2000)
    new = opened(run)
    assert new != old
    assert faces.face({"key": old, "view": view}) == before != faces.face({"key": new, "view": view})
