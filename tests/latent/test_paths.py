import numpy as np
import pytest

from gan_core.latent.paths import loop, slerp, travel

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


@pytest.mark.parametrize("num_frames", [1, 2, 3, 10, 31])
@pytest.mark.parametrize("num_keys", [1, 2, 3, 5])
@pytest.mark.parametrize("closed", [True, False])
def test_a_path_has_exactly_as_many_frames_as_asked(num_keys, num_frames, closed):
    path = loop(RNG.standard_normal((num_keys, 16)), num_frames, closed=closed)
    assert path.shape == (num_frames, 16) and np.isfinite(path).all()


def test_a_closed_path_visits_the_keys_at_an_even_pace_and_closes_without_a_repeat():
    keys = np.eye(3, dtype=np.float32)
    path = loop(keys, 12)
    np.testing.assert_allclose(path[::4], keys, atol=1e-6)
    steps = [angle(a, b) for a, b in zip(path, np.roll(path, -1, 0), strict=True)]
    np.testing.assert_allclose(steps, np.pi / 8, atol=1e-3)


@pytest.mark.parametrize("ease", [True, False])
def test_an_open_path_starts_and_ends_on_keys(ease):
    path = loop(np.stack([A, B]), 7, closed=False, ease=ease)
    np.testing.assert_allclose(path[[0, -1]], [A, B], atol=1e-6)
    np.testing.assert_allclose(path[3], slerp(A, B, 0.5), atol=1e-6)


def test_easing_slows_down_at_the_keys():
    path = loop(np.stack([A, B]), 11, closed=False, ease=True)
    assert angle(path[0], path[1]) < angle(path[5], path[6]) / 3


def test_one_key_stays_where_it_is():
    np.testing.assert_allclose(loop(A[None], 5), np.tile(A, (5, 1)), atol=1e-6)


def test_paths_without_keys_or_frames_are_refused():
    with pytest.raises(ValueError, match="one picture"):
        loop(np.empty((0, 16)), 5)
    with pytest.raises(ValueError, match="one frame"):
        loop(A[None], 0)


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


def test_class_weights_add_up_to_one_all_along_a_path():
    keys = np.stack([with_classes(A, [1, 0, 0]), with_classes(B, [0, 1, 0]), with_classes(-A, [0, 0, 1])])
    path = loop(keys, 12, latent_dim=100)
    np.testing.assert_allclose(path[:, 100:].sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(path[::4], keys, atol=1e-5)
    np.testing.assert_allclose(path[2, 100:], [0.5, 0.5, 0])
    np.testing.assert_allclose(path[:, :100], loop(keys[:, :100], 12))
