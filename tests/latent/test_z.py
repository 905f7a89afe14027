import numpy as np
import pytest

from gan_core.latent.z import parse_seeds, z_from_seeds


def test_a_seed_means_the_same_z_for_ever():
    z = z_from_seeds([0, 7], 100)
    assert z.shape == (2, 100) and z.dtype == np.float32
    np.testing.assert_allclose(z[:, :3], [[0.12573, -0.132105, 0.640423], [0.00123, 0.298746, -0.274138]], atol=1e-6)


def test_a_row_depends_on_its_own_seed_only():
    np.testing.assert_array_equal(z_from_seeds([5], 16)[0], z_from_seeds([1, 5, 2], 16)[1])
    assert z_from_seeds([], 16).shape == (0, 16)


def test_z_is_standard_normal():
    z = z_from_seeds(range(500), 100)
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0-3", [0, 1, 2, 3]), ("1,5,9", [1, 5, 9]), ("3, 7 - 9", [3, 7, 8, 9]), (f"{2**31 - 1}", [2**31 - 1])],
)
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least one"),
        ("  ", "at least one"),
        ("1,,2", "neither"),
        ("-3", "start at 0"),
        ("9-7", "backwards"),
        ("0-4096", "too many"),
        ("0-2000000000", "too many"),
        ("2147483648", "too large"),
        ("1.5", "neither"),
        ("cat", "neither"),
    ],
)
def test_bad_seeds_are_refused_with_a_reason(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_seeds(text)
