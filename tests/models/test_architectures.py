"""What every pair of networks promises, whatever its architecture."""

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from gan_core.config import ARCHITECTURES, IMAGE_SIZES, ModelConfig
from gan_core.models import build_discriminator, build_generator, residual
from gan_core.models.base import Dropout

SIZES = [(name, size) for name, sizes in ARCHITECTURES.items() for size in sizes]
REFUSED = [(name, size) for name, sizes in ARCHITECTURES.items() for size in IMAGE_SIZES if size not in sizes]
# At 64 px where the architecture can.
LARGE = [(name, min(sizes[-1], 64)) for name, sizes in ARCHITECTURES.items()]
NORMS = [
    (name, norm)
    for name in ARCHITECTURES
    for norm in ("batch", "spectral", "none")
    if (name, norm) != ("residual", "batch")
]


def model(architecture: str, size: int | None = None, **changes) -> ModelConfig:
    size = size or ARCHITECTURES[architecture][0]
    return ModelConfig(architecture, size, **{"ngf": 4, "ndf": 4, "latent_dim": 6, **changes})


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("architecture", "size"), SIZES)
def test_z_becomes_images_in_range_and_images_become_logits(architecture, size, channels):
    config = model(architecture, size, channels=channels, ngf=2, ndf=2)
    images = build_generator(config)(3 * torch.randn(2, 6))
    assert images.shape == (2, channels, size, size)
    assert images.abs().max() <= 1 and images.std() > 0
    assert build_discriminator(config)(images).shape == (2,)


@pytest.mark.parametrize(("architecture", "size"), REFUSED)
def test_other_sizes_are_refused_with_those_there_are(architecture, size):
    with pytest.raises(ValueError, match=rf"{architecture} makes images of .*{ARCHITECTURES[architecture][0]}.* px"):
        ModelConfig(architecture, size)


@pytest.mark.parametrize(("architecture", "norm"), NORMS)
def test_batch_norm_is_in_the_discriminator_only_where_it_is_asked_for(architecture, norm):
    D = build_discriminator(model(architecture), norm)
    assert any(isinstance(module, _BatchNorm) for module in D.modules()) == (norm == "batch")
    images = pictures(D, 4)
    alone, together = D(images[:2]), D(images)[:2]
    # Spectral norm goes on with every look, by less than batch norm mixes images.
    assert torch.allclose(alone, together, rtol=0.02, atol=1e-5) == (norm != "batch")


def pictures(D: nn.Module, count: int) -> torch.Tensor:
    """Smooth ones, as photographs are."""
    coarse = torch.rand(count, D.config.channels, 4, 4) * 2 - 1
    return nn.functional.interpolate(coarse, size=D.config.image_size, mode="bilinear", align_corners=False)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_spectral_norm_gives_every_layer_a_largest_singular_value_of_1(architecture):
    D = build_discriminator(model(architecture, ndf=8), "spectral")
    with torch.no_grad():
        for module in D.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.parametrizations.weight.original.mul_(30)
        for _ in range(60):
            D(pictures(D, 2))
    D.eval()
    layers = [module for module in D.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    assert len(layers) >= 3
    for layer in layers:
        assert torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("size", [16, 64])
def test_a_new_residual_block_is_the_identity(size):
    h = torch.randn(2, 16, size, size)
    for net in (build_generator(model("residual", ngf=16)), build_discriminator(model("residual", ndf=16))):
        blocks = [module for module in net.modules() if isinstance(module, residual.Block)]
        assert len(blocks) == 2
        block = next(block for block in blocks if block.narrow.in_channels == 16)
        assert torch.equal(block(h), h)


def test_with_spectral_norm_no_residual_block_starts_with_zeros():
    D = build_discriminator(model("residual"), "spectral")
    assert all(module.widen.weight.any() for module in D.modules() if isinstance(module, residual.Block))


def test_residual_blocks_learn_from_their_first_step():
    D = build_discriminator(model("residual"))
    D(pictures(D, 2)).sum().backward()
    assert all(module.widen.weight.grad.any() for module in D.modules() if isinstance(module, residual.Block))


@pytest.mark.parametrize("ngf", [16, 64])
@pytest.mark.parametrize(("architecture", "size"), LARGE)
def test_activations_of_a_new_generator_neither_vanish_nor_explode(architecture, size, ngf):
    G = build_generator(model(architecture, size, ngf=ngf, latent_dim=64))
    z = torch.randn(16, 64)
    for depth in range(len(G.blocks) + 1):
        assert 0.3 < G.features(z, depth).std() < 3
    images = G(z)
    assert images.std() > 0.05
    assert (images.abs() > 0.95).double().mean() < 0.35, "where tanh is flat, nothing is learned"


@pytest.mark.parametrize(("architecture", "norm"), [pair for pair in NORMS if pair[1] != "spectral"])
def test_activations_of_a_new_discriminator_neither_vanish_nor_explode(architecture, norm):
    D = build_discriminator(model(architecture, dict(LARGE)[architecture], ndf=16), norm)
    images = pictures(D, 16)
    assert 0.1 < D.features(images).std() < 5
    assert 0.05 < D(images).std() < 5


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_features_are_the_stages_of_the_same_forward_pass(architecture):
    G, z = build_generator(model(architecture)).eval(), torch.randn(3, 6)
    for depth, block in enumerate(G.blocks):
        torch.testing.assert_close(block(G.features(z, depth)), G.features(z, depth + 1))
    last = G.to_image(G.features(z, len(G.blocks))).tanh()
    if architecture in ("mlp", "dense"):
        last = last.view(3, 16, 16, 3).permute(0, 3, 1, 2)
    torch.testing.assert_close(G(z), last)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_image_does_not_depend_on_the_others_in_eval_mode(architecture):
    config, z = model(architecture), torch.randn(4, 6)
    G, D = build_generator(config).eval(), build_discriminator(config).eval()
    torch.testing.assert_close(G(z)[:1], G(z[:1]))
    torch.testing.assert_close(D(G(z))[:1], D(G(z[:1])))


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def dense(units_in: int, units_out: int) -> int:
    return (units_in + 1) * units_out


def test_the_fully_connected_pair_for_digits_has_the_parameters_of_its_tutorial():
    config = ModelConfig("mlp", 28, 1, ngf=256, ndf=256)
    assert count(build_generator(config)) == dense(100, 256) + dense(256, 512) + dense(512, 1024) + dense(1024, 784)
    by_hand = dense(784, 1024) + dense(1024, 512) + dense(512, 256) + dense(256, 1)
    assert count(build_discriminator(config)) == by_hand


def test_batch_norm_is_all_that_dense_adds():
    pairs = [ModelConfig(name, 28, 1, ngf=256) for name in ("mlp", "dense")]
    mlp, dense_ = map(build_generator, pairs)
    assert count(dense_) - count(mlp) == 2 * (256 + 512 + 1024)


def test_the_convolutional_pair_for_digits_has_the_parameters_of_its_tutorial():
    config = ModelConfig("dcgan-28", 28, 1)
    in_G = 100 * 7 * 7 * 256 + 2 * 256 + 256 * 128 * 25 + 2 * 128 + 128 * 64 * 25 + 2 * 64 + (64 * 25 + 1)
    assert count(build_generator(config)) == in_G
    assert count(build_discriminator(config)) == (25 * 64 + 64) + (64 * 128 * 25 + 128) + dense(7 * 7 * 128, 1)
    assert build_generator(config).features(torch.randn(2, 100), 0).shape == (2, 256, 7, 7)


@pytest.mark.parametrize("architecture", ["dcgan-28", "mlp", "dense"])
def test_dropout_is_in_the_discriminator_only_and_off_in_eval_mode(architecture):
    config = model(architecture, dropout=0.5)
    G, D = build_generator(config), build_discriminator(config)
    assert not any(module.p for module in G.modules() if isinstance(module, Dropout))
    assert all(module.p == 0.5 for module in D.modules() if isinstance(module, Dropout))
    images = pictures(D, 3)
    assert not torch.equal(D(images), D(images))
    D.eval()
    plain = build_discriminator(model(architecture))
    plain.load_state_dict(D.state_dict())
    assert torch.equal(D(images), D(images)) and torch.equal(D(images), plain.eval()(images))


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer = Dropout(0.3)
    layer.rng = torch.Generator().manual_seed(0)
    dropped = layer(torch.ones(100, 100))
    assert (dropped == 0).double().mean().item() == pytest.approx(0.3, abs=0.03)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])


def test_the_generators_state_decides_which_units_are_dropped():
    layer = Dropout(0.5)
    layer.rng = torch.Generator().manual_seed(0)
    state, h = layer.rng.get_state(), torch.ones(8, 32)
    before = torch.get_rng_state()
    first, second = layer(h), layer(h)
    layer.rng.set_state(state)
    assert torch.equal(layer(h), first) and not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


CLASSES = ("cat", "dog", "owl")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_pictures_depend_on_the_class_and_so_do_opinions(architecture):
    config = model(architecture, classes=CLASSES)
    G, D = build_generator(config).eval(), build_discriminator(config, "none").eval()
    z, classes = torch.randn(1, 6).expand(3, -1), torch.eye(3)
    images = G(torch.cat([z, classes], 1))
    same = images[:1].expand_as(images)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert not torch.allclose(images[i], images[j], atol=1e-4)
        assert not torch.allclose(D(same, classes)[i], D(same, classes)[j], atol=1e-5)


def test_a_class_adds_the_projection_of_the_features_on_its_own_vector():
    D = build_discriminator(model("mlp", classes=CLASSES)).eval()
    images, classes = pictures(D, 3), torch.eye(3)[[2, 0, 0]]
    features = D.features(images)
    expected = D.score(features)[:, 0] + (features * D.of_class[[2, 0, 0]]).sum(1)
    torch.testing.assert_close(D(images, classes), expected)


def test_a_blend_of_classes_is_seen_as_the_blend_of_their_vectors():
    G = build_generator(model("mlp", classes=CLASSES))
    z, weights = torch.randn(2, 6), torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]])
    inner = G.inner(torch.cat([z, weights], 1))
    torch.testing.assert_close(inner[:, :6], z)
    torch.testing.assert_close(inner[:, 6:], torch.stack([0.25 * G.embed[0] + 0.75 * G.embed[1], G.embed[2]]))
