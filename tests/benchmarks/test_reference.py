from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from benchmarks.reference import Reference, carry_over, discriminator, generator, loader, train
from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.models import build_discriminator, build_generator
from gan_core.training.trainer import Trainer

CPU = torch.device("cpu")
LOSSES = ("loss/D", "loss/G")


@pytest.fixture
def config() -> Config:
    model = ModelConfig(image_size=32, ngf=8, ndf=8, latent_dim=16)
    return Config(model=model, train=TrainConfig(batch_size=8, precision="fp32"))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


def changed(config: Config, **train) -> Config:
    return replace(config, train=replace(config.train, **train))


def randomised(net: nn.Module) -> nn.Module:
    """In float64, with no weight at zero or one: a bias that is left behind would show."""
    for parameter in net.double().parameters():
        nn.init.normal_(parameter, 0.1, 0.2)
    return net


def same_start(trainer: Trainer, config: Config) -> Reference:
    reference = Reference(config, CPU, trainer.dtype)
    carry_over(trainer.G, reference.G)
    carry_over(trainer.D, reference.D)
    return reference


def recorded(trainer: Trainer, monkeypatch) -> list[torch.Tensor]:
    """What the trainer is going to feed its networks: real, z, real, z, ..."""
    fed = []
    for place, name in ((trainer, "_real_batch"), (trainer.inputs, "noise")):
        draw = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *args, draw=draw: fed.append(draw(*args)) or fed[-1])
    return fed


def both_courses(config: Config, images: np.ndarray, monkeypatch, steps: int, **other) -> tuple[np.ndarray, np.ndarray]:
    """Losses of the trainer and, with the `other` settings, of the reference on the same numbers, [steps, 2]."""
    trainer = Trainer(config, images, CPU, torch.float64)
    reference, fed = same_start(trainer, changed(config, **other)), recorded(trainer, monkeypatch)
    # The average learns nothing from its statistics, and measuring them takes longest.
    monkeypatch.setattr(trainer, "refresh_ema", lambda: None)
    ours, theirs = [], []
    for _ in range(steps):
        trainer.step()
        ours.append(trainer.tick().metrics)
        theirs.append(reference.step(*fed[-2:]))
    return tuple(np.array([[step[name] for name in LOSSES] for step in course]) for course in (ours, theirs))


@pytest.mark.parametrize("size", [32, 64])
def test_networks_with_carried_over_weights_are_the_same_functions(size):
    config = ModelConfig(image_size=size, ngf=4, ndf=6, latent_dim=10)
    G, D = randomised(build_generator(config)), randomised(build_discriminator(config))
    reference_G, reference_D = generator(config).double(), discriminator(config).double()
    carry_over(G, reference_G)
    carry_over(D, reference_D)
    z, images = torch.randn(5, 10, dtype=torch.float64), torch.randn(5, 3, size, size, dtype=torch.float64)
    torch.testing.assert_close(reference_G(z[:, :, None, None]), G(z), rtol=0, atol=1e-10)
    torch.testing.assert_close(reference_D(images).flatten(), D(images).sigmoid(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("flip", [False, True])
def test_a_hundred_steps_are_those_of_the_reference(config, images, monkeypatch, flip):
    ours, theirs = both_courses(changed(config, flip=flip), images, monkeypatch, 100)
    assert np.ptp(theirs, axis=0).min() > 0.1, "the losses move, or there would be nothing to compare"
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("other", [{"beta1": 0.501}, {"beta2": 0.998}, {"lr": 2.002e-4}])
def test_a_slightly_different_optimiser_would_be_noticed(config, images, monkeypatch, other):
    ours, theirs = both_courses(config, images, monkeypatch, 20, **other)
    assert np.abs(ours - theirs).max() > 1e-5


def test_the_reference_trains_on_pictures_in_folders(config, tmp_path):
    (tmp_path / "faces").mkdir()
    for i in range(10):
        Image.new("RGB", (50, 40), (0, 128, 255)).save(tmp_path / "faces" / f"{i}.png")
    batches = loader(tmp_path, config, workers=0)
    real, _ = next(iter(batches))
    assert real.shape == (8, 3, 32, 32)
    torch.testing.assert_close(real[0, :, 5, 7], torch.tensor([-1.0, 1 / 255, 1.0]))
    steps = train(Reference(config, CPU), batches)
    assert [next(steps) for _ in range(3)] == [8, 2, 8]
