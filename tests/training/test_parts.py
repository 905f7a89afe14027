"""A batch in parts against the same batch whole: outputs, gradients and what batch norm keeps."""

import copy

import pytest
import torch
from torch import nn

from gan_core.config import ModelConfig
from gan_core.models import build_discriminator, build_generator
from gan_core.models.base import Dropout
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


WITH_DROPOUT = ModelConfig("dense", 16, ndf=6, dropout=0.5)


def with_dropout(norm: str) -> tuple[nn.Module, list]:
    """A discriminator, and the units it keeps at every pass."""
    torch.manual_seed(0)
    model, kept = build_discriminator(WITH_DROPOUT, norm).double(), []
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.rng = torch.Generator().manual_seed(5)
            layer.register_forward_hook(lambda _layer, _inputs, outputs: kept.append(outputs.detach() != 0))
    return model, kept


def pictures(count: int) -> torch.Tensor:
    return torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_every_pass_over_a_part_drops_the_same_units(norm):
    model, kept = with_dropout(norm)
    in_parts(model, 2, pictures(8)).sum().backward()
    for width in (24, 12, 6):
        masks = {tuple(mask.flatten().tolist()) for mask in kept if mask.shape[1] == width}
        assert len(masks) == 2, "one a part"


def test_with_dropout_gradients_are_those_of_the_units_kept():
    model, _ = with_dropout("batch")
    state = model.blocks[0][-1].rng.get_state()

    def loss(moved: nn.Module) -> torch.Tensor:
        for layer in moved.modules():
            if isinstance(layer, Dropout):
                layer.rng = torch.Generator()
                layer.rng.set_state(state)
        return in_parts(moved, 2, pictures(8)).sin().sum()

    loss(model).backward()
    ways = {name: torch.randn_like(p) for name, p in model.named_parameters()}
    expected = sum((p.grad * ways[name]).sum() for name, p in model.named_parameters())
    ends = []
    for step in (1e-7, -1e-7):
        moved = copy.deepcopy(model)
        for name, p in moved.named_parameters():
            p.data.add_(ways[name], alpha=step)
        ends.append(loss(moved).detach())
    torch.testing.assert_close((ends[0] - ends[1]) / 2e-7, expected, rtol=1e-4, atol=1e-6)


def test_the_next_batch_drops_other_units_and_the_generators_are_given_back():
    model, kept = with_dropout("batch")
    rngs = [layer.rng for layer in model.modules() if isinstance(layer, Dropout)]
    in_parts(model, 2, pictures(8)).sum().backward()
    first = {tuple(mask.flatten().tolist()) for mask in kept}
    kept.clear()
    in_parts(model, 2, pictures(8)).sum().backward()
    # The widest layer has too many units for the same choice by chance.
    assert not {mask for mask in first if len(mask) == 96} & {tuple(mask.flatten().tolist()) for mask in kept}
    assert all(a is b for a, b in zip(rngs, (m.rng for m in model.modules() if isinstance(m, Dropout)), strict=True))
