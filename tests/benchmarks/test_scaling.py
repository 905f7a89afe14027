from __future__ import annotations

import pytest

from benchmarks.scaling import GPU, Network, pays_until, scaling, two_processes
from gan_core.models import build_discriminator, build_generator

SLOW = Network("slow", gb_per_sec=1, latency_us=0)
LATE = Network("late", gb_per_sec=1e9, latency_us=1000)


def seconds_of(gpu: GPU):
    """Of a step by a share of the batch, where an image needs a GFLOP."""
    return lambda share: gpu.seconds(share * 1e9)


def test_a_ring_sends_everything_twice_however_many_share_it():
    assert SLOW.seconds("all_reduce", 1e9, 2) == pytest.approx(1)
    assert SLOW.seconds("all_reduce", 1e9, 64) == pytest.approx(2, rel=0.02)
    assert LATE.seconds("all_reduce", 1, 3) == pytest.approx(0.004)
    assert LATE.seconds("all_gather", 1, 3) == LATE.seconds("broadcast", 1, 3) == pytest.approx(0.002)


def test_free_communication_scales_until_a_step_cannot_be_shorter():
    free, own, told = Network("free", 1e9, 0), seconds_of(GPU(tflops=1, shortest_step_ms=8)), [("all_reduce", 1000)]
    rates = scaling(64, own, told, free, grows=False)
    assert rates[1] == pytest.approx(1000) and rates[8] == pytest.approx(8000)
    assert rates[16] == pytest.approx(8000) and pays_until(rates) == 8
    assert pays_until(scaling(64, own, told, free, grows=True)) == 64


def test_a_slow_network_never_pays():
    rates = scaling(64, seconds_of(GPU(100, 1)), [("all_reduce", 10**9)], SLOW, grows=True)
    assert rates[2] < rates[1] and pays_until(rates) == 1


def test_only_numbers_that_share_the_batch_equally_are_computed():
    assert list(scaling(12, seconds_of(GPU(1, 1)), [], SLOW, grows=False)) == [1, 2, 4]


def test_of_a_measured_device_only_measured_shares_are_computed():
    seconds = {64: 0.2, 32: 0.1, 16: 0.06}
    rates = scaling(64, seconds.__getitem__, [("all_reduce", 10**8)], SLOW, grows=False)
    assert rates == pytest.approx({1: 64 / 0.2, 2: 64 / (0.1 + 0.1), 4: 64 / (0.06 + 0.15)})


def test_a_step_tells_both_networks_gradients_once_after_one_order(tiny):
    messages, telling, images_per_sec = two_processes(tiny, seconds=0.1)
    nets = build_generator(tiny.model), build_discriminator(tiny.model)
    gradients = [4 * sum(parameter.numel() for parameter in net.parameters()) for net in nets]
    assert all(messages.count(("all_reduce", each)) == 1 for each in gradients)
    logits = ("all_gather", 4 * tiny.train.batch_size)
    assert [kind for kind, _ in messages].count("broadcast") == 1 and messages.count(logits) == 2
    assert telling > 0 and images_per_sec > 0
