"""Presets, losses and what can be added to them, each trained for a moment."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch

from gan_core.config import LOSSES, PRESETS, Config
from gan_core.models.base import Dropout
from gan_core.training import losses
from gan_core.training.trainer import Trainer

CPU = torch.device("cpu")
CLASSES = ("a", "b", "c")
# Every addition meets every loss and every preset, but not every pair of both.
ADDITIONS = [
    {},
    {"d_steps": 2, "augment": "ada"},
    {"classes": CLASSES, "augment": "diffaugment"},
    {"d_norm": "spectral", "classes": CLASSES},
    {"r1_gamma": 1.0, "r2_gamma": 1.0, "d_norm": "none"},
]
COMBINED = [
    pytest.param(name, loss, ADDITIONS[(i + j) % len(ADDITIONS)], id=f"{name}-{loss}-{(i + j) % len(ADDITIONS)}")
    for (i, name), (j, loss) in itertools.product(enumerate(PRESETS), enumerate(LOSSES))
]


def small(name: str, **changes) -> Config:
    """The preset with tiny networks."""
    config = PRESETS[name]
    size = {"image_size": 32} if config.model.image_size == 64 else {}
    tiny = {"ngf": 8, "ndf": 8, "batch_size": 4, "latent_dim": 6, "precision": "fp32"}
    return config.with_options(**{**size, **tiny, **changes})


def trainer(config: Config, count: int = 20) -> Trainer:
    model, rng = config.model, np.random.default_rng(0)
    images = rng.integers(0, 256, (count, model.image_size, model.image_size, model.channels), dtype=np.uint8)
    labels = np.arange(count) % len(model.classes) if model.classes else None
    return Trainer(config, images, CPU, labels=labels)


def course(run: Trainer) -> dict:
    return {name: value for name, value in copy.deepcopy(run.state_dict()).items() if name != "seconds"}


def assert_same(a: object, b: object) -> None:
    torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize(("name", "loss", "added"), COMBINED)
def test_it_trains_finite_steps_and_resumes_bit_for_bit(name, loss, added):
    config = small(name, loss=loss, **added)
    run, resumed = trainer(config), trainer(config)
    run.step()
    resumed.load_state_dict(course(run) | {"seconds": 0.0})
    run.step(), resumed.step()
    assert_same(course(run), course(resumed))
    metrics = run.tick().metrics
    assert all(map(math.isfinite, metrics.values()))
    assert ("penalty" in metrics) == (loss == "wgan-gp" or config.train.r1_gamma > 0)
    assert ("augment_p" in metrics) == (config.train.augment == "ada")
    assert run.nimg == 2 * 4 * config.train.d_steps


@pytest.mark.parametrize("name", ["modern", "dcgan-28"])
@pytest.mark.parametrize("added", ADDITIONS[1:])
def test_in_bf16_it_trains_finite_steps_as_well(name, added):
    run = trainer(small(name, precision="bf16", **added))
    run.step(), run.step()
    assert all(map(math.isfinite, run.tick().metrics.values()))


@pytest.mark.parametrize("name", ["dcgan-28", "mlp-28", "dense-gan"])
def test_a_resumed_run_drops_the_same_units(name):
    config = small(name, dropout=0.3)
    run, resumed, other = trainer(config), trainer(config), trainer(config)
    run.step()
    for again in (resumed, other):
        again.load_state_dict(course(run) | {"seconds": 0.0})
    dropouts = [module for module in other.D.modules() if isinstance(module, Dropout)]
    assert dropouts and all(module.p == 0.3 for module in dropouts)
    for module in dropouts:
        module.rng = torch.Generator().manual_seed(99)
    for again in (run, resumed, other):
        torch.manual_seed(hash(again) % 2**31)
        again.step()
    assert_same(course(run), course(resumed))
    assert not torch.equal(run.D.score.weight, other.D.score.weight), "other units, other weights"


def test_clipping_holds_after_every_step_of_a_wasserstein_run():
    run = trainer(small("dcgan", loss="wgan", d_steps=3))
    for _ in range(2):
        run.step()
        assert all(parameter.abs().max() <= losses.WGAN_CLIP for parameter in run.D.parameters())
    assert max(parameter.abs().max() for parameter in run.G.parameters()) > losses.WGAN_CLIP


def test_the_discriminator_learns_from_every_batch_and_the_generator_from_the_last(monkeypatch):
    run = trainer(small("dcgan", d_steps=3))
    seen, steps = [], {"D": 0, "G": 0}
    run.D.register_forward_pre_hook(lambda _D, inputs: seen.append(inputs[0].detach().clone()))
    for name, optimiser in (("D", run.opt_D), ("G", run.opt_G)):
        optimiser.register_step_post_hook(lambda *_, name=name: steps.update({name: steps[name] + 1}))
    rng = run.rng.get_state()
    reals = run._real_batch().chunk(3)
    run.rng.set_state(rng)
    run.step()
    assert steps == {"D": 3, "G": 1}
    # Real and fake images for each step of D, then the last fakes again for G's.
    assert [len(images) for images in seen] == [4] * 7
    assert all(torch.equal(real, images) for real, images in zip(reals, seen[0:6:2], strict=True))
    assert torch.equal(seen[5], seen[6]) and not torch.equal(seen[1], seen[3])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"r1_gamma": 3.0}, ("real", 3.0, losses.zero_centred_penalty)),
        ({"r2_gamma": 2.0}, ("fake", 2.0, losses.zero_centred_penalty)),
        ({"loss": "wgan-gp"}, ("between", 10.0, losses.gradient_penalty)),
    ],
)
def test_a_penalty_is_taken_at_its_own_images_and_with_its_weight(changes, expected):
    run = trainer(small("dcgan", flip=False, **changes))
    where, weight, penalty = expected
    rng = run.rng.get_state()
    real, z = run._real_batch(), run.inputs.noise(4, run.rng)
    share = torch.rand(4, generator=run.rng)
    run.rng.set_state(rng)
    fake, D = copy.deepcopy(run.G)(z).detach(), copy.deepcopy(run.D)
    images = {"real": real, "fake": fake, "between": losses.between(real, fake, share)}[where].requires_grad_()
    by_hand = weight * penalty(D(images), images)
    run.step()
    assert by_hand > 0
    assert run.tick().metrics["penalty"] == pytest.approx(by_hand.item(), rel=1e-4)


def test_with_ada_the_probability_rises_while_d_is_sure_and_is_part_of_the_state():
    config = small("dcgan", augment="ada")
    run, resumed = trainer(config), trainer(config)
    run.D.score.bias.data.fill_(100)
    run.learn.augment.certainty.fill_(1)
    for _ in range(3):
        run.step()
    assert run.tick().metrics["augment_p"] == pytest.approx(3 * 4 / 500_000, rel=1e-3)
    resumed.load_state_dict(run.state_dict())
    assert torch.equal(resumed.learn.augment.p, run.learn.augment.p)
    assert torch.equal(resumed.learn.augment.certainty, run.learn.augment.certainty)


def test_a_run_that_begins_to_augment_late_goes_on_from_its_state():
    run, changed = trainer(small("dcgan")), trainer(small("dcgan", augment="ada"))
    run.step()
    changed.load_state_dict(run.state_dict())
    changed.step()
    assert changed.learn.augment.p.item() == 0


@pytest.mark.parametrize("name", ["diffaugment", "ada"])
def test_d_sees_only_changed_images_and_samples_are_not_changed(name):
    plain, run = trainer(small("dcgan", flip=False)), trainer(small("dcgan", flip=False, augment=name))
    if name == "ada":
        run.learn.augment.p.fill_(0.8)
    seen = {}
    for which, one in (("plain", plain), ("changed", run)):
        one.D.register_forward_pre_hook(lambda _D, inputs, which=which: seen.setdefault(which, []).append(inputs[0]))
        one.step()
    assert len(seen["changed"]) == 3
    assert (seen["plain"][0] != seen["changed"][0]).flatten(1).any(1).all()
    assert not torch.equal(seen["changed"][1], seen["changed"][2]), "G's step changes the fakes anew"
    np.testing.assert_array_equal(trainer(small("dcgan")).sample(), trainer(small("dcgan", augment=name)).sample())
