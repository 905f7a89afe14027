import pytest
import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import build_discriminator, build_generator


def model_config(**changes) -> ModelConfig:
    return ModelConfig(**{"image_size": 32, "ngf": 4, "ndf": 4, "latent_dim": 8, **changes})


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("image_size", [32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_z_becomes_images_and_images_become_logits(image_size, channels):
    config = model_config(image_size=image_size, channels=channels)
    images = build_generator(config)(torch.randn(5, 8))
    assert images.shape == (5, channels, image_size, image_size)
    assert build_discriminator(config)(images).shape == (5,)


@pytest.mark.parametrize("model", [build_generator, build_discriminator])
def test_the_pair_for_64_px_has_the_parameters_of_the_paper(model):
    def batch_norm(channels):
        return 2 * channels

    by_hand = {
        build_generator: 100 * 512 * 16
        + batch_norm(512)
        + 512 * 256 * 16
        + batch_norm(256)
        + 256 * 128 * 16
        + batch_norm(128)
        + 128 * 64 * 16
        + batch_norm(64)
        + (64 * 3 * 16 + 3),
        build_discriminator: (3 * 64 * 16 + 64)
        + 64 * 128 * 16
        + batch_norm(128)
        + 128 * 256 * 16
        + batch_norm(256)
        + 256 * 512 * 16
        + batch_norm(512)
        + (512 * 16 + 1),
    }
    assert sum(p.numel() for p in model(ModelConfig()).parameters()) == by_hand[model]


@pytest.mark.parametrize(
    ("image_size", "channels"), [(32, [16, 8, 4]), (64, [32, 16, 8, 4]), (128, [32, 32, 16, 8, 4])]
)
def test_channels_double_at_each_smaller_size_up_to_eight_times(image_size, channels):
    config = model_config(image_size=image_size)
    in_G = [
        layer.weight.shape[0] for layer in build_generator(config).modules() if isinstance(layer, nn.ConvTranspose2d)
    ]
    in_D = [layer.weight.shape[0] for layer in build_discriminator(config).modules() if isinstance(layer, nn.Conv2d)]
    assert in_G == channels
    assert in_D == channels[::-1]


@pytest.mark.parametrize("training", [True, False])
def test_the_projection_is_the_papers_transposed_convolution(training):
    G = build_generator(model_config()).double().train(training)
    conv = nn.ConvTranspose2d(8, 16, 4, 1, 0, bias=False).double()
    conv.weight.data = G.project.weight.data.view(4, 4, 16, 8).permute(3, 2, 0, 1).clone()
    z = torch.randn(6, 8, dtype=torch.float64)
    expected = torch.tanh(G.to_image(nn.Sequential(*G.blocks)(G.first(conv(z[:, :, None, None])))))
    torch.testing.assert_close(G(z), expected, rtol=0, atol=1e-12)


def test_the_score_is_the_papers_last_convolution():
    D = build_discriminator(model_config()).double()
    conv = nn.Conv2d(16, 1, 4, 1, 0).double()
    conv.weight.data = D.score.weight.data.view(1, 4, 4, 16).permute(0, 3, 1, 2).clone()
    conv.bias.data = D.score.bias.data.fill_(0.3).clone()
    images = torch.rand(6, 3, 32, 32, dtype=torch.float64) * 2 - 1
    expected = conv(D.blocks(D.from_image(images))).flatten()
    assert expected.std() > 1e-3
    torch.testing.assert_close(D(images), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", [build_generator, build_discriminator])
def test_weights_start_as_the_paper_says(model):
    G_or_D = model(ModelConfig())
    for module in G_or_D.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            check_normal(module.weight, 0.0)
            assert module.bias is None or not module.bias.any()
        elif isinstance(module, nn.BatchNorm2d):
            check_normal(module.weight, 1.0)
            assert not module.bias.any()


def check_normal(weight: torch.Tensor, mean: float) -> None:
    """Mean and deviation within five standard errors of N(mean, 0.02)."""
    error = 0.02 / weight.numel() ** 0.5
    assert abs(weight.mean().item() - mean) < 5 * error
    assert abs(weight.std().item() - 0.02) < 5 * error / 2**0.5


def test_images_stay_within_minus_one_and_one_and_use_that_range():
    G = build_generator(model_config())
    G.to_image.weight.data.mul_(1000)
    images = G(torch.randn(8, 8))
    assert images.abs().max() <= 1
    assert images.min() < -0.99
    assert images.max() > 0.99


def test_features_are_the_stages_of_the_same_forward_pass():
    G = build_generator(model_config()).eval()
    z = torch.randn(2, 8)
    shapes = [tuple(G.features(z, depth).shape) for depth in range(3)]
    assert shapes == [(2, 16, 4, 4), (2, 8, 8, 8), (2, 4, 16, 16)]
    torch.testing.assert_close(G(z), G.to_image(G.features(z, 2)).tanh())


def test_one_image_does_not_depend_on_the_others_in_eval_mode():
    config, z = model_config(), torch.randn(4, 8)
    G, D = build_generator(config).eval(), build_discriminator(config).eval()
    torch.testing.assert_close(G(z)[:1], G(z[:1]))
    torch.testing.assert_close(D(G(z))[:1], D(G(z[:1])))
