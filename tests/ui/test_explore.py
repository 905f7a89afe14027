import base64
import io

import pytest
from PIL import Image

from gan_core.latent.directions import SLIDER_RANGE
from ui import explore


def opened(run) -> str:
    return explore.open_model({"model": run.name})["key"]


def picture(answer: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["image"].partition(",")[2])))


def test_a_model_opens_and_answers_with_a_picture(run):
    answer = explore.open_model({"model": run.name})
    assert answer["size"] == 32 and answer["seen"] == "1.0 kimg" and not answer["training"]
    assert picture(explore.face({"key": answer["key"], "view": {"at": {"seed": 3, "amounts": []}}})).size == (32, 32)


def test_every_model_is_listed_with_the_key_that_opening_it_gives(run):
    listed = explore.models({})["models"]
    assert [(found["name"], found["key"]) for found in listed] == [("tiny", opened(run))]


def test_a_morph_begins_at_a_and_ends_at_b(run):
    key, a, b = opened(run), {"seed": 1, "amounts": []}, {"seed": 2, "amounts": []}
    for t, end in ((0, a), (1, b)):
        assert explore.face({"key": key, "view": {"a": a, "b": b, "t": t}}) == explore.face(
            {"key": key, "view": {"at": end}}
        )


@pytest.mark.parametrize("name", ["../tiny", "/etc", "", None, 7, "tiny/../tiny", "."])
def test_only_names_open_models_never_paths(run, name):
    assert "error" in explore.open_model({"model": name})
    assert "error" in explore.face({"key": f"{name}@1", "view": {}})


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
    assert picture(explore.face({"key": opened(run), "view": view})).size == (32, 32)


def test_numbers_from_a_page_are_clamped():
    wild = explore.point({"seed": 1e30, "amounts": [1e30, -1e30, float("nan"), True]})
    assert wild.seed == explore.MAX_SEED
    assert wild.amounts == (SLIDER_RANGE, -SLIDER_RANGE, 0.0, 0.0)
    assert len(explore.point({"amounts": [0.1] * 10_000}).amounts) <= explore.MAX_AMOUNTS
    assert len(explore.items([{}] * 10_000, explore.MAX_FACES)) == explore.MAX_FACES


def test_more_amounts_than_directions_get_one_sentence(run):
    answer = explore.face({"key": opened(run), "view": {"at": {"seed": 1, "amounts": [1.0] * 50}}})
    assert "directions" in answer["error"]


def test_an_unknown_film_is_refused_and_no_scratch_file_stays(run, tmp_path):
    key = opened(run)
    assert "error" in explore.film({"key": key, "kind": "exe", "a": {}, "b": {}})
    assert explore.film({"key": key, "kind": "gif", "a": {"seed": 1}, "b": {"seed": 2}})["name"] == "morph.gif"
    assert not list((explore.home() / ".cache").iterdir())


def test_new_weights_get_a_new_key_and_the_old_ones_stay_open(run, config):
    from gan_core.models import Generator
    from gan_core.runs.checkpoint import save_generator

    view, old = {"at": {"seed": 1, "amounts": []}}, opened(run)
    before = explore.face({"key": old, "view": view})
    save_generator(run.generator, Generator(config.model), config, 2000)
    new = opened(run)
    assert new != old
    assert explore.face({"key": old, "view": view}) == before != explore.face({"key": new, "view": view})
