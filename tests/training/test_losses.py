import numpy as np
import pytest
import torch

from gan_core.training import losses

LOGITS = [-1000.0, -30.0, -1.5, 0.0, 0.2, 30.0, 1000.0]


def minus_log_sigmoid(logits: list[float]) -> float:
    return np.logaddexp(0, -np.array(logits, np.float64)).mean()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_losses_are_those_of_goodfellow_at_any_logit(dtype):
    real = torch.tensor(LOGITS, dtype=dtype)
    fake = real.flip(0) * 0.5
    exact_real, exact_fake = real.double().tolist(), fake.double().tolist()
    against_D = minus_log_sigmoid(exact_real) + minus_log_sigmoid([-x for x in exact_fake])
    assert losses.discriminator_bce(real, fake).item() == pytest.approx(against_D, rel=1e-6)
    assert losses.generator_bce(None, fake).item() == pytest.approx(minus_log_sigmoid(exact_fake), rel=1e-6)


def test_an_undecided_discriminator_costs_two_bits():
    zero = torch.zeros(4)
    assert losses.discriminator_bce(zero, zero).item() == pytest.approx(2 * np.log(2))


@pytest.mark.parametrize(("logit", "slope"), [(-1000.0, -1.0), (0.0, -0.5), (1000.0, 0.0)])
def test_the_generator_learns_most_where_it_is_caught(logit, slope):
    fake = torch.tensor([logit], requires_grad=True)
    losses.generator_bce(None, fake).backward()
    assert fake.grad.item() == pytest.approx(slope)


def test_the_discriminator_raises_real_and_lowers_fake_logits():
    real, fake = torch.zeros(2, requires_grad=True), torch.zeros(4, requires_grad=True)
    losses.discriminator_bce(real, fake).backward()
    assert real.grad.tolist() == [-0.25] * 2
    assert fake.grad.tolist() == [0.125] * 4
