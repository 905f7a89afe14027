import errno
import os
from pathlib import Path

import numpy as np
import pytest

from gan_core.data.parts import BadPart, Parts
from gan_core.training.batches import Batches

COUNTS = (5, 0, 1, 7)
OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture
def whole() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (sum(COUNTS), 8, 8, 3), dtype=np.uint8)


@pytest.fixture
def paths(tmp_path, whole):
    paths = [tmp_path / f"{number}.npy" for number in range(len(COUNTS))]
    for path, images in zip(paths, np.split(whole, np.cumsum(COUNTS)[:-1]), strict=True):
        np.save(path, images)
    return paths


def test_it_is_told_like_an_array(paths, whole):
    images = Parts(paths)
    for name in ("shape", "dtype", "ndim", "nbytes"):
        assert getattr(images, name) == getattr(whole, name)
    assert len(images) == 13 and images.counts == list(COUNTS)
    np.testing.assert_array_equal(np.array(images), whole)
    np.testing.assert_array_equal(np.stack(list(images)), whole)


@pytest.mark.parametrize(
    "key",
    [
        0, 4, 5, 6, 12, -1, -13, np.int64(6), slice(None), slice(3, 8), slice(5, 6), slice(4, 99), slice(8, 3),
        slice(0, 0), slice(None, None, 3), slice(None, None, -2), slice(-3, None),
        [12, 0, 5, 5, 4, 6], [], [-1, 0], np.arange(13)[::-1], np.arange(13, dtype=np.int32), np.arange(13) % 2 == 0,
    ],
    ids=str,
)  # fmt: skip
def test_it_is_indexed_like_an_array_across_the_borders_of_parts(paths, whole, key):
    found = Parts(paths)[key]
    np.testing.assert_array_equal(found, whole[np.array(key, int) if isinstance(key, list) else key])
    assert found.dtype == np.uint8 and found.flags.writeable and found.flags.c_contiguous


@pytest.mark.parametrize("key", [13, -14, [0, 13]])
def test_what_is_not_there(paths, key):
    with pytest.raises(IndexError):
        Parts(paths)[key]


def test_many_at_once(paths, whole):
    places = np.random.default_rng(1).integers(0, 13, 1000)
    np.testing.assert_array_equal(Parts(paths)[places], whole[places])


@pytest.mark.parametrize("way", ["preadv", "posix_fadvise"])
def test_a_system_without_it_reads_the_same(paths, whole, monkeypatch, way):
    monkeypatch.delattr(os, way)
    images = Parts(paths)
    np.testing.assert_array_equal(images[[12, 0, 5, 6]], whole[[12, 0, 5, 6]])
    np.testing.assert_array_equal(images[2:9], whole[2:9])


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(b"x" * 1000),
        lambda path: np.save(path, np.zeros((7, 8, 8, 3), np.float32)),
        lambda path: np.save(path, np.zeros(7, np.uint8)),
    ],
)
def test_a_broken_part_is_named_in_one_sentence(paths, damage):
    damage(paths[3])
    with pytest.raises(BadPart, match=r"^The prepared pictures in .* are missing or damaged: 3\.npy\.$"):
        Parts(paths)


def test_a_part_of_another_size(paths):
    np.save(paths[0], np.zeros((2, 16, 16, 3), np.uint8))
    with pytest.raises(BadPart, match="not all of one size"):
        Parts(paths)


def test_a_part_that_is_cut_while_it_is_read(paths):
    images = Parts(paths)
    with paths[3].open("r+b") as file:
        file.truncate(200)
    images[[0, 5]]
    for key in ([0, 12], slice(0, 13)):
        with pytest.raises(ValueError, match=r"3\.npy cannot be read: it has become shorter\.$"):
            images[key]


def test_a_disk_that_fails(paths, monkeypatch):
    images = Parts(paths)

    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(ValueError, match=r"0\.npy cannot be read: input/output error\.$"):
        images[0]


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="there is no list of the open files")
def test_files_are_let_go_of(paths):
    def num_open() -> int:
        return len(list(OPEN_FILES.iterdir()))

    before = num_open()
    images = Parts(paths)
    assert num_open() == before + len(paths)
    del images
    assert num_open() == before


def test_an_epoch_over_parts_shows_every_picture_once_and_goes_on_in_its_middle(paths, whole):
    images, batches = Parts(paths), Batches(len(whole), 4, seed=3)
    shown = np.concatenate([images[batches.indices(nimg)] for nimg in range(0, 52, 4)])
    for epoch in np.split(shown, 4):
        np.testing.assert_array_equal(np.unique(epoch, axis=0), np.unique(whole, axis=0))
    rest = [Parts(paths)[Batches(len(whole), 4, seed=3).indices(nimg)] for nimg in range(20, 52, 4)]
    np.testing.assert_array_equal(np.concatenate(rest), shown[20:])
