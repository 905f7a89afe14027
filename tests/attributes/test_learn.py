import numpy as np
import pytest

from gan_core.attributes.factors import Trait
from gan_core.attributes.learn import apart, as_directions, slopes

NO_CLASSES = np.zeros((2000, 0))


def traits(*factors) -> list[Trait]:
    return [Trait(factor, "", np.zeros(0, np.float32)) for factor in factors]


@pytest.fixture
def z() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2000, 30)).astype(np.float32)


def test_the_slope_of_a_score_is_found_through_noise_and_outliers(z):
    noise = np.random.default_rng(1).standard_normal(2000)
    logits = 3 * z[:, 4] - 2 * z[:, 7] + noise
    logits[:20] += 30
    expected = np.zeros(30)
    expected[[4, 7]] = np.array([3, -2]) / 13**0.5
    (found,) = slopes(z, logits[:, None], NO_CLASSES)
    assert found @ expected > 0.98 and np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_what_classes_explain_is_no_direction(z):
    classes = np.eye(2)[(z[:, 0] > 0).astype(int)]
    scores = 50 * classes[:, 0] + z[:, 3]
    (found,) = slopes(z, scores[:, None], classes)
    assert found[3] > 0.98 and abs(found[0]) < 0.05


def test_a_score_that_never_changes_gives_nothing_that_is_no_number(z):
    assert np.isfinite(slopes(z, np.ones((2000, 1)), NO_CLASSES)).all()


def test_directions_kept_apart_lose_their_part_along_other_factors():
    vectors = np.array([[1, 0, 0], [0.6, 0.8, 0], [0.8, 0.6, 0]], np.float32)
    first, second, third = apart(vectors, traits("hair", "skin", "skin"))
    np.testing.assert_allclose(second, [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(third, [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(first, vectors[0], err_msg="nothing of it would be left")


def test_other_directions_that_are_nearly_one_take_away_no_more_than_one_does():
    vectors = np.array([[0.6, 0.8, 0], [1, 0, 0], [1, 1e-7, 0], [0, 0, 0]], np.float32)
    found = apart(vectors, traits("hair", "skin", "skin", "nose"))
    np.testing.assert_allclose(found[0], [0, 1, 0], atol=1e-6)


def test_they_become_directions_with_names():
    (found,) = as_directions(traits("hair_length"), np.eye(3, dtype=np.float32)[:1])
    assert (found.id, found.kind, found.name) == ("label-hair-length", "label", "Hair length")
