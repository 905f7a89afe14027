import copy

import pytest
import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import Generator, build_generator
from gan_core.training import ema


@pytest.fixture
def G() -> Generator:
    torch.manual_seed(0)
    return build_generator(ModelConfig(image_size=32, ngf=4, ndf=4, latent_dim=8))


@pytest.mark.parametrize("batch_size", [4, 25])
def test_an_impulse_has_decayed_to_half_after_the_half_life(batch_size):
    model, average = nn.Linear(3, 2), nn.Linear(3, 2)
    for p in model.parameters():
        nn.init.zeros_(p)
    for p in average.parameters():
        nn.init.ones_(p)
    for step in range(500 // batch_size):
        ema.update(average, model, ema.beta(10**6 + step * batch_size, batch_size, ema_kimg=0.5, rampup=0.05))
    for p in average.parameters():
        torch.testing.assert_close(p, torch.full_like(p, 0.5), rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("nimg", "half_life"), [(2_000, 100), (100_000, 5_000), (200_000, 10_000), (400_000, 10_000), (10**8, 10_000)]
)
def test_the_half_life_grows_with_the_images_seen_up_to_its_cap(nimg, half_life):
    assert ema.beta(nimg, half_life, ema_kimg=10.0, rampup=0.05) == pytest.approx(0.5)


@pytest.mark.parametrize(("ema_kimg", "rampup"), [(0.0, 0.05), (10.0, 0.0)])
def test_without_a_half_life_the_average_is_the_model(ema_kimg, rampup):
    assert ema.beta(1_000, 8, ema_kimg, rampup) == 0


def test_the_average_moves_parameters_only_and_leaves_the_model_alone(G):
    average = copy.deepcopy(G)
    G(torch.randn(8, 8))
    for p in G.parameters():
        p.data.add_(1)
    before, buffers = copy.deepcopy(G.state_dict()), copy.deepcopy(dict(average.named_buffers()))
    start = copy.deepcopy(dict(average.named_parameters()))
    ema.update(average, G, 0.75)
    for name, p in average.named_parameters():
        torch.testing.assert_close(p, start[name] + 0.25)
    assert all(torch.equal(value, buffers[name]) for name, value in average.named_buffers())
    assert all(torch.equal(value, before[name]) for name, value in G.state_dict().items())


def test_refreshed_statistics_are_those_of_the_activations(G):
    z = torch.randn(64, 8)
    ema.refresh_batch_norm(G.eval(), z)
    h = G.project(z).view(-1, 4, 4, G.width)
    norm = G.first[0]
    torch.testing.assert_close(norm.running_mean, h.mean((0, 1, 2)))
    torch.testing.assert_close(norm.running_var, h.flatten(0, 2).var(0))
    # The next norm sees activations that were normalised with these very statistics.
    h = G.blocks[0][0](G.features(z, 0))
    torch.testing.assert_close(G.blocks[0][1].running_mean, h.mean((0, 2, 3)), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(G.blocks[0][1].running_var, h.transpose(0, 1).flatten(1).var(1), rtol=2e-3, atol=1e-6)


def test_statistics_over_several_batches_are_their_mean(G):
    z = torch.randn(64, 8)
    ema.refresh_batch_norm(G.eval(), z, batch_size=16)
    h = G.project(z).view(4, -1, G.width)
    torch.testing.assert_close(G.first[0].running_mean, h.mean((0, 1)))
    torch.testing.assert_close(G.first[0].running_var, h.var(1).mean(0))


def test_refreshing_forgets_earlier_statistics_and_keeps_eval_mode(G):
    z, other = torch.randn(32, 8), copy.deepcopy(G).eval()
    for module in other.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.fill_(7)
            module.running_var.fill_(99)
    ema.refresh_batch_norm(G.eval(), z)
    ema.refresh_batch_norm(other, z)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in G.state_dict().items())
    assert not any(module.training for module in other.modules())
