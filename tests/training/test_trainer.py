"""What a training does in a step, when it ticks, what it reports and when it ends."""

import copy
import itertools

import numpy as np
import pytest
import torch

from gan_core.training import losses, trainer
from gan_core.training.trainer import Step, Tick, Trainer

CPU = torch.device("cpu")


@pytest.mark.parametrize("flip", [True, False])
def test_one_step_is_the_papers_algorithm(tiny, images, flip):
    run = Trainer(tiny.with_options(flip=flip), images, CPU)
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
    run = Trainer(tiny.with_options(ema_kimg=0.008, ema_rampup=1.0), images, CPU)  # a half-life of one step
    start = copy.deepcopy(run.G_ema.project.weight)
    run.step()
    torch.testing.assert_close(run.G_ema.project.weight, (start + run.G.project.weight.detach()) / 2)
    assert not any(p.requires_grad for p in run.G_ema.parameters())


def test_real_pictures_are_mirrored_about_every_other_time_and_nothing_else(tiny):
    ramp = np.tile(np.linspace(0, 255, 32).astype(np.uint8)[None, None, :, None], (1, 32, 1, 3))
    run = Trainer(tiny.with_options(flip=True, batch_size=400), ramp, CPU)
    real = run._real_batch()
    plain = torch.from_numpy(ramp).permute(0, 3, 1, 2) / 127.5 - 1
    mirrored = (real - plain.flip(3)).abs().amax((1, 2, 3)) < 1e-6
    straight = (real - plain).abs().amax((1, 2, 3)) < 1e-6
    assert (mirrored ^ straight).all()
    assert 140 < mirrored.sum() < 260
    assert torch.equal(Trainer(tiny.with_options(flip=False), ramp, CPU)._real_batch()[:1], plain)


@pytest.mark.parametrize(
    ("tick_kimg", "ticks"), [(0.024, [24, 48, 72, 80]), (0.04, [40, 80]), (9.0, [80]), (0.02, [24, 40, 64, 80])]
)
def test_ticks_come_at_multiples_and_at_the_end(tiny, images, tick_kimg, ticks):
    events = list(Trainer(tiny.with_options(tick_kimg=tick_kimg), images, CPU).run())
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
    run = Trainer(tiny.with_options(kimg=None, tick_kimg=None), images, CPU)
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
    config = tiny.with_options(kimg=None, minutes=0.2, tick_kimg=None)
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


def test_it_learns_the_colour_of_its_pictures(tiny, precision):
    colour = np.array([200, 60, 30])
    images = np.tile(colour.astype(np.uint8), (200, 32, 32, 1))
    config = tiny.with_options(ngf=8, ndf=8, kimg=2.4, tick_kimg=None, lr=1e-3, precision=precision)
    run = Trainer(config, images, CPU)
    run.refresh_ema()
    before = run.sample().mean((0, 1, 2))
    for _ in run.run():
        pass
    after = run.sample().mean((0, 1, 2))
    assert np.abs(before - colour).max() > 60
    assert np.abs(after - colour).max() < 30
