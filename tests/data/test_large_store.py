import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.data import building, load_store, prepare, writer
from gan_core.data.parts import Parts
from gan_core.training.trainer import Trainer

PICTURE = 16 * 16 * 3
WHOLE = "labels.npy", "parts.jsonl", "store.json"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Five pictures of 16 pixels a part."""
    monkeypatch.setattr(building, "PART_BYTES", 5 * PICTURE)


@pytest.fixture
def pictures(tmp_path):
    """Three folders of four: red from 0 to 220, in steps of 20."""
    for i in range(12):
        folder = tmp_path / "pictures" / "abc"[i // 4]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 24), (i * 20, 0, 0)).save(folder / f"{i:02d}.png")
    return tmp_path / "pictures"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "stores"


def reds(store) -> list[int]:
    return store.images[:][:, 0, 0, 0].tolist()


def folders(root) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def watch_decoding(monkeypatch) -> list[int]:
    """Grows by the place of each picture that is decoded."""
    decoded, one = [], writer._one
    monkeypatch.setattr(
        writer, "_one", lambda source, index, *shape: decoded.append(index) or one(source, index, *shape)
    )
    return decoded


def test_a_large_set_lies_in_parts_and_is_the_same_otherwise(pictures, root, monkeypatch):
    large = prepare(pictures, 16, 3, root)
    assert isinstance(large.images, Parts) and large.images.counts == [5, 5, 2]
    assert sorted(path.name for path in large.path.iterdir()) == sorted([*WHOLE, *map(building.part_name, range(3))])
    monkeypatch.setattr(building, "PART_BYTES", 100 * PICTURE)
    small = prepare(pictures, 16, 3, root.with_name("others"))
    np.testing.assert_array_equal(large.images[:], small.images)
    np.testing.assert_array_equal(large.labels, small.labels)
    assert (large.classes, large.path.name) == (small.classes, small.path.name) and large.classes == ("a", "b", "c")


def test_a_store_of_one_file_stays_one_when_parts_would_be_smaller_now(pictures, root, monkeypatch):
    monkeypatch.setattr(building, "PART_BYTES", 100 * PICTURE)
    before = prepare(pictures, 16, 3, root)
    monkeypatch.setattr(building, "PART_BYTES", 5 * PICTURE)
    decoded = watch_decoding(monkeypatch)
    assert isinstance(prepare(pictures, 16, 3, root).images, np.memmap) and not decoded and before.labels is not None


def test_skipped_pictures_leave_gaps_in_no_part_and_labels_with_their_pictures(pictures, root):
    for name in ("a/00.png", "b/05.png", "b/07.png"):
        (pictures / name).write_bytes(b"x")
    for name in ("c/10.png", "c/11.png"):  # the whole of the last part
        (pictures / name).write_bytes(b"x")
    store = prepare(pictures, 16, 3, root)
    assert store.images.counts == [4, 3, 0] and [name for name, _ in store.skipped][0] == "a/00.png"
    assert reds(store) == [i * 20 for i in (1, 2, 3, 4, 6, 8, 9)]
    assert store.labels.tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_no_part_has_a_usable_picture(pictures, root):
    for path in pictures.glob("*/*.png"):
        path.write_bytes(b"x")
    with pytest.raises(ValueError, match="None of the 12 pictures"):
        prepare(pictures, 16, 3, root)
    assert folders(root) == []


def test_there_are_not_too_many_parts():
    files = building.layout(10_000, PICTURE)
    assert len(files) <= building.MOST_PARTS
    assert [i for places in files.values() for i in places] == list(range(10_000))


class Cancelled(Exception):
    pass


def break_off(pictures, root, monkeypatch, after: int) -> None:
    """Cancel a preparation when it has decoded that many pictures."""
    monkeypatch.setattr(building, "seldom", lambda report: report)

    def cancel(done, total):
        if done > after:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare(pictures, 16, 3, root, cancel)


def test_a_cancelled_preparation_goes_on_with_its_finished_parts(pictures, root, monkeypatch):
    (pictures / "a/01.png").write_bytes(b"x")
    break_off(pictures, root, monkeypatch, after=11)
    assert len(folders(root)) == 1 and folders(root)[0].endswith(".partial")
    decoded, reported = watch_decoding(monkeypatch), []
    store = prepare(pictures, 16, 3, root, lambda done, total: reported.append((done, total)))
    assert sorted(decoded) == [10, 11] and reported == [(11, 12), (12, 12), (12, 12)]
    assert reds(store) == [i * 20 for i in range(12) if i != 1] and store.skipped == [("a/01.png", "not an image")]
    assert store.labels.tolist() == [0] * 3 + [1] * 4 + [2] * 4 and folders(root) == [store.path.name]


def test_before_the_first_part_is_finished_there_is_nothing_to_go_on_with(pictures, root, monkeypatch):
    break_off(pictures, root, monkeypatch, after=3)
    assert folders(root) == []


@pytest.mark.parametrize("damage", ["cut", "torn journal", "other places"])
def test_a_finished_part_that_is_no_longer_sound_is_made_again(pictures, root, monkeypatch, damage):
    break_off(pictures, root, monkeypatch, after=11)
    partial = root / folders(root)[0]
    journal = (partial / "parts.jsonl").read_text()
    if damage == "cut":
        os.truncate(partial / building.part_name(1), 200)
    elif damage == "torn journal":
        (partial / "parts.jsonl").write_text(journal[:-9])
    else:
        (partial / "parts.jsonl").write_text(journal.replace('"start": 5', '"start": 4'))
    decoded = watch_decoding(monkeypatch)
    store = prepare(pictures, 16, 3, root)
    assert sorted(decoded) == [5, 6, 7, 8, 9, 10, 11] and reds(store) == [i * 20 for i in range(12)]


def test_a_changed_source_begins_anew(pictures, root, monkeypatch):
    break_off(pictures, root, monkeypatch, after=11)
    Image.new("RGB", (20, 24), (7, 0, 0)).save(pictures / "a/00.png")
    assert reds(prepare(pictures, 16, 3, root))[0] == 7
    assert len(folders(root)) == 2  # what was broken off may still be gone on with


def test_what_nobody_went_on_with_is_swept_away(pictures, root, monkeypatch):
    break_off(pictures, root, monkeypatch, after=11)
    journal = root / folders(root)[0] / "parts.jsonl"
    week_ago = time.time() - building.KEPT_SECONDS - 1
    os.utime(journal, (week_ago, week_ago))
    other = prepare("drawn:3", 16, 3, root)
    assert folders(root) == [other.path.name]


def test_a_killed_preparation_goes_on(root):
    code = (
        "import os, sys; from gan_core.data import building, prepare\n"
        "building.seldom, last = lambda report: report, int(sys.argv[1])\n"
        f"building.PART_BYTES = 50 * {PICTURE}\n"
        f"prepare('drawn:1200', 16, 3, {str(root)!r}, lambda done, total: done == last and os.kill(os.getpid(), 9))"
    )
    assert subprocess.run([sys.executable, "-c", code, "120"]).returncode == -signal.SIGKILL
    assert list(root.glob(".*.partial/part-00002.npy"))
    (kept,) = root.glob(".*.partial/part-00001.npy")
    inode = kept.stat().st_ino
    other = prepare("drawn:4", 16, 3, root)  # leaves alone what can be gone on with
    assert subprocess.run([sys.executable, "-c", code, "-1"]).returncode == 0
    (name,) = set(folders(root)) - {other.path.name}
    assert (root / name / "part-00001.npy").stat().st_ino == inode and len(load_store(root / name).images) == 1200


def test_only_the_broken_part_of_a_store_is_made_again(pictures, root, monkeypatch):
    store = prepare(pictures, 16, 3, root)
    os.truncate(store.path / building.part_name(1), 300)
    with pytest.raises(ValueError, match=r"are missing or damaged: part-00001\.npy\.$"):
        load_store(store.path)
    decoded = watch_decoding(monkeypatch)
    again = prepare(pictures, 16, 3, root)
    assert sorted(decoded) == [5, 6, 7, 8, 9] and reds(again) == [i * 20 for i in range(12)]
    assert again.labels.tolist() == store.labels.tolist() and folders(root) == [again.path.name]


def test_a_part_that_was_exchanged_is_noticed(pictures, root):
    store = prepare(pictures, 16, 3, root)
    np.save(store.path / building.part_name(2), np.zeros((3, 16, 16, 3), np.uint8))
    with pytest.raises(ValueError, match="missing or damaged"):
        load_store(store.path)
    assert json.loads((store.path / "store.json").read_text())["parts"] == [5, 5, 2]


def test_a_training_resumed_in_the_middle_of_an_epoch_ends_as_one_on_a_single_array(root, tiny, monkeypatch):
    monkeypatch.setattr(building, "PART_BYTES", 15 * 32 * 32 * 3)
    images = prepare("drawn:40", 32, 3, root).images
    assert images.counts == [15, 15, 10]
    whole, first, second = Trainer(tiny, images[:]), Trainer(tiny, images), Trainer(tiny, images)
    for _ in range(7):
        whole.step()
    for _ in range(3):
        first.step()
    second.load_state_dict(first.state_dict())
    for _ in range(4):
        second.step()
    assert whole.nimg == second.nimg == 56
    assert all(torch.equal(a, b) for a, b in zip(whole.G.parameters(), second.G.parameters(), strict=True))
