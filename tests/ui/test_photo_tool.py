import base64
import io
import re

import numpy as np
import pytest
from long_work import ended
from PIL import Image

from gan_core.latent import Point
from ui.answers import data_uri
from ui.explore import opened, photo, wishes, work


@pytest.fixture(autouse=True)
def nothing_is_open(monkeypatch):
    opened._open.clear()
    # Searches of a toy need no more.
    monkeypatch.setattr(photo, "search", lambda *args, **how: SEARCH(*args, **how, starts=2, steps=6))


SEARCH = photo.search


@pytest.fixture
def key(run) -> str:
    return opened.open_model({"model": run.name})["key"]


def uri_of(image: Image.Image, kind: str = "PNG", **options) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return data_uri(buffer.getvalue(), f"image/{kind.lower()}")


def picture(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


@pytest.fixture
def sample(key) -> str:
    """A picture that the model can make."""
    return uri_of(Image.fromarray(opened.explorer_of(key).render([Point(5)])[0]))


def hole(box: tuple[int, int, int, int]) -> str:
    painted = Image.new("L", (320, 320))
    painted.paste(255, box)
    return uri_of(painted)


def test_a_photo_comes_back_upright_and_small_enough_for_every_browser():
    exif = Image.Exif()
    exif[0x0112] = 6
    answer = photo.photo_open({"photo": uri_of(Image.new("RGB", (3000, 2000), "red"), "JPEG", exif=exif)})
    assert (answer["width"], answer["height"]) == (683, 1024)
    assert picture(answer["photo"]).shape == (1024, 683, 3)


def test_a_small_or_grey_or_transparent_photo_keeps_its_pixels():
    tiny = photo.photo_open({"photo": uri_of(Image.new("LA", (9, 12), (0, 0)), "PNG")})
    assert (tiny["width"], tiny["height"]) == (9, 12) and (picture(tiny["photo"]) == 255).all()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (None, "Choose a picture"),
        (7, "Choose a picture"),
        ("file:///etc/passwd", "Choose a picture"),
        ("data:image/png;base64,§", "did not arrive whole"),
        (data_uri(b"", "image/png"), "empty"),
        (data_uri(b"not a picture", "image/png"), "not an image"),
        (uri_of(Image.new("RGB", (64, 64)))[:-60], "did not arrive whole|ends early|damaged"),
        (uri_of(Image.new("L", (20000, 20000)), "PNG"), "megapixels|too many pixels"),
        ("data:," + "x" * 28_000_000, "larger than 20 MB"),
    ],
)
def test_what_is_no_photo_is_refused_in_a_sentence(sent, words):
    assert re.search(words, photo.photo_open({"photo": sent})["error"])


def test_a_search_shows_itself_and_ends_with_a_point_for_the_sliders(key, sample):
    told = ended(photo.photo_search({"key": key, "photo": sample, "job": "find"}))["result"]
    explorer = opened.explorer_of(key)
    image = explorer.render([wishes.point(told["point"], explorer)])[0]
    assert np.abs(image.astype(int) - picture(told["found"])).max() <= 1
    assert "random pictures" in told["sentence"] and told["off"] < 20
    assert picture(told["photo"]).shape == (32, 32, 3)


def test_a_search_can_be_cancelled(key, sample, monkeypatch):
    monkeypatch.setattr(photo, "search", lambda *args, **how: SEARCH(*args, **how, steps=2000))
    begun = photo.photo_search({"key": key, "photo": sample, "job": "find"})
    work.cancel(begun)
    assert ended(begun) == {"error": "Cancelled."}


def test_a_hole_is_filled_and_filled_otherwise_by_another_picture(key, sample):
    wish = {"key": key, "photo": sample, "job": "fill", "hole": hole((0, 0, 160, 320))}
    told = ended(photo.photo_search(wish))["result"]
    kept, photo_seen = picture(told["mended"]), picture(told["photo"])
    assert np.abs(kept[:, 16:].astype(int) - photo_seen[:, 16:]).max() <= 1
    other = picture(photo.photo_mend(wish | {"point": {"seed": 9}})["mended"])
    assert np.array_equal(other[:, 17:], kept[:, 17:]) and not np.array_equal(other[:, :16], kept[:, :16])


def test_a_hole_must_be_painted(key, sample):
    for missing in (hole((0, 0, 0, 0)), None):
        assert "error" in photo.photo_search({"key": key, "photo": sample, "job": "fill", "hole": missing})
    everything = photo.photo_search({"key": key, "photo": sample, "job": "fill", "hole": hole((0, 0, 320, 320))})
    assert "nothing of the photo is left" in everything["error"]


@pytest.mark.parametrize("side", [8, 13, 16])
def test_a_small_photo_is_enlarged_to_the_models_size(key, side):
    wish = {"key": key, "photo": uri_of(Image.new("RGB", (side, side), "teal")), "job": "enlarge", "side": side}
    assert picture(ended(photo.photo_search(wish))["result"]["mended"]).shape == (32, 32, 3)


def test_noise_is_removed_of_the_part_that_was_chosen(key, sample):
    crop = {"left": 4, "top": 8, "side": 16}
    told = ended(photo.photo_search({"key": key, "photo": sample, "job": "denoise", "crop": crop}))["result"]
    part = Image.fromarray(picture(sample)).crop((4, 8, 20, 24)).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(picture(told["photo"]).astype(int) - np.asarray(part)).max() <= 1


@pytest.mark.parametrize(
    "crop", [{"left": -5e9, "top": 1e30, "side": 0}, {"side": "x"}, [1], {}, {"left": float("nan")}]
)
def test_any_crop_lies_within_the_photo(key, sample, crop):
    assert "mended" in photo.photo_mend({"key": key, "photo": sample, "job": "denoise", "crop": crop, "point": {}})


def test_an_unknown_job_is_refused(key, sample):
    assert "choose a job" in photo.photo_search({"key": key, "photo": sample, "job": "rob"})["error"]
