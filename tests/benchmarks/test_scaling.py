from __future__ import annotations

import pytest

from benchmarks.scaling import GPU, Network, pays_until, scaling, two_processes
from gan_core.models import build_discriminator, build_generator

SLOW = Network("slow", gb_per_sec=1, latency_us=0)
LATE = Network("late", gb_per_sec=1e9, latency_us=1000)


def test_a_ring_sends_everything_twice_however_many_share_it():
    assert SLOW.seconds(1e9, 2) == pytest.approx(1)
    assert SLOW.seconds(1e9, 64) == pytest.approx(2, rel=0.02)
    assert LATE.seconds(1, 3) == pytest.approx(0.004)


def test_free_communication_scales_until_a_step_cannot_be_shorter():
    free = Network("free", 1e9, 0)
    rates = scaling(64, 1e9, [1000], GPU(tflops=1, shortest_step_ms=8), free, grows=False)
    assert rates[1] == pytest.approx(1000) and rates[8] == pytest.approx(8000)
    assert rates[16] == pytest.approx(8000) and pays_until(rates) == 8
    assert pays_until(scaling(64, 1e9, [1000], GPU(1, 8), free, grows=True)) == 64


def test_a_slow_network_never_pays():
    rates = scaling(64, 1e9, [10**9], GPU(100, 1), SLOW, grows=True)
    assert rates[2] < rates[1] and pays_until(rates) == 1


def test_only_numbers_that_share_the_batch_equally_are_computed():
    assert list(scaling(12, 1e9, [1], GPU(1, 1), SLOW, grows=False)) == [1, 2, 4]


def test_a_step_tells_both_networks_gradients_once(tiny):
    sizes, images_per_sec = two_processes(tiny, seconds=0.1)
    nets = build_generator(tiny.model), build_discriminator(tiny.model)
    gradients = [4 * sum(parameter.numel() for parameter in net.parameters()) for net in nets]
    assert all(sizes.count(each) == 1 for each in gradients) and images_per_sec > 0
