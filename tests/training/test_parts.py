"""A batch in parts against the same batch whole: outputs, gradients and what batch norm keeps."""

import copy

import pytest
import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import build_discriminator, build_generator
from gan_core.training.parts import in_parts

MODEL = ModelConfig(image_size=32, ngf=4, ndf=4, latent_dim=8)
NETS = {"G": lambda: build_generator(MODEL), "D": lambda: build_discriminator(MODEL)}


def some(name: str, count: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    rng = torch.Generator().manual_seed(count)
    shape = (count, 8) if name == "G" else (count, 3, 32, 32)
    return torch.randn(shape, generator=rng).to(dtype)


def net(name: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    torch.manual_seed(0)
    return NETS[name]().to(dtype)


def trained(model: nn.Module, inputs: torch.Tensor, num_parts: int) -> dict[str, torch.Tensor]:
    """Everything that one forward and one backward pass leave behind."""
    model, inputs = copy.deepcopy(model), inputs.clone().requires_grad_()
    outputs = in_parts(model, num_parts, inputs)
    # A loss in which every image matters and no gradient vanishes.
    weights = torch.linspace(-1, 2, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    (weights * outputs.sin()).sum().backward()
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    return {"outputs": outputs.detach(), "inputs": inputs.grad, **grads, **dict(model.named_buffers())}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize(("count", "num_parts"), [(8, 2), (13, 4), (5, 8), (6, 1)])
def test_parts_give_what_the_whole_gives(name, count, num_parts):
    model, inputs = net(name), some(name, count)
    whole, parts = trained(model, inputs, 1), trained(model, inputs, num_parts)
    assert whole.keys() == parts.keys()
    for key, value in whole.items():
        torch.testing.assert_close(parts[key], value, rtol=1e-9, atol=1e-12, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.parametrize("name", NETS)
def test_statistics_of_every_part_alone_would_be_something_else(name):
    model, inputs = net(name), some(name, 8)
    alone = torch.cat([copy.deepcopy(model)(part) for part in inputs.chunk(4)])
    assert (alone - trained(model, inputs, 4)["outputs"]).abs().max() > 1e-3


def test_autocast_is_the_same_in_both_passes():
    model, inputs = net("D", torch.float32), some("D", 8, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        whole = trained(model, inputs, 1)
    model_ = copy.deepcopy(model)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = in_parts(model_, 4, inputs)
    assert outputs.dtype == whole["outputs"].dtype == torch.bfloat16
    # As in a training, backward comes after the autocast block.
    (torch.linspace(-1, 2, 8).bfloat16() * outputs.sin()).sum().backward()
    grad = model_.blocks[0][0].weight.grad
    difference = (grad - whole["blocks.0.0.weight"]).norm() / grad.norm()
    assert difference < 0.05


def test_frozen_parameters_get_no_gradient_and_inputs_still_do():
    model, inputs = net("D").requires_grad_(False), some("D", 6).requires_grad_()
    in_parts(model, 3, inputs).sum().backward()
    assert inputs.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradients_add_up_over_two_batches_as_they_do_for_whole_ones():
    whole, parts = net("D"), net("D")
    for model, num_parts in ((whole, 1), (parts, 2)):
        (in_parts(model, num_parts, some("D", 4)).sum() - in_parts(model, num_parts, some("D", 6)).sum()).backward()
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-9, atol=1e-12)


def test_the_network_is_as_before_afterwards():
    model = net("D")
    in_parts(model, 2, some("D", 4)).sum().backward()
    assert not any("forward" in vars(module) for module in model.modules())
    model(some("D", 4)).sum().backward()


def test_without_gradients_the_network_is_simply_called():
    model = net("G")
    with torch.no_grad():
        assert torch.equal(in_parts(copy.deepcopy(model), 3, some("G", 6)), model(some("G", 6)))


def test_no_layer_ever_sees_more_than_a_part():
    model, seen = net("D"), []
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(lambda _layer, inputs, _outputs: seen.append(len(inputs[0])))
    in_parts(model, 4, some("D", 16)).sum().backward()
    assert max(seen) == 4
