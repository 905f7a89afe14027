from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gan_core.config import PRESETS, preset
from gan_core.data.doctor import Copy, Examples, Report, examine, suggestions
from gan_core.data.doctor.advice import all_options, best_size
from gan_core.data.doctor.look import _sketch
from gan_core.data.doctor.mirror import sidedness
from gan_core.data.drawn import draw, factors


def report(count: int = 5000, side: int = 128, **changes) -> Report:
    facts = {
        "name": "set", "count": count, "unreadable": [], "passed_over": {}, "widths": (side,) * 3,
        "heights": (side,) * 3, "sides": {side: count}, "aspects": {"square": count}, "cut_away": 0.0,
        "colours": {"colour": count}, "grey": 0, "animated": Examples(), "misnamed": Examples(), "copies": [],
        "sidedness": 0.5, "classes": {}, "unlabelled": 0,
    }  # fmt: skip
    return Report(**facts | changes)


def copies(count: int) -> list[Copy]:
    return [Copy(i + 1, f"{i + 1}.png", 0, "0.png", True) for i in range(count)]


def test_a_good_set_needs_nothing():
    assert suggestions(report()) == []


@pytest.mark.parametrize(
    ("facts", "options"),
    [
        ({"count": 20}, {"preset": "few-shot"}),
        ({"count": 1000}, {"preset": "few-shot"}),
        ({"side": 40}, {"image_size": 32}),
        ({"side": 10}, {"image_size": 16}),
        ({"side": 52}, {}),  # hardly enlarged
        ({"side": 4000}, {}),
        ({"grey": 4990}, {"channels": 1}),
        ({"grey": 2500}, {}),
        ({"grey": 5000, "side": 28}, {"preset": "dcgan-28"}),
        ({"grey": 900, "side": 28, "count": 900}, {"preset": "few-shot", "image_size": 32, "channels": 1}),
        ({"side": 28}, {"image_size": 32}),
        ({"copies": copies(25)}, {"duplicates": "drop"}),
        ({"copies": copies(24)}, {}),
        ({"copies": copies(1), "count": 100}, {"preset": "few-shot", "duplicates": "drop"}),
        ({"sidedness": 0.75}, {"flip": False}),
        ({"sidedness": 0.75, "count": 60}, {"preset": "few-shot"}),
        ({"sidedness": 0.98, "count": 60}, {"preset": "few-shot", "flip": False}),
        ({"classes": {"a": 3000, "b": 2000}}, {}),
        ({"classes": {"a": 4700, "b": 300}}, {}),
        ({"classes": {"a": 4990, "b": 10, "c": 4000}}, {}),
        ({"classes": {str(i): 20 for i in range(200)}}, {"labels": "none"}),
        ({"unreadable": [("x.jpg", "not an image")]}, {}),
        ({"cut_away": 0.5}, {}),
    ],
)
def test_what_is_suggested(facts, options):
    assert all_options(suggestions(report(**facts))) == options


def test_what_no_setting_cures_is_still_said():
    found = suggestions(report(
        classes={"a": 4990, "<b>": 10}, unreadable=[("x.jpg", "not an image")], cut_away=0.5,
        passed_over={"pictures in a format that is not read": Examples(3, ["IMG_1.heic"])},
    ))  # fmt: skip
    text = " ".join(each.sentence for each in found)
    for words in ("<b> (10)", "1 picture cannot be read", "50% of a typical picture", "3 pictures", "IMG_1.heic"):
        assert words in text
    assert not any(each.options for each in found)


def test_the_rarer_class_of_uneven_ones_is_named():
    (found,) = suggestions(report(classes={"a": 4700, "b": 300}))
    assert "4,700 pictures of a" in found.sentence and "300 of b" in found.sentence


def test_nothing_usable_is_one_sentence():
    (found,) = suggestions(report(2, sides={}, unreadable=[("a", "x"), ("b", "x")]))
    assert found.sentence == "None of these files can be used as a picture."


def test_settings_of_all_suggestions_go_together():
    few, grey = [{"count": 20}, {"count": 500}, {}], [{"grey": 20_000}, {}]
    sizes = [{"side": side, "sides": {side: 5000}} for side in (10, 28, 40, 64)]
    other = [{"sidedness": 0.99}, {"copies": copies(30)}, {"classes": {str(i): 2 for i in range(50)}}]
    mixes = chain.from_iterable(combinations(other, n) for n in range(4))
    for mix in mixes:
        for facts in ({**a, **b, **c} for a in few for b in grey for c in sizes):
            options = all_options(suggestions(report(**facts | {k: v for each in mix for k, v in each.items()})))
            name = options.pop("preset", "fast")
            assert name in PRESETS
            preset(name).with_options(**options)


def test_the_best_size_is_what_most_pictures_have():
    assert best_size(report(100, sides={256: 91, 20: 9})) == 256
    assert best_size(report(100, sides={256: 85, 60: 15})) == 64
    assert best_size(report(100, sides={9: 100})) == 16


def sketches(images: list[Image.Image]) -> np.ndarray:
    return np.stack([_sketch(np.asarray(image.convert("RGB").resize((32, 32)))) for image in images])


def half_mirrored(images: np.ndarray) -> np.ndarray:
    """The luma of every other picture turned round; its colours are not asked for."""
    images = images.copy()
    luma = images[::2, :1024].reshape(-1, 32, 32)
    images[::2, :1024] = luma[:, :, ::-1].reshape(len(luma), -1)
    return images


def letters(count: int) -> list[Image.Image]:
    rng, found = np.random.default_rng(0), []
    for _ in range(count):
        image = Image.new("L", (28, 28))
        place = 14 + rng.integers(-2, 3, 2)
        font = ImageFont.load_default(int(rng.integers(19, 25)))
        ImageDraw.Draw(image).text(tuple(place.tolist()), "2345679"[rng.integers(7)], 255, font, anchor="mm")
        found.append(image)
    return found


@pytest.mark.parametrize("kind", ["drawn faces", "digits"])
def test_what_looks_one_way_is_told_from_what_looks_both_ways(kind):
    images = [Image.fromarray(draw(factors(i), 32)) for i in range(300)] if kind == "drawn faces" else letters(600)
    one_way = sketches(images)
    both_ways = half_mirrored(one_way)
    assert suggestions(report(len(images), sidedness=sidedness(one_way)))[-1].options == {"flip": False}
    assert 0.4 < sidedness(both_ways) < 0.65
    assert "flip" not in all_options(suggestions(report(len(images), sidedness=sidedness(both_ways))))


def test_sidedness_of_next_to_nothing():
    for count in (0, 1, 2):
        assert 0 <= sidedness(np.zeros((count, 1152), np.uint8)) <= 1


def test_suggestions_from_real_files(tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    for i, image in enumerate(letters(1200)):
        image.save(folder / f"{i}.png")
    options = all_options(suggestions(examine(Path(folder), tmp_path / "root")))
    # There are only so many places, sizes and digits.
    assert options["duplicates"] == "drop"
