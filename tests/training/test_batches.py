import numpy as np
import pytest

from gan_core.training.batches import Batches


def stream(batches: Batches, num_batches: int, start: int = 0) -> np.ndarray:
    size = batches.batch_size
    return np.concatenate([batches.indices(start + i * size) for i in range(num_batches)])


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (10, 4), (7, 3), (3, 8), (1, 5), (5, 5)])
def test_every_epoch_shows_every_image_once(count, batch_size):
    seen = stream(Batches(count, batch_size, seed=3), num_batches=6 * count)
    assert len(seen) == 6 * count * batch_size
    for epoch in seen.reshape(-1, count):
        assert sorted(epoch) == list(range(count))


def test_epochs_differ_in_order_and_so_do_seeds():
    orders = [tuple(Batches(20, 20, seed).indices(20 * epoch)) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert len(set(orders)) == 6


def test_the_order_depends_on_the_seed_and_the_images_seen_only():
    batches = Batches(10, 4, seed=5)
    expected = {nimg: batches.indices(nimg).tolist() for nimg in range(0, 60, 4)}
    for nimg in (56, 0, 24, 8, 8, 40):
        assert batches.indices(nimg).tolist() == expected[nimg]
        assert Batches(10, 4, seed=5).indices(nimg).tolist() == expected[nimg]


def test_another_batch_size_runs_through_the_same_order():
    small, large = Batches(10, 2, seed=1), Batches(10, 6, seed=1)
    np.testing.assert_array_equal(stream(small, 15), stream(large, 5))


@pytest.mark.parametrize("num_held_out", [1, 5, 9])
def test_held_out_images_are_never_shown_and_the_others_once_an_epoch(num_held_out):
    batches = Batches(20, 4, seed=2, num_held_out=num_held_out)
    assert len(batches.held_out) == num_held_out and batches.num_images == 20 - num_held_out
    seen = stream(batches, num_batches=3 * batches.num_images)
    for epoch in seen.reshape(-1, batches.num_images):
        assert sorted(epoch) == sorted(set(range(20)) - set(batches.held_out))


def test_which_images_are_held_out_depends_on_the_seed_only():
    same, other = Batches(20, 7, 2, 5), Batches(20, 4, 3, 5)
    assert Batches(20, 4, 2, 5).held_out.tolist() == same.held_out.tolist() != other.held_out.tolist()


def test_orders_are_those_of_runs_that_began_before_they_were_kept_compact():
    order = np.random.default_rng([3, 2]).permutation(1000)
    assert Batches(1000, 10, seed=3).permutation(2).tolist() == order.tolist()
    assert Batches(1000, 10, seed=3).indices(0).dtype == np.int64
    held_out = np.random.default_rng(3).permutation(1000)[:50]
    assert Batches(1000, 10, 3, 50).held_out.tolist() == sorted(held_out)
