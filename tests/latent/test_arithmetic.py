import numpy as np
import pytest

from gan_core.latent import Explorer, Point
from gan_core.latent.arithmetic import Sum, combine, difference, in_pixels, neighbours, on_shell

DIM = 4
A = np.array([[1, 2, 0, 0], [3, 0, 0, 0]], np.float32)
B = np.array([[0, 1, 0, 0]], np.float32)
C = np.array([[0, 0, 4, 0], [0, 0, 0, 2]], np.float32)
POINTS = [[Point(1), Point(2), Point(3)], [Point(4), Point(5)], [Point(6, {"pca-1": 1.5})]]


@pytest.fixture
def config(config):
    return config.with_options(classes=("cat", "dog", "owl"))


def test_means_are_added_and_subtracted():
    assert combine([A, B, C], DIM).tolist() == [2, 0, 2, 1]


@pytest.mark.parametrize("groups, expected", [([A, [], []], [2, 1, 0, 0]), ([[], B, C], [0, -1, 2, 1])])
def test_an_empty_group_counts_for_nothing(groups, expected):
    assert combine(groups, DIM).tolist() == expected


@pytest.mark.parametrize("groups", [([], B, []), ([], [], [])])
def test_nothing_to_add_is_said(groups):
    with pytest.raises(ValueError, match="at least one picture"):
        combine(groups, DIM)


@pytest.mark.parametrize(
    "weights, expected",
    [
        ([(1, 0, 0), (1, 0, 0), (0, 1, 0)], (0, 1, 0)),
        ([(1, 0, 0), (0, 1, 0), (0, 0, 1)], (0.5, 0, 0.5)),
        ([(1, 0, 0), (1, 0, 0), None], (1, 0, 0)),  # nothing is left, so those of what was added
    ],
)
def test_weights_of_classes_stay_weights(weights, expected):
    groups = [[] if each is None else np.array([[1, 1, *each]], np.float32) for each in weights]
    assert combine(groups, 2)[2:].tolist() == pytest.approx(expected)


def test_the_shell_changes_the_length_of_z_and_no_class():
    keys = on_shell(np.array([[3, 4, 0.5, 0.5], [0, 0, 1, 0]], np.float32), 2)
    assert np.linalg.norm(keys[0, :2]) == pytest.approx(2**0.5) and keys[0, 1] / keys[0, 0] == pytest.approx(4 / 3)
    assert keys[:, 2:].tolist() == [[0.5, 0.5], [1, 0]] and keys[1, :2].tolist() == [0, 0]


def test_neighbours_are_near_differ_and_repeat():
    key = np.array([5, 6, 7, 1], np.float32)
    around = neighbours(key, 3, noise=0.25)
    assert around.shape == (8, 4) and len(np.unique(around[:, 0])) == 8
    assert 0.1 < np.abs(around[:, :3] - key[:3]).max() <= 0.25 and (around[:, 3] == 1).all()
    assert np.array_equal(around, neighbours(key, 3, noise=0.25))


def test_pixels_are_added_and_clipped():
    a, b, c = (np.full((2, 8, 8, 1), grey, np.uint8) for grey in (100, 50, 30))
    assert in_pixels([a, b, c]).shape == (8, 8, 1) and (in_pixels([a, b, c]) == 80).all()
    assert (in_pixels([a, [], a * 2]) == 255).all() and (in_pixels([b, a, []]) == 0).all()


def test_a_difference_is_a_unit_vector_from_b_to_a():
    assert difference(A, B, DIM).tolist() == [1, 0, 0, 0]
    assert difference(np.array([[3, 4, 1, 0]]), np.array([[0, 0, 0, 1]]), 2).tolist() == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("groups, said", [((A, A), "same mean"), ((A, []), "some of both"), (([], A), "some of both")])
def test_where_no_direction_leads_is_said(groups, said):
    with pytest.raises(ValueError, match=said):
        difference(*groups, DIM)


def test_the_sum_of_one_picture_is_that_picture(explorer: Explorer):
    point = Point(3, {"pca-1": 2.0}, label=1)
    total = Sum(explorer, [[point], [], []], shell=False)
    assert np.allclose(total.result(), explorer.z(point), atol=1e-6)


def test_the_result_is_in_the_middle_of_its_neighbours(explorer: Explorer):
    total = Sum(explorer, POINTS, noise=0.1)
    around = total.around()
    assert around.shape == (9, 19) and np.array_equal(around[4], total.result())
    distances = np.linalg.norm(around - around[4], axis=1)
    assert distances[4] == 0 and np.delete(distances, 4).min() > 0 and distances.max() < 0.1 * 16**0.5


def test_what_is_on_the_shell_is_as_long_as_any_z(explorer: Explorer):
    lengths = {shell: np.linalg.norm(Sum(explorer, POINTS, shell=shell).around()[:, :16], axis=1) for shell in (0, 1)}
    assert np.allclose(lengths[1], 4, atol=1e-4) and not np.allclose(lengths[0], 4, atol=0.1)


def test_every_group_has_a_mean(explorer: Explorer):
    first, second, third = Sum(explorer, [POINTS[0], [], POINTS[2]], shell=False).means()
    assert np.allclose(first, explorer.keys(POINTS[0]).mean(0), atol=1e-6)
    assert second is None and np.allclose(third, explorer.z(POINTS[2][0]), atol=1e-6)


def test_the_figure_grows_with_its_groups(explorer: Explorer):
    whole, part = (Sum(explorer, groups).figure(("smiling", "", "é")) for groups in (POINTS, [POINTS[0], [], []]))
    assert whole.mode == "RGB" and whole.width > part.width > 400 and whole.height > 300
    assert len(whole.resize((64, 64)).getcolors(4096)) > 100, "there are pictures on it"
