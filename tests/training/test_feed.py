import numpy as np
import pytest
import torch

from gan_core.data.parts import Parts
from gan_core.training import feed
from gan_core.training.batches import Batches
from gan_core.training.feed import HostFeed, ResidentFeed, StreamedFeed

CPU = torch.device("cpu")


@pytest.fixture
def images(tmp_path) -> np.ndarray:
    """As a store has them: mapped from a file, read only."""
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8))
    return np.load(path, mmap_mode="r")


def every_feed(images):
    batches = Batches(len(images), 4, seed=1)
    return [HostFeed(images, batches), ResidentFeed(images, batches, CPU), StreamedFeed(images, batches, CPU)]


def test_a_batch_holds_the_pictures_of_its_indices_as_floats(images):
    for way in every_feed(images):
        wanted = images[Batches(len(images), 4, seed=1).indices(8)].transpose(0, 3, 1, 2) / 127.5 - 1
        batch = way.batch(8)
        assert batch.dtype == torch.float32
        np.testing.assert_allclose(batch.numpy(), wanted, atol=1e-6)


def test_every_way_gives_the_same_batches_also_after_a_jump(images):
    for nimg in (0, 4, 8, 40, 4, 4, 12):
        host, *others = [way.batch(nimg) for way in every_feed(images)]
        assert all(torch.equal(host, other) for other in others)


def test_a_streamed_feed_that_jumps_goes_on_from_there(images):
    host, _, streamed = every_feed(images)
    for nimg in (0, 4, 40, 44, 0, 8, 12):
        assert torch.equal(streamed.batch(nimg), host.batch(nimg))


def test_the_next_batch_is_gathered_while_the_first_is_computed_on(images):
    streamed = every_feed(images)[2]
    streamed.batch(0)
    nimg, ahead = streamed.ahead
    assert nimg == 4 and ahead.result(300).dtype == torch.uint8


def test_batches_are_copies_that_may_be_written_to(images):
    for way in every_feed(images):
        way.batch(0).zero_()
        assert way.batch(0).abs().sum() > 0


def test_on_a_cpu_images_stay_where_they_are(images):
    assert isinstance(feed.choose(images, Batches(len(images), 4, 0), CPU), HostFeed)


def test_parts_on_disk_are_read_ahead_and_give_the_same_batches(images, tmp_path):
    for number, part in enumerate(np.split(images, [3, 4])):
        np.save(tmp_path / f"part-{number}.npy", part)
    parts = Parts(sorted(tmp_path.glob("part-*.npy")))
    way, host = feed.choose(parts, Batches(len(images), 4, seed=1), CPU), every_feed(images)[0]
    assert isinstance(way, StreamedFeed)
    assert all(torch.equal(way.batch(nimg), host.batch(nimg)) for nimg in (0, 4, 8, 40, 4))
