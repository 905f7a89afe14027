import numpy as np
import pytest

from gan_core.attributes.factors import Trait
from gan_core.attributes.measure import measured
from gan_core.latent.directions import Direction

DIM = 24


def trait(factor, value="", is_number=False) -> Trait:
    return Trait(factor, value, np.zeros(0, np.float32), is_number)


TRAITS = [trait("bar"), trait("colour", "red"), trait("colour", "blue"), trait("height", is_number=True)]


def score(z: np.ndarray) -> np.ndarray:
    """Axis 0 brings the bar in half of the pictures, axis 1 turns red into blue, axis 2 makes higher."""
    return np.stack([z[:, 0], -z[:, 1], z[:, 1], z[:, 2]], 1)


@pytest.fixture
def z() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((400, DIM)).astype(np.float32)


def figures(z, *axes, own=None, id="pca-1") -> dict:
    vector = np.zeros(DIM, np.float32)
    for axis, weight in axes:
        vector[axis] = weight
    vector /= np.linalg.norm(vector)
    return measured(Direction(id, "pca", id, vector), TRAITS, score, z, own)


def test_a_direction_that_brings_one_factor_alone(z):
    found = figures(z, (0, 1))
    assert found["factor"] == "Bar" and found["effect"] > 0.9 and found["others"] == 0
    assert found["before"] < 0.05 and found["after"] > 0.95 and found["n"] == 400 and found["reach"] == 2


def test_its_opposite_takes_it_away(z):
    found = figures(z, (0, -1))
    assert found["factor"] == "Bar" and found["effect"] < -0.9 and found["before"] > 0.95


def test_values_of_one_factor_do_not_count_as_others(z):
    found = figures(z, (1, 1), own=2)
    assert found["factor"] == "Colour: blue" and found["effect"] > 0.9 and found["others"] == 0


def test_a_mixed_direction_says_what_else_it_changes(z):
    found = figures(z, (0, 1), (2, 1), own=0)
    assert found["effect"] > 0.7 and found["most_other"] == "height"
    assert found["most_other_share"] > 0.95 and found["others"] == pytest.approx(
        found["most_other_share"] / 2, abs=0.01
    )


def test_numbers_have_no_shares_before_and_after(z):
    found = figures(z, (2, 1))
    assert found["factor"] == "Height" and found["effect"] > 0.95 and "before" not in found


def test_a_change_that_real_pictures_would_not_show_is_none(z):
    vector = np.eye(DIM, dtype=np.float32)[2]
    found = measured(Direction("a", "a", "a", vector), TRAITS[3:], lambda rows: rows[:, 2:3] / 50, z, None)
    assert found["effect"] == 0


def test_a_direction_without_effect_says_so(z):
    found = figures(z, (9, 1))
    assert abs(found["effect"]) < 0.1


def test_the_weights_of_classes_stay(z):
    seen = []

    def with_classes(rows):
        seen.append(rows[:, DIM:])
        return score(rows)

    rows = np.concatenate([z, np.ones((len(z), 3), np.float32)], 1)
    measured(Direction("a", "a", "a", np.eye(DIM, dtype=np.float32)[0]), TRAITS, with_classes, rows, None)
    assert all((classes == 1).all() and classes.shape == (400, 3) for classes in seen)


def test_a_single_factor_has_no_others(z):
    only = [trait("bar")]
    found = measured(Direction("a", "a", "a", np.eye(DIM, dtype=np.float32)[0]), only, lambda z: z[:, :1], z, None)
    assert "others" not in found and found["effect"] > 0.9
