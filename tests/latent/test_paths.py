import numpy as np
import pytest

from gan_core.latent.paths import norm, slerp, spline, travel

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((2, 100)).astype(np.float32)


def angle(a, b) -> float:
    return float(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


@pytest.mark.parametrize("b", [B, 3 * B, A, 2 * A, -A, A + 1e-6 * B, -A + 1e-6 * B])
def test_slerp_ends_where_it_should(b):
    ends = slerp(A, b, np.array([0, 1]))
    np.testing.assert_allclose(ends, [A, b], rtol=1e-6, atol=1e-6)


def test_the_middle_is_halfway_in_angle_and_norm():
    middle = slerp(A, 3 * B, 0.5)
    assert middle.dtype == np.float32 and middle.shape == (100,)
    assert angle(A, middle) == pytest.approx(angle(A, B) / 2, abs=1e-3)
    assert np.linalg.norm(middle) == pytest.approx((np.linalg.norm(A) + 3 * np.linalg.norm(B)) / 2, rel=1e-5)


def test_opposite_vectors_are_joined_without_passing_the_origin():
    path = slerp(A, -A, np.linspace(0, 1, 9))
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(A), rtol=1e-5)
    assert angle(A, path[4]) == pytest.approx(np.pi / 2, abs=1e-3)


def with_classes(z: np.ndarray, weights: list[float]) -> np.ndarray:
    return np.concatenate([z, np.array(weights, np.float32)])


def test_between_classes_z_goes_along_its_arc_and_weights_go_straight():
    a, b = with_classes(A, [1, 0, 0]), with_classes(B, [0, 0, 1])
    there = travel(a, b, 0.25, 100)
    assert there.dtype == np.float32 and there.shape == (103,)
    np.testing.assert_allclose(there[:100], slerp(A, B, 0.25))
    np.testing.assert_allclose(there[100:], [0.75, 0, 0.25])
    np.testing.assert_allclose(travel(a, b, np.array([0.0, 1.0]), 100), [a, b], rtol=1e-6, atol=1e-6)


def test_within_a_class_its_weight_stays_as_it_is():
    a, b = with_classes(A, [0, 1]), with_classes(B, [0, 1])
    assert (travel(a, b, np.linspace(0, 1, 7), 100)[:, 100:] == [0, 1]).all()


FOUR = RNG.standard_normal((4, 100)).astype(np.float32)


def test_a_spline_begins_and_ends_on_its_keys_with_norms_between_theirs():
    path = spline(*FOUR * [[1], [1], [3], [1]], np.linspace(0, 1, 21))
    assert path.dtype == np.float32
    np.testing.assert_allclose(path[[0, -1]], [FOUR[1], 3 * FOUR[2]], atol=1e-4)
    lengths = norm(path)[:, 0]
    assert (np.diff(lengths) > 0).all() and lengths[10] == pytest.approx(lengths[[0, -1]].mean(), rel=1e-4)


def test_a_spline_has_no_corner_at_a_key():
    before, after = spline(*FOUR, np.array([0.99, 1.0])), spline(*FOUR[1:], A, np.array([0.0, 0.01]))
    np.testing.assert_allclose(before[1], after[0], atol=1e-4)
    into, out = before[1] - before[0], after[1] - after[0]
    assert angle(into, out) < 0.1
    a, b = (slerp(*pair, t) for pair, t in ((FOUR[1:3], 0.99), (FOUR[2:], 0.01)))
    assert angle(FOUR[2] - a, b - FOUR[2]) > 1, "arcs have one"


@pytest.mark.parametrize("four", [np.tile(A, (4, 1)), np.stack([A, -A, A, -A]), np.stack([A, A, B, B])])
def test_a_spline_through_equal_or_opposite_keys_stays_on_the_shell(four):
    path = spline(*four, np.linspace(0, 1, 33))
    assert np.isfinite(path).all()
    assert (norm(path) > 0.99 * min(norm(A), norm(B))).all()
