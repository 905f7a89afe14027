import pytest
import torch
from torch import nn
from torch.nn.functional import leaky_relu, relu

from gan_core.config import ModelConfig
from gan_core.models import Discriminator, build_discriminator
from gan_core.paper.guided import GuidedRectifiers, guided_backprop
from gan_core.paper.layers import activations, stages


class Chain(Discriminator):
    """Two pixels, two hidden units and one feature, with weights that a person can follow."""

    def __init__(self):
        super().__init__(ModelConfig(image_size=16))
        self.blocks = nn.Sequential(
            nn.Sequential(nn.Linear(2, 3, bias=False), nn.LeakyReLU(0.2, inplace=True)),
            nn.Sequential(nn.Linear(3, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)),
        )
        self.blocks[0][0].weight.data = torch.tensor([[1.0, 0.0], [0.0, -1.0], [0.0, 3.0]])
        self.blocks[1][0].weight.data = torch.tensor([[2.0, 5.0, -1.0]])

    def features(self, images):
        return self.blocks(images.flatten(1))


def test_only_what_is_positive_goes_back_and_only_where_the_input_was():
    # At (4, 1) the hidden units see 4, -1 and 3. The feature is 2 * 4 + 5 * (-0.2) - 3 = 4, which is positive. Back go
    # 2 to the first unit, 5 to the second, which was negative, and -1 to the third, which is negative itself.
    images = torch.tensor([4.0, 1.0]).view(1, 1, 1, 2)
    grad = guided_backprop(Chain(), images, 1, torch.tensor([0]))
    assert grad.flatten().tolist() == [2.0, 0.0]


def test_a_negative_answer_sends_nothing_back():
    images = torch.tensor([-4.0, 0.0]).view(1, 1, 1, 2)
    assert guided_backprop(Chain(), images, 1, torch.tensor([0])).abs().sum() == 0


def test_it_is_the_plain_gradient_where_everything_is_positive():
    D = Chain()
    for block in D.blocks:
        block[0].weight.data.abs_()
    images = torch.tensor([4.0, 1.0]).view(1, 1, 1, 2)
    plain = images.clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(D.features(plain).sum(), plain)
    assert torch.equal(guided_backprop(D, images, 1, torch.tensor([0])), expected)


@pytest.mark.parametrize("rectify", [relu, leaky_relu, nn.ReLU(), nn.LeakyReLU(0.2), nn.LeakyReLU(0.3, inplace=True)])
def test_answers_are_those_without_it(rectify):
    values = torch.linspace(-2, 2, 9)
    with GuidedRectifiers():
        found = rectify(values.clone())
    assert torch.equal(found, rectify(values.clone()))


def test_every_architecture_has_stages_that_gradients_come_back_from():
    for architecture, size, channels in [("dcgan", 32, 3), ("dcgan-28", 28, 1), ("mlp", 28, 1), ("residual", 32, 3)]:
        D = build_discriminator(ModelConfig(architecture, size, channels, ndf=8)).eval()
        images = torch.randn(4, channels, size, size, generator=torch.Generator().manual_seed(0))
        maps = activations(D, images)
        assert len(maps) == len(stages(D)) and all(len(each) == 4 for each in maps)
        grad = guided_backprop(D, images, len(maps) - 1, torch.arange(4))
        assert grad.shape == images.shape and grad.abs().sum() > 0
