import base64
import io

import av
import numpy as np
import pytest
import torch
from long_work import ended
from PIL import Image

from gan_core.home import home
from gan_core.latent import Explorer, Point
from gan_core.models import Generator, build_generator
from gan_core.runs.checkpoint import save_generator
from ui.explore import films, morph, opened, play, wishes, work

KEYS = [
    {"point": {"seed": 1}, "seconds": 0.5, "easing": "smooth"},
    {"point": {"seed": 2, "moves": {"pca-1": 1.0}}, "seconds": 0.25},
    {"point": {"seed": 3}, "seconds": 0.25, "easing": "hold"},
]
FILM = {"keys": KEYS, "kind": "mp4", "size": 64, "fps": 20}


@pytest.fixture(autouse=True)
def nothing_is_open():
    opened._open.clear()
    morph.learning_of.cache_clear()


def drawing(config, seed: int) -> Generator:
    """A generator whose pictures have some contrast."""
    torch.manual_seed(seed)
    G = build_generator(config.model)
    for _ in range(30):  # batch norm learns what to expect
        G(torch.randn(16, config.model.latent_dim))
    G.to_image.weight.data.normal_(0, 0.5)
    return G


@pytest.fixture
def run(run, config):
    save_generator(run.generator, drawing(config, 1000), config, 1000)
    return run


@pytest.fixture
def key(run) -> str:
    return opened.open_model({"model": run.name})["key"]


@pytest.fixture
def learned(run, config):
    """The run with two snapshots of its training."""
    for nimg in (300, 600):
        save_generator(run.snapshot_path(nimg), drawing(config, nimg), config, nimg, half=True)
    return run


def face(key: str, view: dict) -> np.ndarray:
    answer = play.face({"key": key, "view": view})
    assert "error" not in answer, answer
    return np.asarray(Image.open(content(answer["image"])), int)


def content(uri: str) -> io.BytesIO:
    return io.BytesIO(base64.b64decode(uri.partition(",")[2]))


def test_a_timeline_passes_through_its_pictures_at_their_times(key):
    for t, i in ((0, 0), (0.5, 1), (0.75, 2), (0.9, 2), (1, 0)):
        for way in ("slerp", "spline"):
            found = face(key, {"keys": KEYS, "t": t, "way": way})
            assert np.abs(found - face(key, {"at": KEYS[i]["point"]})).max() <= 2
    assert np.abs(face(key, {"keys": KEYS, "t": 1, "closed": False}) - face(key, {"at": {"seed": 3}})).max() <= 2


def test_a_timeline_leads_from_one_class_to_another(clothes):
    key = opened.open_model({"model": clothes.name})["key"]
    keys = [{"point": {"seed": 4, "label": label}} for label in (0, 2)]
    for t, end in ((0, 0), (0.5, 1)):
        assert (face(key, {"keys": keys, "t": t}) == face(key, {"at": keys[end]["point"]})).all()


def test_one_can_stay_at_a_moment(key):
    point = morph.morph_moment({"key": key, "keys": KEYS, "t": 0.3})["point"]
    assert np.abs(face(key, {"at": point}) - face(key, {"keys": KEYS, "t": 0.3})).max() <= 2


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"keys": []}, "Add a picture"),
        ({"keys": "nonsense"}, "Add a picture"),
        ({"keys": [1, None]}, "Add a picture"),
        ({"keys": KEYS, "way": "lerp"}, "choose a path"),
        ({"keys": [{"easing": "bounce"}]}, "choose a easing"),
    ],
)
def test_what_is_no_timeline_is_a_sentence(key, request_, words):
    assert words in play.face({"key": key, "view": request_ | {"t": 0.5}})["error"]


def test_nonsense_in_a_timeline_is_clamped(key):
    found = face(key, {"keys": [{"seconds": -1}, {"point": 7, "seconds": "x"}, {"seconds": 1e9}] * 20, "t": "now"})
    assert found.shape == (32, 32, 3)


@pytest.mark.parametrize("kind", films.TYPES)
def test_a_timeline_becomes_a_file(key, kind):
    told = ended(morph.morph_film({"key": key, **FILM, "kind": kind, "frames": 6, "columns": 3}))
    assert told["result"]["name"] == ("strip.png" if kind == "strip" else f"film.{kind}")
    file = content(told["result"]["file"])
    if kind == "mp4":
        with av.open(file) as film:
            assert len(list(film.decode(video=0))) == 20
    elif kind == "strip":
        assert Image.open(file).size == (3 * 66 - 2, 2 * 66 - 2)
    else:
        assert Image.open(file).is_animated
    assert not list((home() / ".cache").iterdir()), "no scratch file stays"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "exe"}, "choose a kind of file"),
        ({"keys": [{"seconds": 60}] * 24, "fps": 30}, "7,200 are the most"),
        ({"keys": [{"seconds": 60}], "kind": "gif", "size": 1024, "fps": 20}, "too large for a .gif"),
    ],
)
def test_a_film_that_cannot_be_is_refused_before_the_work(key, changes, words):
    assert words in morph.morph_film({"key": key, **FILM} | changes)["error"]
    assert not work._works


def test_a_film_can_be_cancelled(key):
    begun = morph.morph_film({"key": key, **FILM, "keys": [{"seconds": 60}, {"point": {"seed": 2}, "seconds": 60}]})
    work.cancel(begun)
    assert ended(begun) == {"error": "Cancelled."}


def test_a_model_without_snapshots_has_no_stages(key):
    assert morph.learned_stages({"key": key}) == {"seen": [], "words": []}
    assert "no snapshots" in morph.learned_film({"key": key, **FILM, "points": [{}]})["error"]


def test_a_point_is_shown_as_of_every_stage(learned, key):
    assert morph.learned_stages({"key": key}) == {
        "seen": [300, 600, 1000],
        "words": ["300 pictures", "600 pictures", "1,000 pictures"],
    }
    point = {"seed": 5, "moves": {"pca-1": 1.0}}
    z = Explorer.load(learned.generator).keys([Point(5, {"pca-1": 1.0})])
    for nimg, path in [*learned.snapshots(), (1000, learned.generator)]:
        found = face(key, {"at": point, "stage": nimg})
        assert np.abs(found - Explorer.load(path).render_z(z)[0]).mean() < 8
    assert (face(key, {"at": point, "stage": 1000}) == face(key, {"at": point})).all()
    assert (face(key, {"at": point, "stage": 590}) == face(key, {"at": point, "stage": 600})).all()
    assert (face(key, {"at": point, "stage": "x"}) == face(key, {"at": point, "stage": 300})).all()


@pytest.mark.parametrize("fade", [True, False])
def test_how_it_learned_becomes_a_film(learned, key, fade):
    points = [{"seed": seed} for seed in range(4)]
    order = {"kind": "strip", "frames": 3, "size": 64, "points": points, "words": True, "fade": fade, "seconds": 1}
    with_words, without = (
        np.asarray(Image.open(content(ended(morph.learned_film({"key": key, **each}))["result"]["file"])), int)
        for each in (order, order | {"words": False})
    )
    assert with_words.shape == without.shape == (66, 3 * 68 - 2, 3)
    changed = np.argwhere(np.abs(with_words - without).max(-1) > 30)
    assert changed[:, 0].min() > 45, "only in the lower corners"


def test_newer_weights_have_one_more_stage(learned, key, config):
    learned.snapshot_path(1000).write_bytes(learned.generator.read_bytes())
    save_generator(learned.generator, build_generator(config.model), config, 2000)
    assert morph.learned_stages({"key": key})["seen"] == [300, 600, 1000, 2000]


def test_every_point_keeps_its_way_through_json(key):
    explorer = opened.explorer_of(key)
    point = morph.morph_moment({"key": key, "keys": KEYS, "t": 0.1})["point"]
    assert wishes.to_json(wishes.point(point, explorer)) == point
