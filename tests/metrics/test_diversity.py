import numpy as np
import pytest

from gan_core.metrics import Diversity
from gan_core.metrics.diversity import ms_ssim, num_scales, pair_distances, random_pairs


@pytest.fixture(scope="module")
def diversity(faces) -> Diversity:
    return Diversity(faces[:300])


def test_other_pictures_of_the_kind_are_as_diverse(diversity, faces):
    found = diversity.measure(faces[300:])
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert found.ratio == pytest.approx(found.fakes / found.reals)
    assert found.verdict == "diverse"


def test_the_fewer_pictures_the_less_diverse(diversity, faces):
    modes = [np.tile(faces[:count], (300 // count, 1, 1, 1)) for count in (100, 10, 2, 1)]
    ratios = [diversity.measure(images).ratio for images in modes]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("share_of_one", "verdict"), [(0.3, "diverse"), (0.75, "low"), (0.95, "collapsed")])
def test_a_verdict_by_how_many_samples_are_the_same(diversity, faces, share_of_one, verdict):
    images = faces[:300].copy()
    images[: int(300 * share_of_one)] = faces[0]
    assert diversity.measure(images).verdict == verdict


def test_small_variations_of_one_picture_are_a_collapse(diversity, faces, noisy):
    assert diversity.measure(noisy(np.repeat(faces[:1], 300, 0), 3)).verdict == "collapsed"


def test_a_generator_of_a_few_pictures_is_known_by_its_twins(diversity, faces):
    found = diversity.measure(np.tile(faces[:10], (30, 1, 1, 1)))
    assert found.ratio > 0.6
    assert found.twins == pytest.approx(1 / 10, abs=0.04)
    assert diversity.measure(faces[300:]).twins < 0.02


def test_the_same_number_every_time(faces):
    np.testing.assert_array_equal(pair_distances(faces[:100]), pair_distances(faces[:100]))


@pytest.mark.parametrize("count", [2, 3, 100])
def test_pairs_are_of_two_different_pictures_of_all(count):
    first, second = random_pairs(count, 1000)
    assert (first != second).all()
    assert set(first) | set(second) == set(range(count))


@pytest.mark.parametrize(("side", "channels"), [(8, 3), (13, 1), (28, 1), (32, 3), (100, 3), (256, 1)])
def test_any_size_and_channels(side, channels):
    images = np.random.default_rng(0).integers(0, 256, (20, side, side, channels), np.uint8)
    assert 0.3 < pair_distances(images, 20).mean() <= 1
    assert pair_distances(np.repeat(images[:1], 20, 0), 20).max() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(("side", "scales"), [(8, 1), (16, 2), (28, 3), (32, 3), (64, 4), (112, 5), (256, 5)])
def test_scales_leave_seven_pixels(side, scales):
    assert num_scales(side) == scales


def test_similarity_falls_with_noise_and_does_not_know_an_order(faces, noisy):
    a = faces[:8]
    similar = [ms_ssim(a, noisy(a, sigma)).mean() for sigma in (0, 5, 30)]
    assert similar[0] == pytest.approx(1, abs=1e-4)
    assert similar[0] > similar[1] > similar[2]
    assert ms_ssim(a, noisy(a, 30)).numpy() == pytest.approx(ms_ssim(noisy(a, 30), a).numpy(), abs=1e-5)


def test_data_that_is_all_alike_is_refused(faces):
    with pytest.raises(ValueError, match="all alike"):
        Diversity(np.repeat(faces[:1], 50, 0))
