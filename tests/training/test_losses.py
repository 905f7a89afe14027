import itertools

import numpy as np
import pytest
import torch

from gan_core import config
from gan_core.config import TrainConfig
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


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def wasserstein(real: np.ndarray, fake: np.ndarray) -> float:
    return fake.mean() - real.mean()


def minus_mean(_real: np.ndarray, fake: np.ndarray) -> float:
    return -fake.mean()


def cross_entropy(real: np.ndarray, fake: np.ndarray) -> float:
    return softplus(-real).mean() + softplus(fake).mean()


CLOSED_FORMS = {
    "bce": (cross_entropy, lambda r, f: softplus(-f).mean()),
    "saturating": (cross_entropy, lambda r, f: -softplus(f).mean()),
    "hinge": (lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(), minus_mean),
    "least-squares": (lambda r, f: ((r - 1) ** 2 + f**2).mean() / 2, lambda r, f: ((f - 1) ** 2).mean() / 2),
    "wgan": (wasserstein, minus_mean),
    "wgan-gp": (wasserstein, minus_mean),
    "relativistic": (lambda r, f: softplus(f - r).mean(), lambda r, f: softplus(r - f).mean()),
}


def test_every_loss_that_a_config_knows_is_there_and_checked_here():
    assert set(losses.LOSSES) == set(CLOSED_FORMS) == set(config.LOSSES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_every_loss_is_its_closed_form_at_any_logit_with_means_in_fp32(name, dtype):
    real = torch.tensor([*LOGITS, 2.0], dtype=dtype)
    fake = torch.tensor([500.0, -1000.0, 0.7, -0.3, 30.0, -30.0, 1.5, 0.0], dtype=dtype)
    loss, exact = losses.LOSSES[name], (real.double().numpy(), fake.double().numpy())
    for side, closed_form in zip((loss.discriminator, loss.generator), CLOSED_FORMS[name], strict=True):
        found = side(real, fake)
        assert found.dtype == torch.float32 and found.shape == ()
        assert found.item() == pytest.approx(closed_form(*exact), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_both_sides_pull_at_the_logits_in_their_own_direction(name):
    real, fake = torch.full((4,), 0.3, requires_grad=True), torch.full((4,), 0.4, requires_grad=True)
    losses.LOSSES[name].discriminator(real, fake).backward()
    assert (real.grad < 0).all() and (fake.grad > 0).all()
    fake.grad = None
    losses.LOSSES[name].generator(real.detach(), fake).backward()
    assert (fake.grad < 0).all()


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_gradients_stay_finite_where_logits_are_huge(name):
    for side in (losses.LOSSES[name].discriminator, losses.LOSSES[name].generator):
        real, fake = (torch.tensor([-3e4, 3e4, -3e4], requires_grad=True) for _ in range(2))
        side(real, fake.flip(0)).backward()
        assert all(x.grad is None or x.grad.isfinite().all() for x in (real, fake))


def test_the_minimax_generator_learns_nothing_where_it_is_caught():
    fake = torch.tensor([-30.0, 0.0, 30.0], requires_grad=True)
    losses.generator_saturating(None, fake).backward()
    assert (3 * fake.grad).tolist() == pytest.approx([0, -0.5, -1], abs=1e-9)


def test_a_relativistic_loss_sees_the_differences_of_pairs_only():
    real, fake = torch.tensor([0.5, -2.0, 1.0]), torch.tensor([1.5, 0.0, -1.0])
    loss = losses.LOSSES["relativistic"]
    torch.testing.assert_close(loss.discriminator(real + 5, fake + 5), loss.discriminator(real, fake))
    assert loss.discriminator(real, fake.flip(0)) != loss.discriminator(real, fake)
    assert loss.generator(real, fake) == loss.discriminator(fake, real)
    assert loss.discriminator(real, real).item() == pytest.approx(np.log(2))


def slope(loss: losses.Loss, real: float, fake: float) -> tuple[float, float]:
    """The slopes of D's loss at one real and one fake logit."""
    logits = [torch.tensor([x], dtype=torch.float64, requires_grad=True) for x in (real, fake)]
    loss.discriminator(*logits).backward()
    return logits[0].grad.item(), logits[1].grad.item()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("name", config.SMOOTHABLE)
def test_smoothing_moves_the_best_answer_to_a_real_image_only(name, smoothing):
    loss, target = losses.of(TrainConfig(loss=name, label_smoothing=smoothing)), 1 - smoothing
    of_entropy = np.log(target / smoothing) if smoothing else 50.0
    best = target if name == "least-squares" else of_entropy
    assert slope(loss, best, 0.7)[0] == pytest.approx(0, abs=1e-9)
    assert slope(loss, best - 0.1, 0.7)[0] < 0
    assert slope(loss, 0.0, 0.7)[1] == pytest.approx(slope(losses.LOSSES[name], 0.0, 0.7)[1])
    assert loss.generator is losses.LOSSES[name].generator


@pytest.mark.parametrize(
    ("name", "smoothing"), [("hinge", 0.0), *itertools.product(config.SMOOTHABLE, [0.0, 0.1, 0.4])]
)
def test_the_midpoint_is_the_best_answer_to_an_image_as_often_real_as_fake(name, smoothing):
    loss = losses.of(TrainConfig(loss=name, label_smoothing=smoothing))
    assert sum(slope(loss, loss.midpoint, loss.midpoint)) == pytest.approx(0, abs=1e-9)


def test_opinions_are_one_half_at_the_midpoint_and_lie_between_fake_and_real():
    flat = torch.full((3,), 0.5)
    assert [x.item() for x in losses.verdicts(flat, flat, 0.5)] == [0.5, 0.5]
    sure = losses.verdicts(torch.tensor([50.0, 60.0]), torch.tensor([-50.0, 50.0]), 0.0)
    assert [x.item() for x in sure] == pytest.approx([1.0, 0.5])
    # Without a midpoint only the distance counts: both batches are as far from the middle.
    real, fake = losses.verdicts(torch.tensor([1002.0]), torch.tensor([1000.0]), None)
    assert real.item() == pytest.approx(1 / (1 + np.exp(-1))) and fake.item() == pytest.approx(1 - real.item())


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("bce", [1, -1, 0, 1]),
        ("hinge", [1, -1, 0, 1]),
        ("least-squares", [1, -1, -1, -1]),
        ("relativistic", [1, 1, -1, -1]),
        ("wgan", [1, 1, -1, -1]),
    ],
)
def test_certainty_counts_the_reals_taken_for_real(name, signs):
    real, fake = torch.tensor([2.0, -1.0, 0.0, 0.4]), torch.tensor([1.0, -3.0, 1.0, 9.0])
    assert losses.certainty(real, fake, losses.LOSSES[name]).tolist() == signs


def test_accuracies_are_shares_on_the_right_side_of_the_midpoint():
    logits = {
        "fake": torch.tensor([-1.0, -2.0, 0.1, 0.7]),
        "train": torch.tensor([1.0, 2.0, 3.0, 0.3]),
        "held_out": torch.tensor([-1.0, 0.6]),
    }
    assert losses.accuracies(logits, losses.LOSSES["bce"]) == {"fake": 0.5, "train": 1.0, "held_out": 0.5}
    assert losses.accuracies(logits, losses.LOSSES["least-squares"]) == {"fake": 0.75, "train": 0.75, "held_out": 0.5}


def test_accuracies_of_a_loss_without_a_midpoint_are_measured_from_the_middle_of_both_batches():
    logits = {
        "fake": torch.tensor([10.0, 12.0, 14.0, 20.0]),
        "train": torch.tensor([16.0, 20.0, 24.0, 28.0]),
        "held_out": torch.tensor([12.0, 17.0, 19.0, 30.0]),
    }
    found = losses.accuracies(logits, losses.LOSSES["relativistic"])
    assert found == {"fake": 0.75, "train": 0.75, "held_out": 0.5}
    assert losses.accuracies({"fake": logits["fake"]}, losses.LOSSES["wgan"]) == {}


def test_clipping_keeps_every_parameter_within_a_hundredth():
    D = torch.nn.Linear(50, 50)
    small = D.weight.detach().clone().clamp(-0.01, 0.01)
    losses.clip(D)
    torch.testing.assert_close(D.weight.detach(), small, rtol=0, atol=0)
    assert D.bias.abs().max() <= 0.01


def test_images_between_lie_on_the_line_from_fake_to_real():
    real, fake = torch.ones(3, 1, 2, 2, dtype=torch.float64), torch.full((3, 1, 2, 2), -1.0, dtype=torch.float64)
    images = losses.between(real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert images.dtype == torch.float64
    assert images.amin((1, 2, 3)).tolist() == images.amax((1, 2, 3)).tolist() == [-1.0, -0.5, 1.0]
