import copy
import io
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.training import losses, trainer
from gan_core.training.precision import bf16_is_fast
from gan_core.training.trainer import Step, Tick, Trainer

CPU = torch.device("cpu")
PRECISIONS = ["fp32", "bf16"] if bf16_is_fast(CPU) else ["fp32"]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)


def changed(config: Config, **train) -> Config:
    return replace(config, train=replace(config.train, **train))


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


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("interrupted_at", [1, 4, 9])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tiny, images, precision, interrupted_at):
    config = changed(tiny, precision=precision)
    whole = Trainer(config, images, CPU)
    for _ in whole.run():
        pass

    first = Trainer(changed(config, tick_kimg=0.016), images, CPU)
    for _ in itertools.islice((event for event in first.run() if isinstance(event, Step)), interrupted_at):
        first.sample()
    state = through_disk(first.state_dict())
    second = Trainer(changed(config, tick_kimg=0.04), images, CPU)
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
        run = Trainer(changed(tiny, seed=seed), images, CPU)
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


@pytest.mark.parametrize("precision", PRECISIONS)
def test_ticks_and_samples_do_not_change_the_course(tiny, images, precision):
    config = changed(tiny, precision=precision)
    watched, alone = Trainer(config, images, CPU), Trainer(config, images, CPU)
    for _ in range(4):
        alone.step()
        watched.step()
        watched.sample()
        watched.tick()
        watched.refresh_ema(512)
    assert_same(course(watched), course(alone))


@pytest.mark.parametrize("flip", [True, False])
def test_one_step_is_the_papers_algorithm(tiny, images, flip):
    run = Trainer(changed(tiny, flip=flip), images, CPU)
    rng = run.rng.get_state()
    real, z = run._real_batch(), run.inputs.noise(8, run.rng)
    run.rng.set_state(rng)
    G, D = copy.deepcopy(run.G), copy.deepcopy(run.D)
    run.step()

    fake = G(z)
    losses.discriminator_bce(D(real), D(fake.detach())).backward()
    assert grads_of(D).keys() == grads_of(run.D).keys()
    torch.testing.assert_close(grads_of(run.D), grads_of(D), rtol=1e-4, atol=1e-6)

    G_loss = losses.generator_bce(None, run.D(fake))  # of the discriminator that has just learnt
    run.D.zero_grad()
    G_loss.backward()
    torch.testing.assert_close(grads_of(run.G), grads_of(G), rtol=1e-4, atol=1e-6)


def grads_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize(("still", "moving"), [("G", "D"), ("D", "G")])
def test_each_optimiser_moves_its_own_network_only(tiny, images, still, moving):
    run = Trainer(tiny, images, CPU)
    getattr(run, f"opt_{still}").param_groups[0]["lr"] = 0.0
    before = copy.deepcopy({name: dict(getattr(run, name).named_parameters()) for name in ("G", "D")})
    run.step()
    run.step()
    for name, p in getattr(run, still).named_parameters():
        assert torch.equal(p, before[still][name]), name
    for name, p in getattr(run, moving).named_parameters():
        assert not torch.equal(p, before[moving][name]), name
        assert p.requires_grad


def test_the_average_follows_and_is_never_trained(tiny, images):
    run = Trainer(changed(tiny, ema_kimg=0.008, ema_rampup=1.0), images, CPU)  # a half-life of one step
    start = copy.deepcopy(run.G_ema.project.weight)
    run.step()
    torch.testing.assert_close(run.G_ema.project.weight, (start + run.G.project.weight.detach()) / 2)
    assert not any(p.requires_grad for p in run.G_ema.parameters())


def test_real_pictures_are_mirrored_about_every_other_time_and_nothing_else(tiny):
    ramp = np.tile(np.linspace(0, 255, 32).astype(np.uint8)[None, None, :, None], (1, 32, 1, 3))
    run = Trainer(changed(tiny, flip=True, batch_size=400), ramp, CPU)
    real = run._real_batch()
    plain = torch.from_numpy(ramp).permute(0, 3, 1, 2) / 127.5 - 1
    mirrored = (real - plain.flip(3)).abs().amax((1, 2, 3)) < 1e-6
    straight = (real - plain).abs().amax((1, 2, 3)) < 1e-6
    assert (mirrored ^ straight).all()
    assert 140 < mirrored.sum() < 260
    assert torch.equal(Trainer(changed(tiny, flip=False), ramp, CPU)._real_batch()[:1], plain)


@pytest.mark.parametrize(
    ("tick_kimg", "ticks"), [(0.024, [24, 48, 72, 80]), (0.04, [40, 80]), (9.0, [80]), (0.02, [24, 40, 64, 80])]
)
def test_ticks_come_at_multiples_and_at_the_end(tiny, images, tick_kimg, ticks):
    events = list(Trainer(changed(tiny, tick_kimg=tick_kimg), images, CPU).run())
    assert [event.nimg for event in events if isinstance(event, Tick)] == ticks
    assert [event.nimg for event in events if isinstance(event, Step)] == list(range(8, 81, 8))
    assert isinstance(events[-1], Tick)


def test_a_resumed_run_ticks_at_the_same_multiples(tiny, images):
    first, second = Trainer(tiny, images, CPU), Trainer(tiny, images, CPU)
    for _ in range(4):
        first.step()
    second.load_state_dict(first.state_dict())
    assert [event.nimg for event in second.run() if isinstance(event, Tick)] == [48, 72, 80]


@pytest.mark.parametrize(("seconds", "pause"), [(0.0, 3), (1_000.0, 21), (100_000.0, 30)])
def test_without_a_tick_size_ticks_get_ever_more_seldom(tiny, images, monkeypatch, seconds, pause):
    monkeypatch.setattr(trainer.time, "monotonic", itertools.count().__next__)  # a second passes at every look
    run = Trainer(changed(tiny, kimg=None, tick_kimg=None), images, CPU)
    run.load_state_dict({**run.state_dict(), "seconds": seconds})
    first = next(event for event in run.run() if isinstance(event, Tick))
    assert first.seconds - seconds == pause


def test_a_tick_reports_the_means_since_the_last_one(tiny, images):
    each, together = Trainer(tiny, images, CPU), Trainer(tiny, images, CPU)
    singles = []
    for _ in range(3):
        each.step()
        singles.append(each.tick().metrics)
        together.step()
    tick = together.tick()
    assert not together.has_news
    for name in ("loss/D", "loss/G", "score/real", "score/fake"):
        assert tick.metrics[name] == pytest.approx(np.mean([single[name] for single in singles]), rel=1e-5)
    assert 0 < tick.metrics["score/real"] < 1


def test_the_speed_is_images_over_seconds(tiny, images, monkeypatch):
    monkeypatch.setattr(trainer.time, "monotonic", itertools.count(step=2).__next__)
    ticks = [event for event in Trainer(tiny, images, CPU).run() if isinstance(event, Tick)]
    assert [tick.metrics["img_per_sec"] for tick in ticks] == [4.0] * 4


def test_a_goal_in_minutes_ends_with_a_tick_and_counts_earlier_sessions(tiny, images, monkeypatch):
    monkeypatch.setattr(trainer.time, "monotonic", itertools.count().__next__)
    config = changed(tiny, kimg=None, minutes=0.2, tick_kimg=None)
    first = Trainer(config, images, CPU)
    events = first.run()
    while first.seconds < 7:
        next(events)
    resumed = Trainer(config, images, CPU)
    resumed.load_state_dict(first.state_dict())
    events = list(resumed.run())
    assert resumed.done
    assert resumed.seconds == 12
    assert len([event for event in events if isinstance(event, Step)]) == 5
    assert isinstance(events[-1], Tick)


def test_a_run_at_its_goal_does_nothing_more(tiny, images):
    run = Trainer(tiny, images, CPU)
    list(run.run())
    before = course(run)
    assert list(run.run()) == []
    assert_same(course(run), before)


@pytest.mark.parametrize("network", ["G", "D"])
def test_weights_that_are_no_longer_numbers_end_the_run_with_a_sentence(tiny, images, network):
    run = Trainer(tiny, images, CPU)
    next(getattr(run, network).parameters()).data.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="no longer finite numbers after 0.0 kimg: .*learning rate"):
        list(run.run())


def test_the_sheet_shows_the_same_64_z_at_every_tick(tiny, images):
    run = Trainer(tiny, images, CPU)
    run.tick()
    before = run.sample()
    assert before.shape == (64, 32, 32, 3)
    assert before.dtype == np.uint8
    np.testing.assert_array_equal(before, run.sample())
    for _ in run.run():
        pass
    assert not np.array_equal(before, run.sample())


def other_networks(state: dict, tiny: Config, images: np.ndarray) -> dict:
    config = replace(tiny, model=replace(tiny.model, ngf=5))
    return Trainer(config, images, CPU).state_dict()


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


def test_a_resumed_run_follows_the_learning_rate_of_its_config(tiny, images):
    first = Trainer(tiny, images, CPU)
    first.step()
    resumed = Trainer(changed(tiny, lr=1e-5, beta1=0.0), images, CPU)
    resumed.load_state_dict(through_disk(first.state_dict()))
    for optimiser in (resumed.opt_G, resumed.opt_D):
        assert optimiser.param_groups[0]["lr"] == 1e-5
        assert optimiser.param_groups[0]["betas"] == (0.0, 0.999)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_learns_the_colour_of_its_pictures(tiny, precision):
    colour = np.array([200, 60, 30])
    images = np.tile(colour.astype(np.uint8), (200, 32, 32, 1))
    config = changed(
        replace(tiny, model=replace(tiny.model, ngf=8, ndf=8)), kimg=2.4, tick_kimg=None, lr=1e-3, precision=precision
    )
    run = Trainer(config, images, CPU)
    run.refresh_ema()
    before = run.sample().mean((0, 1, 2))
    for _ in run.run():
        pass
    after = run.sample().mean((0, 1, 2))
    assert np.abs(before - colour).max() > 60
    assert np.abs(after - colour).max() < 30


def test_a_state_from_a_gpu_goes_on_with_other_random_numbers_and_says_so(tiny, images):
    trained, resumed = Trainer(tiny, images, CPU), Trainer(tiny, images, CPU)
    trained.step()
    # A GPU's generator keeps its seed and its position, 16 bytes.
    resumed.load_state_dict({**trained.state_dict(), "rng": torch.zeros(16, dtype=torch.uint8)})
    assert_same(resumed.G.state_dict(), trained.G.state_dict())
    first = next(event for event in resumed.run() if not isinstance(event, Step))
    assert "another kind of device" in first.message
