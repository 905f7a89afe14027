"""What decides the steps of a training: its settings, its seed and its saved state, and nothing done beside it."""

import copy
import io
import itertools

import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.training.trainer import Step, Trainer

CPU = torch.device("cpu")


def through_disk(state: dict) -> dict:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def course(trained: Trainer) -> dict:
    """All that decides the steps to come; the clock and the refreshed statistics of the average do not."""
    state = copy.deepcopy(trained.state_dict())
    del state["seconds"]
    state["G_ema"] = {
        name: value for name, value in state["G_ema"].items() if "running" not in name and "num_batches" not in name
    }
    return state


def assert_same(a: object, b: object) -> None:
    """Equal to the last bit, through nested dictionaries."""
    torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=False)


def test_equality_in_these_tests_is_to_the_last_bit(tiny, images):
    a, b = Trainer(tiny, images, CPU), Trainer(tiny, images, CPU)
    assert_same(course(a), course(b))
    weight = b.D.score.weight.data
    weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))
    with pytest.raises(AssertionError):
        assert_same(course(a), course(b))


@pytest.mark.parametrize("interrupted_at", [1, 4, 9])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tiny, images, precision, interrupted_at):
    config = tiny.with_options(precision=precision)
    whole = Trainer(config, images, CPU)
    for _ in whole.run():
        pass

    first = Trainer(config.with_options(tick_kimg=0.016), images, CPU)
    for _ in itertools.islice((event for event in first.run() if isinstance(event, Step)), interrupted_at):
        first.sample()
    state = through_disk(first.state_dict())
    second = Trainer(config.with_options(tick_kimg=0.04), images, CPU)
    second.load_state_dict(state)
    assert second.nimg == 8 * interrupted_at
    for _ in second.run():
        pass

    assert whole.nimg == second.nimg == 80
    mine, theirs = whole.state_dict(), second.state_dict()
    assert mine.pop("seconds") > 0 < theirs.pop("seconds")
    assert_same(mine, theirs)
    np.testing.assert_array_equal(whole.sample(), second.sample())


def test_a_saved_state_does_not_change_when_training_goes_on(tiny, images):
    trained = Trainer(tiny, images, CPU)
    trained.step()
    state = through_disk(trained.state_dict())
    resumed = Trainer(tiny, images, CPU)
    resumed.load_state_dict(state)
    untouched = copy.deepcopy(state)
    resumed.step()
    assert_same(state, untouched)


def test_a_seed_decides_the_whole_course(tiny, images):
    def trained(seed: int) -> dict:
        run = Trainer(tiny.with_options(seed=seed), images, CPU)
        for _ in range(3):
            run.step()
        return course(run)

    torch.manual_seed(123)
    one = trained(1)
    torch.manual_seed(321)
    assert_same(one, trained(1))
    other = trained(2)
    assert not any(torch.equal(one["G"][name], other["G"][name]) for name in one["G"] if name.endswith("weight"))


def test_training_leaves_the_global_random_numbers_alone(tiny, images):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run = Trainer(tiny, images, CPU)
    run.step()
    run.tick()
    run.sample()
    assert torch.equal(torch.rand(3), expected)


def test_ticks_and_samples_do_not_change_the_course(tiny, images, precision):
    config = tiny.with_options(precision=precision)
    watched, alone = Trainer(config, images, CPU), Trainer(config, images, CPU)
    for _ in range(4):
        alone.step()
        watched.step()
        watched.sample()
        watched.tick()
        watched.refresh_ema(512)
    assert_same(course(watched), course(alone))


def test_a_run_at_its_goal_does_nothing_more(tiny, images):
    run = Trainer(tiny, images, CPU)
    list(run.run())
    before = course(run)
    assert list(run.run()) == []
    assert_same(course(run), before)


def test_a_resumed_run_follows_the_learning_rate_of_its_config(tiny, images):
    first = Trainer(tiny, images, CPU)
    first.step()
    resumed = Trainer(tiny.with_options(lr=1e-5, beta1=0.0), images, CPU)
    resumed.load_state_dict(through_disk(first.state_dict()))
    for optimiser in (resumed.opt_G, resumed.opt_D):
        assert optimiser.param_groups[0]["lr"] == 1e-5
        assert optimiser.param_groups[0]["betas"] == (0.0, 0.999)


def test_a_state_from_a_gpu_goes_on_with_other_random_numbers_and_says_so(tiny, images):
    trained, resumed = Trainer(tiny, images, CPU), Trainer(tiny, images, CPU)
    trained.step()
    # A GPU's generator keeps its seed and its position, 16 bytes.
    resumed.load_state_dict({**trained.state_dict(), "rng": torch.zeros(16, dtype=torch.uint8)})
    assert_same(resumed.G.state_dict(), trained.G.state_dict())
    first = next(event for event in resumed.run() if not isinstance(event, Step))
    assert "another kind of device" in first.message


def other_networks(state: dict, tiny: Config, images: np.ndarray) -> dict:
    return Trainer(tiny.with_options(ngf=5), images, CPU).state_dict()


def without_rng(state: dict, *_) -> dict:
    return {name: value for name, value in state.items() if name != "rng"}


def without_nimg(state: dict, *_) -> dict:
    return {name: value for name, value in state.items() if name != "nimg"}


def no_dictionary(state: dict, *_) -> list:
    return [1, 2]


def weights_of_a_wrong_kind(state: dict, *_) -> dict:
    return {**state, "G": 5}


def clock_of_a_wrong_kind(state: dict, *_) -> dict:
    return {**state, "nimg": "many"}


@pytest.mark.parametrize(
    "spoil",
    [other_networks, without_rng, without_nimg, no_dictionary, weights_of_a_wrong_kind, clock_of_a_wrong_kind],
)
def test_a_state_of_something_else_is_refused_with_a_sentence(tiny, images, spoil):
    run = Trainer(tiny, images, CPU)
    with pytest.raises(ValueError, match="saved state does not fit"):
        run.load_state_dict(spoil(run.state_dict(), tiny, images))
