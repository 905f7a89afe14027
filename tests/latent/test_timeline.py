import numpy as np
import pytest

from gan_core.latent.paths import slerp
from gan_core.latent.timeline import EASINGS, WAYS, Piece, Timeline

KEYS = np.random.default_rng(0).standard_normal((5, 100)).astype(np.float32)
THREE = [Piece(1.0), Piece(2.0, "smooth"), Piece(0.5, "out")]


def angle(a, b) -> float:
    return float(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


@pytest.mark.parametrize("num_frames", [1, 2, 3, 10, 31])
@pytest.mark.parametrize("num_keys", [1, 2, 3, 5])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_path_has_exactly_as_many_frames_as_asked(num_keys, num_frames, closed, way):
    path = Timeline(KEYS[:num_keys], 100, closed=closed, way=way).path(num_frames)
    assert path.shape == (num_frames, 100) and path.dtype == np.float32 and np.isfinite(path).all()


def test_a_closed_path_visits_the_keys_at_an_even_pace_and_closes_without_a_repeat():
    keys = np.eye(3, dtype=np.float32)
    path = Timeline(keys, 3).path(12)
    np.testing.assert_allclose(path[::4], keys, atol=1e-6)
    steps = [angle(a, b) for a, b in zip(path, np.roll(path, -1, 0), strict=True)]
    np.testing.assert_allclose(steps, np.pi / 8, atol=1e-3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("easing", EASINGS)
@pytest.mark.parametrize("closed", [True, False])
def test_every_path_passes_exactly_through_its_keys_at_their_times(way, easing, closed):
    pieces = [Piece(seconds, easing) for seconds in (1.0, 2.0, 0.5, 1.5, 3.0)]
    timeline = Timeline(KEYS, 100, pieces, closed, way)
    assert timeline.seconds == (8.0 if closed or easing == "hold" else 5.0)
    times = np.array([0, 1, 3, 3.5, 5]) / timeline.seconds
    np.testing.assert_allclose(timeline.at(times), KEYS, atol=1e-4)
    np.testing.assert_allclose(timeline.at(1.0), KEYS[0] if closed else KEYS[-1], atol=1e-4)


def test_one_moment_and_many_agree():
    timeline = Timeline(KEYS, 100, way="spline")
    moments = np.linspace(0, 1, 9)
    np.testing.assert_allclose(timeline.at(moments), [timeline.at(t) for t in moments], atol=1e-6)


def test_an_open_path_between_two_keys_is_their_arc_either_way():
    for way in WAYS:
        path = Timeline(KEYS[:2], 100, closed=False, way=way).path(7)
        np.testing.assert_allclose(path, slerp(KEYS[0], KEYS[1], np.linspace(0, 1, 7)), atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_an_open_path_that_holds_its_pictures_holds_the_last_one_as_well(way):
    timeline = Timeline(KEYS[:3], 100, [Piece(1.0, "hold"), Piece(2.0, "hold"), Piece(3.0)], closed=False, way=way)
    assert timeline.seconds == 6.0
    np.testing.assert_allclose(timeline.path(7), KEYS[[0, 1, 1, 2, 2, 2, 2]], atol=1e-5)
    single = Timeline(KEYS[:1], 100, [Piece(2.0, "hold")], closed=False, way=way)
    np.testing.assert_allclose(single.path(3), KEYS[[0, 0, 0]], atol=1e-5)


def test_lengths_of_keys_do_not_change_the_way_of_a_spline():
    def directions(keys: np.ndarray) -> np.ndarray:
        path = Timeline(keys, 100, closed=False, way="spline").path(31)
        return path / np.linalg.norm(path, axis=1, keepdims=True)

    longer = KEYS * np.array([[1], [3], [2], [3], [1]], np.float32)
    np.testing.assert_allclose(directions(longer), directions(KEYS), atol=1e-5)


def test_easings_change_the_pace_and_not_the_way():
    def turned(easing: str) -> np.ndarray:
        path = Timeline(KEYS[:2], 100, [Piece(1.0, easing)], closed=False).path(11)
        return np.array([angle(KEYS[0], each) for each in path]) / angle(KEYS[0], KEYS[1])

    pace = {easing: np.diff(turned(easing)) for easing in EASINGS}
    np.testing.assert_allclose(pace["linear"], 0.1, atol=1e-3)
    assert pace["smooth"][0] < 0.04 and pace["smooth"][-1] < 0.04 < 0.1 < pace["smooth"][5]
    assert pace["in"][0] < 0.02 and pace["in"][-1] > 0.18
    assert pace["out"][0] > 0.18 and pace["out"][-1] < 0.02
    np.testing.assert_allclose(turned("hold"), [0] * 5 + [1] * 6, atol=1e-3)


@pytest.mark.parametrize("closed", [True, False])
def test_a_spline_turns_no_corner_where_arcs_do(closed):
    def sharpest(way: str) -> float:
        path = Timeline(KEYS, 100, closed=closed, way=way).path(501)
        steps = np.diff(path, axis=0)
        return max(angle(a, b) for a, b in zip(steps, steps[1:], strict=False))

    assert sharpest("slerp") > 1 > 0.1 > sharpest("spline")


@pytest.mark.parametrize("way", WAYS)
def test_norms_stay_between_those_of_the_keys(way):
    path = Timeline(KEYS, 100, THREE[:1], way=way).path(200)
    found, keys = np.linalg.norm(path, axis=1), np.linalg.norm(KEYS, axis=1)
    assert found.min() > keys.min() - 1e-3 and found.max() < keys.max() + 1e-3


@pytest.mark.parametrize("way", WAYS)
def test_class_weights_go_straight_and_add_up_to_one(way):
    weights = np.eye(3, dtype=np.float32)
    keys = np.concatenate([KEYS[:3], weights], 1)
    path = Timeline(keys, 100, way=way).path(12)
    np.testing.assert_allclose(path[:, 100:].sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(path[::4], keys, atol=1e-4)
    np.testing.assert_allclose(path[2, 100:], [0.5, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(path[:, :100], Timeline(KEYS[:3], 100, way=way).path(12), atol=1e-6)


def test_one_key_stays_where_it_is():
    for closed in (True, False):
        timeline = Timeline(KEYS[:1], 100, [Piece(2.0)], closed, "spline")
        assert timeline.seconds == 2.0 and timeline.num_frames(10) == 20
        np.testing.assert_allclose(timeline.path(5), np.tile(KEYS[0], (5, 1)), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Timeline(np.empty((0, 16)), 16), "one picture"),
        (lambda: Timeline(KEYS, 100).path(0), "one frame"),
        (lambda: Timeline(KEYS, 100, THREE), "5 pictures need as many pieces, not 3"),
        (lambda: Timeline(KEYS, 100, way="lerp"), "not by 'lerp'"),
        (lambda: Piece(0.0), "seconds"),
        (lambda: Piece(float("nan")), "seconds"),
        (lambda: Piece(1.0, "bounce"), "no easing 'bounce'"),
    ],
)
def test_what_is_no_path_is_refused_with_a_sentence(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
