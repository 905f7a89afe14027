import io
import itertools
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gan_core import download
from gan_core.data.store import load_store, prepare


def save(folder, name, colour="red"):
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (20, 24), colour).save(folder / name)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for i in range(12):
        save(folder, f"{i:02d}.png", (i * 20, 0, 0))
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "stores"


def reds(store) -> list[int]:
    return store.images[:, 0, 0, 0].tolist()


def left(root) -> list[str]:
    """What lies in `root` but the empty lock files."""
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


def test_a_store_is_what_it_says(pictures, root):
    store = prepare(str(pictures), 16, 3, root)
    assert left(root) == [store.path.name] and store.path.name.startswith("pictures-16-")
    images = np.load(store.path / "images.npy", mmap_mode="r")
    assert images.shape == (12, 16, 16, 3) and images.dtype == np.uint8
    assert reds(store) == [i * 20 for i in range(12)] and isinstance(store.images, np.memmap)
    about = json.loads((store.path / "store.json").read_text())
    assert about["name"] == store.name == "pictures" and about["count"] == 12 and about["skipped"] == []


def test_size_and_channels_each_have_a_store(pictures, root):
    shapes = {prepare(str(pictures), size, c, root).images.shape[1:] for size in (16, 20) for c in (1, 3)}
    assert shapes == {(16, 16, 1), (16, 16, 3), (20, 20, 1), (20, 20, 3)}
    assert len(left(root)) == 4 and sum("-grey-" in name for name in left(root)) == 2


def test_bad_pictures_are_skipped_by_name_and_reason(pictures, root):
    (pictures / "03.png").write_bytes(b"")
    (pictures / "05.png").write_bytes(b"<html>not found</html>")
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, "PNG")
    (pictures / "07.png").write_bytes(whole.getvalue()[:3000])
    Image.new("L", (5, 9)).save(pictures / "09.png")
    (pictures / "11.png").unlink()
    (pictures / "11.png").symlink_to("nowhere")
    store = prepare(str(pictures), 16, 3, root)
    assert store.skipped == [
        ("03.png", "not an image"),
        ("05.png", "not an image"),
        ("07.png", "the file ends early"),
        ("09.png", "only 5×9 pixels"),
        ("11.png", "the file is gone"),
    ]
    assert reds(store) == [i * 20 for i in (0, 1, 2, 4, 6, 8, 10)]
    assert prepare(str(pictures), 16, 3, root).skipped == store.skipped


def test_a_member_damaged_in_its_zip_is_skipped(tmp_path, root):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.png", "b.png"):
            file = io.BytesIO()
            Image.new("RGB", (20, 20), "red").save(file, "PNG")
            archive.writestr(name, file.getvalue())
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 8] ^= 255
    path.write_bytes(data)
    store = prepare(str(path), 16, 3, root)
    assert store.skipped == [("a.png", "damaged inside the zip")] and len(store.images) == 1


def test_nothing_usable(pictures, root):
    for path in pictures.iterdir():
        path.write_bytes(b"x")
    save(pictures, "00.png")
    Image.new("L", (5, 9)).save(pictures / "00.png")
    with pytest.raises(ValueError, match=r"None of the 12 pictures .* most often: not an image \(11 times\)\.$"):
        prepare(str(pictures), 16, 3, root)
    assert left(root) == []


def test_the_second_call_decodes_nothing(pictures, root):
    first = prepare(str(pictures), 16, 3, root)
    before = (first.path / "images.npy").stat()
    for path in pictures.iterdir():  # the same names, sizes and times, but nothing to decode any more
        stat = path.stat()
        path.write_bytes(bytes(stat.st_size))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = prepare(str(pictures), 16, 3, root)
    assert reds(second) == reds(first) and second.path == first.path
    assert (second.path / "images.npy").stat().st_ino == before.st_ino


def test_a_changed_source_is_another_store(pictures, root):
    first = prepare(str(pictures), 16, 3, root)
    save(pictures, "99.png", (7, 0, 0))
    second = prepare(str(pictures), 16, 3, root)
    assert second.path != first.path and len(first.images) == 12 and reds(second)[-1] == 7


def test_progress_is_sparse_and_ends_at_the_total(root, monkeypatch):
    calls = []
    # Every look at the clock is a hundredth of a second later.
    monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=itertools.count(step=0.01).__next__))
    prepare("drawn:250", 16, 3, root, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (250, 250) and calls == sorted(calls) and all(total == 250 for _, total in calls)
    assert 10 < len(calls) < 30


class Cancelled(Exception):
    pass


def test_cancelling_leaves_nothing(root, wait_for):
    def cancel(done, total):
        raise Cancelled

    before = set(threading.enumerate())
    with pytest.raises(Cancelled):
        prepare("drawn:20000", 16, 3, root, cancel)
    assert left(root) == []
    wait_for(lambda: set(threading.enumerate()) <= before)
    assert len(prepare("drawn:20", 16, 3, root).images) == 20


def cut(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: cut(path / "images.npy"),
        lambda path: (path / "images.npy").write_bytes(b""),
        lambda path: (path / "images.npy").open("ab").write(b"x"),
        lambda path: np.save(path / "images.npy", np.zeros((11, 16, 16, 3), np.uint8)),
        lambda path: (path / "images.npy").unlink(),
        lambda path: cut(path / "store.json"),
        lambda path: (path / "store.json").write_text("[]"),
        lambda path: shutil.rmtree(path),
    ],
)
def test_a_damaged_store_is_made_again(pictures, root, damage):
    path = prepare(str(pictures), 16, 3, root).path
    damage(path)
    with pytest.raises(ValueError, match="missing or damaged"):
        load_store(path)
    store = prepare(str(pictures), 16, 3, root)
    assert reds(store) == [i * 20 for i in range(12)] and left(root) == [path.name]


HELD_UP = """
import sys
from pathlib import Path
from gan_core.data import prepare

def hold(done, total):
    print("going", flush=True)
    sys.stdin.read()

prepare("drawn:20000", 16, 3, Path(sys.argv[1]), hold)
"""


def test_a_killed_preparation_is_cleared_away(root):
    command = [sys.executable, "-c", HELD_UP, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "going\n"
        assert list(root.glob(".*.partial/images.npy"))
        # What is being made is left alone, and does not stop other work.
        other = prepare("drawn:3", 16, 3, root)
        assert list(root.glob(".*.partial"))
        process.kill()
    assert list(root.glob(".*.partial"))
    last = prepare("drawn:4", 16, 3, root)
    assert left(root) == sorted([other.path.name, last.path.name])


def _prepare(root, queue):
    queue.put(prepare("drawn:150", 16, 3, root).images[:].tobytes())


def test_two_processes_at_once_both_end_well(root):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_prepare, args=(root, queue)) for _ in range(2)]
    for process in processes:
        process.start()
    first, second = queue.get(timeout=300), queue.get(timeout=300)
    for process in processes:
        process.join()
    assert first == second and len(left(root)) == 1


def test_threads_at_once_and_a_waiting_one_can_be_cancelled(root):
    started, going_on, results = threading.Event(), threading.Event(), []

    def hold(done, total):
        started.set()
        assert going_on.wait(300)

    worker = threading.Thread(target=lambda: results.append(prepare("drawn:600", 16, 3, root, hold)))
    worker.start()
    assert started.wait(300)

    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare("drawn:600", 16, 3, root, cancel)
    going_on.set()
    both = prepare("drawn:600", 16, 3, root)
    worker.join()
    assert results[0].path == both.path and left(root) == [both.path.name]


def test_a_full_disk_is_noticed_before_starting(pictures, root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(ValueError, match=r"not enough disk space in .* needs .* GB are free\.$"):
        prepare(str(pictures), 16, 3, root)
    assert left(root) == []


def test_a_root_that_cannot_be_written(pictures, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="Cannot write to"):
        prepare(str(pictures), 16, 3, tmp_path / "file" / "stores")


@pytest.mark.parametrize(("size", "channels"), [(0, 3), (4096, 3), (64, 2)])
def test_impossible_shapes(pictures, root, size, channels):
    with pytest.raises(ValueError, match=r"not \d+\.$"):
        prepare(str(pictures), size, channels, root)
