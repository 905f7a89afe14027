"""Gradient penalties against gradients known by hand, and their own gradients against finite differences."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gan_core.config import ModelConfig
from gan_core.models import build_discriminator, patches
from gan_core.training.augment import AdaptiveAugment, DiffAugment
from gan_core.training.losses import gradient_penalty, squared_norms, zero_centred_penalty

PENALTIES = [zero_centred_penalty, gradient_penalty]


def some(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def pictures(size: int, channels: int = 3, count: int = 3) -> Tensor:
    return some(count, channels, size, size).tanh()


def quadratic(matrix: Tensor, linear: Tensor, images: Tensor) -> Tensor:
    """x A x / 2 + b x for every image, whose gradient is A x + b for a symmetric A."""
    x = images.flatten(1)
    return ((x @ matrix) * x).sum(1) / 2 + x @ linear


def test_a_linear_discriminator_has_the_same_gradient_everywhere():
    images, linear = some(5, 1, 2, 2).requires_grad_(), torch.tensor([1.0, 2.0, -2.0, 4.0], dtype=torch.float64)
    logits = quadratic(torch.zeros(4, 4, dtype=torch.float64), linear, images)
    assert squared_norms(logits, images).tolist() == [25.0] * 5
    assert zero_centred_penalty(logits, images).item() == 12.5
    assert gradient_penalty(logits, images).item() == pytest.approx(16)


def test_a_quadratic_discriminator_has_its_own_gradient_at_every_image():
    images, linear, matrix = some(5, 1, 2, 2).requires_grad_(), some(4), some(4, 4)
    matrix = matrix + matrix.T
    norms = (images.detach().flatten(1) @ matrix + linear).norm(dim=1)
    logits = quadratic(matrix, linear, images)
    torch.testing.assert_close(zero_centred_penalty(logits, images), norms.square().mean() / 2)
    torch.testing.assert_close(gradient_penalty(logits, images), (norms - 1).square().mean())


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_penaltys_gradient_in_the_parameters_is_exact(penalty: Callable):
    def of(matrix: Tensor, linear: Tensor) -> Tensor:
        images = some(3, 1, 2, 2).requires_grad_()
        return penalty(quadratic(matrix + matrix.T, linear, images), images)

    assert torch.autograd.gradcheck(of, (some(4, 4).requires_grad_(), some(4).requires_grad_()))


def test_a_flat_discriminator_is_punished_without_infinite_slopes():
    images = some(2, 1, 2, 2).requires_grad_()
    linear = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(quadratic(torch.zeros(4, 4, dtype=torch.float64), linear, images), images)
    penalty.backward()
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert linear.grad.isfinite().all()


KINDS = {
    "dcgan": (ModelConfig(image_size=32, ndf=4), "none"),
    "dcgan with spectral norm": (ModelConfig(image_size=32, ndf=4), "spectral"),
    "dcgan-28": (ModelConfig("dcgan-28", 28, 1, ndf=3), "none"),
    "mlp": (ModelConfig("mlp", 16, 1, ndf=5), "none"),
    "residual": (ModelConfig("residual", 16, ndf=6), "none"),
    "residual with classes": (ModelConfig("residual", 16, ndf=6, classes=("a", "b")), "none"),
}


def discriminator(kind: str) -> nn.Module:
    config, norm = KINDS[kind]
    torch.manual_seed(0)
    D = build_discriminator(config, norm).double()
    for parameter in D.parameters():
        # New residual blocks end in zeros, through which nothing would be seen.
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    # Else every look would take spectral norm a step further.
    return D.eval()


def classes_for(D: nn.Module, count: int) -> tuple[Tensor, ...]:
    num_classes = len(D.config.classes)
    return (torch.eye(num_classes, dtype=torch.float64)[torch.arange(count) % num_classes],) if num_classes else ()


def penalised(D: nn.Module, penalty: Callable, augment: Callable | None = None) -> Tensor:
    images = pictures(D.config.image_size, D.config.channels).requires_grad_()
    logits = D(augment(images) if augment else images, *classes_for(D, len(images)))
    return penalty(logits, images)


def check_along_a_line(D: nn.Module, penalty: Callable[[nn.Module], Tensor]) -> None:
    """The gradient against the difference quotient along one direction in all parameters at once."""
    penalty(D).backward()
    # A bias of a piecewise linear network has no part in its gradient.
    used = [parameter for parameter in D.parameters() if parameter.grad is not None]
    directions = [some(*parameter.shape) for parameter in used]
    expected = sum((parameter.grad * way).sum() for parameter, way in zip(used, directions, strict=True))
    ends = []
    for step in (1e-7, -1e-7):
        moved = copy.deepcopy(D)
        for name, way in zip((name for name, p in D.named_parameters() if p.grad is not None), directions, strict=True):
            moved.get_parameter(name).data.add_(way, alpha=step)
        ends.append(penalty(moved))
    assert expected.abs() > 1e-4
    torch.testing.assert_close((ends[0] - ends[1]) / 2e-7, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_penalty_reaches_the_parameters_of_every_network(kind, penalty):
    check_along_a_line(discriminator(kind), lambda D: penalised(D, penalty))


def always(name: str) -> Callable:
    """The augmentation as it is at one moment: the same changes at every call."""
    rng = torch.Generator().manual_seed(3)
    if name == "diffaugment":
        return DiffAugment(rng)
    adaptive = AdaptiveAugment(rng, 0.6)
    adaptive.p.fill_(0.8)
    return adaptive


@pytest.mark.parametrize("kind", ["dcgan", "dcgan-28"])
@pytest.mark.parametrize("name", ["diffaugment", "ada"])
def test_a_penalty_goes_through_the_augmentations(name, kind):
    plain = penalised(discriminator(kind), zero_centred_penalty)
    assert not torch.isclose(plain, penalised(discriminator(kind), zero_centred_penalty, always(name)))
    check_along_a_line(discriminator(kind), lambda D: penalised(D, zero_centred_penalty, always(name)))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_in_bf16_a_penalty_goes_through_the_matrix_products_as_well(penalty, monkeypatch):
    taken, pays = [], patches.pays

    def gradients(precise: bool, here: Callable) -> Tensor:
        monkeypatch.setattr(patches, "pays", here)
        D = discriminator("dcgan").float()
        images = pictures(32, count=8).float().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=not precise):
            logits = D(images)
        penalty(logits, images).backward()
        return torch.cat([p.grad.flatten() for p in D.parameters() if p.grad is not None])

    ours = gradients(False, lambda images, side: taken.append(pays(images, side)) or taken[-1])
    theirs, exact = gradients(False, lambda images, side: False), gradients(True, pays)
    assert any(taken)
    assert (ours - theirs).norm() < 0.05 * exact.norm()
    assert (ours - exact).norm() < 0.1 * exact.norm()
