"""Training on labelled pictures, and the pictures that D never sees."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.models.base import Dropout
from gan_core.training.trainer import Trainer
from gan_core.training.verdicts import verdicts

CPU = torch.device("cpu")
CLASSES = ("cat", "dog", "owl")


@pytest.fixture
def images() -> np.ndarray:
    """Pictures that tell their own number, 0 to 19."""
    numbers = np.arange(20, dtype=np.uint8)
    return np.tile((10 * numbers)[:, None, None, None], (1, 32, 32, 3))


def labels_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0, 0].astype(np.int64) // 10 % 3


def with_classes(config: Config, classes: tuple[str, ...] = CLASSES, **train) -> Config:
    return replace(config, model=replace(config.model, classes=classes)).with_options(**train)


def trained_on(run: Trainer) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What each later step gives to the networks, as it comes."""
    steps, learn = [], run.learn

    def watched(real, z):
        steps.append((real, z))
        return learn(real, z)

    watched.augment, watched.notices, watched.forget_graph = learn.augment, learn.notices, learn.forget_graph
    run.learn = watched
    return steps


@pytest.mark.parametrize("d_steps", [1, 2])
def test_the_classes_in_z_are_those_of_the_reals(tiny, images, d_steps):
    run = Trainer(with_classes(tiny, d_steps=d_steps), images, CPU, labels=labels_of(images))
    steps = trained_on(run)
    for _ in range(4):
        run.step()
    for real, z in steps:
        assert real.shape[0] == z.shape[0] == 8 * d_steps and z.shape[1] == 8 + 3
        numbers = ((real[:, 0, 0, 0] + 1) * 12.75).round().long()
        assert torch.equal(z[:, 8:], torch.eye(3)[numbers % 3])
        assert abs(z[:, :8].mean()) < 0.5


def test_the_discriminator_is_told_the_classes_of_both_batches(tiny, images):
    run = Trainer(with_classes(tiny), images, CPU, labels=labels_of(images))
    told = []
    run.D.register_forward_pre_hook(lambda _D, inputs: told.append(inputs[1]))
    steps = trained_on(run)
    run.step()
    assert len(told) == 3 and all(torch.equal(classes, steps[0][1][:, 8:]) for classes in told)


def test_what_belongs_to_the_classes_learns(tiny, images):
    run = Trainer(with_classes(tiny), images, CPU, labels=labels_of(images))
    before = run.G.embed.detach().clone(), run.D.of_class.detach().clone()
    run.step()
    assert (run.G.embed != before[0]).all() and (run.D.of_class != before[1]).any(1).all()
    assert not torch.equal(run.G_ema.embed, before[0])


@pytest.mark.parametrize(("num_classes", "rows"), [(1, 8), (2, 8), (3, 8), (8, 8), (10, 10), (16, 16), (40, 16)])
def test_the_grid_has_a_row_or_more_of_one_class_each(tiny, images, num_classes, rows):
    config = with_classes(tiny, tuple(map(str, range(num_classes))))
    run = Trainer(config, images, CPU, labels=np.arange(20) % num_classes)
    assert run.sample().shape == (8 * rows, 32, 32, 3)
    of_row = run.grid_z[:, 8:].view(rows, 8, num_classes)
    assert (of_row == of_row[:, :1]).all() and (of_row.sum(2) == 1).all()
    shown = of_row[:, 0].argmax(1).tolist()
    assert shown == sorted(shown) and set(shown) == set(range(min(num_classes, 16)))
    assert max(map(shown.count, shown)) - min(map(shown.count, shown)) <= 1
    assert run.grid_z[:, :8].unique(dim=0).shape[0] == 8 * rows


def test_samples_come_in_the_classes_shares_of_the_data(tiny, images):
    labels = np.array([0] * 14 + [1] * 5 + [2])
    run = Trainer(with_classes(tiny), images, CPU, labels=labels)
    given = []
    run.G_ema.register_forward_pre_hook(lambda _G, inputs: given.append(inputs[0][:, 8:].clone()))
    first = run.samples(1000)
    shares = torch.cat(given).mean(0).tolist()
    assert first.shape == (1000, 32, 32, 3)
    assert shares == pytest.approx([0.7, 0.25, 0.05], abs=0.05)
    np.testing.assert_array_equal(first, run.samples(1000))


def test_labels_and_classes_come_together(tiny, images):
    with pytest.raises(AssertionError):
        Trainer(tiny, images, CPU, labels=labels_of(images))
    with pytest.raises(AssertionError):
        Trainer(with_classes(tiny), images, CPU)


@pytest.fixture
def many() -> np.ndarray:
    """210 pictures, of which ten are held out by default; the first pixel is the number."""
    images = np.random.default_rng(0).integers(0, 256, (210, 32, 32, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(210)
    return images


def numbers_shown(run: Trainer, steps: int) -> list[int]:
    """The pictures that D sees in so many steps."""
    seen = trained_on(run)
    for _ in range(steps):
        run.step()
    return [int(number) for real, _ in seen for number in ((real[:, 0, 0, 0] + 1) * 127.5).round()]


def test_held_out_pictures_are_never_shown_and_all_others_are(tiny, many):
    run = Trainer(tiny.with_options(flip=False, batch_size=20), many, CPU)
    held_out = run.batches.held_out.tolist()
    assert len(set(held_out)) == 10
    shown = numbers_shown(run, 10)
    assert sorted(shown) == sorted(set(range(210)) - set(held_out))


def test_a_resumed_run_holds_out_the_same_pictures_and_another_seed_others(tiny, many):
    config = tiny.with_options(flip=False, batch_size=20)
    run, whole, other = (Trainer(config.with_options(seed=seed), many, CPU) for seed in (3, 3, 4))
    run.step()
    resumed = Trainer(config.with_options(seed=3), many, CPU)
    resumed.load_state_dict(run.state_dict())
    assert resumed.batches.held_out.tolist() == run.batches.held_out.tolist() != other.batches.held_out.tolist()
    assert numbers_shown(resumed, 9) == numbers_shown(whole, 10)[20:]


def test_a_small_set_is_shown_whole(tiny, many):
    run = Trainer(tiny.with_options(flip=False, batch_size=50), many[:199], CPU)
    assert len(run.batches.held_out) == 0
    assert set(numbers_shown(run, 4)) == set(range(199))


def course(run: Trainer) -> dict:
    return copy.deepcopy(run.state_dict())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "relativistic"},
        {"d_norm": "spectral"},
        {"augment": "ada"},
        {"classes": CLASSES},
        {"architecture": "dense", "dropout": 0.3, "d_norm": "batch"},
    ],
)
def test_verdicts_leave_the_course_untouched(tiny, many, changes):
    config = tiny.with_options(held_out=0.1, **changes)
    labels = np.arange(210) % 3 if config.model.classes else None
    watched, alone = (Trainer(config, many, CPU, labels=labels) for _ in range(2))
    for _ in range(2):
        watched.step(), alone.step()
        before, global_before = course(watched), torch.get_rng_state()
        found = verdicts(watched, 16)
        torch.testing.assert_close(course(watched), before, rtol=0, atol=0)
        assert torch.equal(torch.get_rng_state(), global_before)
        assert verdicts(watched, 16) == found
    assert set(found) == {"train", "held_out", "fake"} and all(0 <= share <= 1 for share in found.values())
    for one, other in zip(watched.D.parameters(), alone.D.parameters(), strict=True):
        assert torch.equal(one, other)
    assert watched.D.training


def test_verdicts_tell_a_discriminator_that_knows_its_pictures_by_heart(tiny, many):
    run = Trainer(tiny.with_options(held_out=0.2, d_norm="none"), many, CPU)

    def by_heart(images: torch.Tensor) -> torch.Tensor:
        numbers = ((images[:, 0, 0, 0] + 1) * 127.5).round().int()
        exact = ((images + 1) * 127.5 - ((images + 1) * 127.5).round()).abs().amax((1, 2, 3)) < 1e-3
        known = torch.isin(numbers, torch.from_numpy(run.batches.shown).int())
        return torch.where(known & exact, 1.0, -1.0)

    run.D.forward = by_heart
    assert verdicts(run, 32) == {"train": 1.0, "held_out": 0.0, "fake": 1.0}


def test_verdicts_need_a_whole_batch_of_a_kind(tiny, many):
    assert set(verdicts(Trainer(tiny.with_options(batch_size=16), many, CPU), 40)) == {"train", "fake"}
    assert set(verdicts(Trainer(tiny.with_options(held_out=0.0), many, CPU), 40)) == {"train", "fake"}


def test_verdicts_are_of_the_whole_discriminator_without_dropout(tiny, many):
    run = Trainer(tiny.with_options(architecture="mlp", dropout=0.5), many, CPU)
    dropped = []
    for layer in run.D.modules():
        if isinstance(layer, Dropout):
            layer.register_forward_hook(lambda _layer, inputs, h: dropped.append(not torch.equal(inputs[0], h)))
    verdicts(run, 8)
    assert dropped and not any(dropped)
    run.step()
    assert all(dropped[-3:])
