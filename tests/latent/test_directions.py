import numpy as np
import pytest
import torch

from gan_core.config import ModelConfig
from gan_core.latent.directions import move, principal_directions
from gan_core.models import Generator, build_generator

STRONG = {11: 4.0, 2: 2.0, 7: 1.0}


def vectors(directions) -> np.ndarray:
    return np.array([direction.vector for direction in directions])


def shares(directions) -> np.ndarray:
    return np.array([direction.explained for direction in directions])


@pytest.fixture
def led_by_three_axes(config) -> Generator:
    """A generator whose second layer hears axis 11 of z loudest, then 2, then 7; the first also hears axis 5."""
    G = build_generator(config.model).eval().requires_grad_(False)
    G.project.weight.normal_(0, 0.01)
    G.first[0].weight.fill_(1)
    G.first[0].bias.fill_(50)
    rows = G.project.weight.view(16, -1, config.model.latent_dim)
    for channel, (axis, strength) in enumerate(STRONG.items()):
        rows[:, channel, axis] = strength
    rows[:, -1, 5] = 8
    conv, batch_norm, _ = G.blocks[0]
    conv.weight.zero_()
    for channel in range(conv.out_channels):
        conv.weight[channel, channel] = 0.25
    batch_norm.weight.fill_(1)
    batch_norm.bias.fill_(50)
    return G


def test_the_axes_that_matter_are_found_in_order(led_by_three_axes):
    directions = principal_directions(led_by_three_axes, num_directions=3)
    expected = np.eye(16)[list(STRONG)]
    np.testing.assert_allclose(vectors(directions), expected, atol=0.02)
    np.testing.assert_allclose(shares(directions), np.array([16, 4, 1]) / 21, atol=0.03)


def test_directions_are_unit_vectors_with_falling_shares(G):
    directions = principal_directions(G)
    assert vectors(directions).shape == (12, 16) and vectors(directions).dtype == np.float32
    assert [d.id for d in directions] == [f"pca-{i}" for i in range(1, 13)] and directions[0].name == "Direction 1"
    np.testing.assert_allclose(np.linalg.norm(vectors(directions), axis=1), 1, atol=1e-5)
    assert (np.diff(shares(directions)) <= 1e-6).all()
    assert 0 < shares(directions).sum() <= 1
    largest = np.abs(vectors(directions)).argmax(1)
    assert (vectors(directions)[np.arange(12), largest] > 0).all()


def test_the_explained_shares_are_those_of_an_exact_decomposition(G):
    with torch.inference_mode():
        layer = G.features(torch.randn(2048, 16, generator=torch.Generator().manual_seed(1)), 1).flatten(1)
    exact = torch.linalg.svdvals(layer - layer.mean(0)).square()
    np.testing.assert_allclose(shares(principal_directions(G)), (exact / exact.sum())[:12], atol=0.03)


def test_directions_repeat_and_leave_the_callers_random_state_alone(G):
    before = torch.get_rng_state()
    first, second = principal_directions(G), principal_directions(G)
    np.testing.assert_array_equal(vectors(first), vectors(second))
    assert torch.equal(before, torch.get_rng_state())


def test_a_short_z_gives_fewer_directions():
    G = build_generator(ModelConfig(image_size=32, ngf=8, latent_dim=4)).eval()
    assert vectors(principal_directions(G)).shape == (4, 4)


def test_too_few_samples_are_refused(G):
    with pytest.raises(ValueError, match="samples"):
        principal_directions(G, num_samples=16)


def test_moving_keeps_the_norm_and_goes_the_right_way():
    z = np.random.default_rng(0).standard_normal((5, 100)).astype(np.float32)
    moved = move(z, np.eye(100, dtype=np.float32)[:2], np.array([3.0, -2.0]))
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(z, axis=1), rtol=1e-5)
    assert moved.dtype == np.float32
    assert (moved[:, 0] > z[:, 0] + 2).all() and (moved[:, 1] < z[:, 1] - 1).all()


def test_moving_nowhere_changes_nothing():
    z = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    np.testing.assert_allclose(move(z, np.eye(100)[:12], np.zeros(12)), z, rtol=1e-6)
