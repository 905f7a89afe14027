import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from scipy.ndimage import correlate1d
from scipy.stats import wasserstein_distance

from gan_core.metrics import SlicedWasserstein
from gan_core.metrics import swd as swd_module
from gan_core.metrics.swd import both_ways, filters, laplacian_pyramid, level_sides, quantiles


@pytest.fixture(scope="module")
def swd(faces) -> SlicedWasserstein:
    return SlicedWasserstein(faces[:256])


def blurred(images: np.ndarray, radius: float) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))) for image in images])


def test_a_set_is_at_no_distance_from_itself_and_near_to_another_of_its_kind(swd, faces):
    assert swd.measure(faces[:256]).mean == 0
    floor = swd.measure(faces[256:512])
    assert 0 < floor.mean < 60
    assert floor.mean == pytest.approx(np.mean(list(floor.levels.values())))


def test_the_worse_the_pictures_the_larger_the_distance(swd, faces, noisy):
    others = faces[256:512]
    floor = swd.measure(others).mean
    for worse in (lambda amount: blurred(others, amount / 2), lambda amount: noisy(others, 10 * amount)):
        distances = [swd.measure(worse(amount)).mean for amount in (1, 2, 4)]
        assert 1.3 * floor < distances[0] < distances[1] < distances[2]


def test_a_collapsed_or_darkened_set_is_far_away(swd, faces):
    floor = swd.measure(faces[256:512]).mean
    assert swd.measure(faces[256:260].repeat(64, 0)).mean > 3 * floor
    assert swd.measure((faces[256:512] * 0.8).astype(np.uint8)).mean > 3 * floor


def test_noise_shows_at_the_finest_level_and_changed_shapes_at_the_coarsest(swd, faces, noisy):
    sides = level_sides(32)
    noise, upside_down = swd.measure(noisy(faces[:256], 20)).levels, swd.measure(faces[:256, ::-1]).levels
    assert noise[sides[0]] > 3 * noise[sides[-1]]
    assert upside_down[sides[-1]] > swd.measure(faces[256:512]).levels[sides[-1]]


def test_the_same_number_every_time_whatever_the_global_random_state(faces):
    numbers = []
    for seed in (1, 2):
        np.random.seed(seed)
        torch.manual_seed(seed)
        numbers.append(SlicedWasserstein(faces[:200]).measure(faces[200:400]))
    assert numbers[0] == numbers[1]


def test_unequal_numbers_are_drawn_to_equal_ones(faces):
    swd = SlicedWasserstein(faces, num_images=200)
    assert swd.num_images == 200
    assert swd.measure(faces[:100]) == swd.measure(faces[:100])
    # A set of 100 is as far as chance makes it, not as far as a histogram of half the mass would be.
    assert swd.measure(faces[:100]).mean < 2 * SlicedWasserstein(faces[:100]).measure(faces[100:200]).mean


def test_a_sorted_data_set_is_drawn_from_everywhere(faces):
    by_brightness = faces[np.argsort(faces.mean((1, 2, 3)))]
    assert SlicedWasserstein(by_brightness, num_images=200).measure(faces[:200]).mean < 60


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        (8, [8]),
        (28, [28]),
        (31, [31]),
        (32, [32, 16]),
        (48, [48, 24]),
        (64, [64, 32, 16]),
        (256, [256, 128, 64, 32, 16]),
    ],
)
def test_levels_halve_the_side_down_to_16_pixels(side, sides):
    assert level_sides(side) == sides


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (13, 3), (28, 1), (33, 3), (64, 1), (256, 3)])
def test_any_size_and_channels(side, channels):
    rng = np.random.default_rng(0)
    reals, fakes = rng.integers(0, 256, (2, 20, side, side, channels), np.uint8)
    found = SlicedWasserstein(reals, num_slices=32).measure(fakes)
    assert list(found.levels) == level_sides(side)
    assert 0 < found.mean < SlicedWasserstein(reals, num_slices=32).measure(fakes // 4).mean


def test_pictures_of_one_colour_have_a_distance(faces):
    flat = np.full((20, 32, 32, 3), 100, np.uint8)
    assert SlicedWasserstein(flat).measure(flat).mean == 0
    assert np.isfinite(SlicedWasserstein(flat).measure(faces[:20]).mean)


def test_the_pyramid_adds_up_to_the_image_again(faces):
    image = torch.from_numpy(faces[:2]).permute(0, 3, 1, 2).float()
    fine, coarse = laplacian_pyramid(image)
    assert fine.shape[-1] == 32 and coarse.shape[-1] == 16
    torch.testing.assert_close(fine + both_ways(coarse, filters(16)[1]), image)
    assert fine.abs().mean() < coarse.abs().mean() / 3


def test_the_pyramids_filter_is_the_binomial_one_with_mirrored_edges(faces):
    image = faces[0, :, :, 0].astype(np.float32)
    expected = image
    for axis in (0, 1):
        expected = correlate1d(expected, np.array([1, 4, 6, 4, 1]) / 16, axis, mode="mirror")
    shrunk = both_ways(torch.from_numpy(image), filters(16)[0]).numpy()
    np.testing.assert_allclose(shrunk, expected[::2, ::2], rtol=1e-4)


def test_the_distance_of_quantile_steps_is_the_wasserstein_distance():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (400, 64, 1)).astype(np.float32), rng.normal(0.3, 1.5, (400, 64, 1)).astype(np.float32)
    level = swd_module.Level(np.zeros(1, np.float32), np.ones(1, np.float32), np.ones((1, 1), np.float32))
    expected = wasserstein_distance(a.ravel(), b.ravel())
    found = np.abs(quantiles(a, level) - quantiles(b, level)).mean()
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_callers_pictures_are_left_alone(swd, faces):
    before = faces[:256].copy()
    swd.measure(faces[:256])
    np.testing.assert_array_equal(faces[:256], before)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (np.zeros((4, 32, 32, 3), np.float32), "uint8"),
        (np.zeros((32, 32, 3), np.uint8), "uint8"),
        (np.zeros((1, 32, 32, 3), np.uint8), "two pictures"),
        (np.zeros((4, 32, 16, 3), np.uint8), "squares"),
        (np.zeros((4, 4, 4, 3), np.uint8), "squares"),
        (np.zeros((4, 32, 32, 4), np.uint8), "channel"),
        (np.zeros((4, 32, 32, 1), np.uint8), "32 x 32 x 1"),
        (np.zeros((4, 64, 64, 3), np.uint8), "64 x 64 x 3"),
    ],
)
def test_other_pictures_are_refused(swd, images, reason):
    with pytest.raises(ValueError, match=reason):
        swd.measure(images)
