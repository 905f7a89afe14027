import base64

import numpy as np
import pytest

from gan_core.latent import Explorer
from gan_core.latent.directions import SLIDER_RANGE
from ui.explore import wishes


@pytest.fixture
def explorer(run) -> Explorer:
    return Explorer.load(run.generator)


@pytest.fixture
def of_classes(clothes) -> Explorer:
    return Explorer.load(clothes.generator)


def encoded(numbers) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


def test_numbers_from_a_page_are_clamped(explorer):
    moves = {"a": 1e30, "b": -1e30, "c": float("nan"), "d": True, "e": "1", "f": 0.5}
    wild = wishes.point({"seed": 1e30, "moves": moves}, explorer)
    assert wild.seed == wishes.MAX_SEED
    assert wild.moves == {"a": SLIDER_RANGE, "b": -SLIDER_RANGE, "f": 0.5}
    many = wishes.point({"moves": {str(i): 1.0 for i in range(10_000)}}, explorer)
    assert len(many.moves) == wishes.MAX_MOVES
    assert len(wishes.points([{}] * 10_000, explorer, 7)) == 7


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_that_no_float_can_be_is_clamped(explorer, sign):
    vast = sign * 10**400
    assert wishes.number(vast, -2, 2) == 2 * sign and isinstance(wishes.number(vast, -2, 2), float)
    assert wishes.whole(vast, -2, 2) == 2 * sign
    assert wishes.point({"seed": vast, "moves": {"pca-1": vast}}, explorer).moves == {"pca-1": sign * SLIDER_RANGE}


@pytest.mark.parametrize(("label", "clamped"), [(-3, 0), (1.9, 1), (1e9, 2), ("bag", 0), (True, 0), (None, None)])
def test_a_class_that_there_is_not_is_clamped(explorer, of_classes, label, clamped):
    assert wishes.point({"label": label}, of_classes).label == clamped
    assert wishes.point({"label": label}, explorer).label is None


def test_a_point_with_z_comes_back_as_it_was_sent(explorer):
    z = np.random.default_rng(0).standard_normal(16).astype(np.float32)
    sent = {"seed": 3, "moves": {"pca-2": 1.5}, "label": None, "z": encoded(z)}
    found = wishes.point(sent, explorer)
    np.testing.assert_array_equal(np.array(found.z, np.float32), z)
    assert wishes.to_json(found) == sent


@pytest.mark.parametrize(
    "z", ["!", "AAA", 7, ["a"], encoded(range(15)), encoded(range(17)), encoded([np.nan] * 16), encoded([np.inf] * 16)]
)
def test_a_z_of_another_model_or_none_at_all_gets_a_sentence(explorer, z):
    with pytest.raises(ValueError, match="this picture"):
        wishes.point({"z": z}, explorer)


def test_weights_of_classes_are_shares(of_classes):
    z = wishes.point({"z": encoded([100.0] + [0.0] * 15 + [-1.0, 5.0, 0.5])}, of_classes).z
    assert z[0] == wishes.MAX_Z and z[16:] == (0.0, 1.0, 0.5)


def test_a_choice_is_one_of_the_known_ones():
    assert wishes.choice("a", ("a", "b"), "letter") == "a"
    for value in ("c", None, 3, ["a"]):
        with pytest.raises(ValueError, match="choose a letter: a, b"):
            wishes.choice(value, ("a", "b"), "letter")
