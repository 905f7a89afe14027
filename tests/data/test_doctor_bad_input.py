"""Bad files by the thousand: none of them stops the doctor, and none is left out of its report."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_core.data import prepare
from gan_core.data.doctor import examine, suggestions

EACH = 100
pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF")


def picture(seed: int, kind: str = "PNG", size: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def animation(seed: int) -> bytes:
    file = io.BytesIO()
    frames = [Image.open(io.BytesIO(picture(seed + i))) for i in range(2)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def spoilt(seed: int, kind: str) -> bytes:
    """A picture with a few of its bytes replaced, perhaps still readable."""
    data, rng = bytearray(picture(seed, kind)), np.random.default_rng(seed)
    for place in rng.integers(0, len(data), 30):
        data[place] = rng.integers(256)
    return bytes(data)


BAD = {  # how to make one, whether it may still be readable
    "empty.jpg": (lambda i: b"", False),
    "text.png": (lambda i: f"this is no picture, {i}".encode(), False),
    "truncated.jpg": (lambda i: picture(i, "JPEG")[: 20 + 7 * i], False),
    "truncated.png": (lambda i: picture(i)[: 8 + 20 * i], False),
    "truncated.gif": (lambda i: picture(i, "GIF")[: 10 + 5 * i], True),
    "truncated.webp": (lambda i: picture(i, "WEBP")[: 12 + 5 * i], False),
    "noise.tif": (lambda i: b"II*\0" + np.random.default_rng(i).bytes(200), False),
    "noise.jpg": (lambda i: b"\xff\xd8\xff\xe0" + np.random.default_rng(i).bytes(300), False),
    "bomb.png": (lambda i: png_of(100_000 + i, 100_000), False),
    "absurd.png": (lambda i: png_of(1 + i, 1), False),
    "pages.bmp": (lambda i: b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + b"\xff" * 40, False),
    "spoilt.png": (lambda i: spoilt(i, "PNG"), True),
    "spoilt.gif": (lambda i: spoilt(i, "GIF"), True),
    "spoilt.jpg": (lambda i: spoilt(i, "JPEG"), True),
    "animated.gif": (lambda i: animation(1000 + i), True),
    "mislabelled.jpg": (lambda i: picture(2000 + i), True),
    "\udcff odd\n‮<b>'\"&.png": (lambda i: picture(3000 + i), True),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, (make, _) in BAD.items():
        for i in range(EACH):
            (folder / f"{i:03d} {name}").write_bytes(make(i))
    os.mkfifo(folder / "pipe.png")
    (folder / "nowhere.jpg").symlink_to("no such file")
    (folder / "folder.png").mkdir()
    (folder / "notes.txt").write_text("no picture, and not called one")
    return folder


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory):
    return examine(folder, tmp_path_factory.mktemp("root"))


def test_every_bad_file_is_reported(folder, report):
    assert report.count == EACH * len(BAD) + 2 and report.count > 1000
    assert sum(each.count for each in report.passed_over.values()) == 1
    unreadable = {name.encode("utf-8", "surrogateescape") for name, _ in report.unreadable}
    for name, (_, may_be_readable) in BAD.items():
        made = [f"{i:03d} {name}".encode("utf-8", "surrogateescape").decode("utf-8", "replace") for i in range(EACH)]
        if not may_be_readable:
            missed = [each for each in made if each.encode() not in unreadable]
            assert not missed, f"{len(missed)} of {name} passed for pictures"
    assert {"pipe.png": "not a file", "nowhere.jpg": "the file is gone"}.items() <= dict(report.unreadable).items()


def test_reasons_are_a_few_words(report):
    for _, reason in report.unreadable:
        assert 3 < len(reason) < 60 and "Error" not in reason and "0x" not in reason
    assert len({reason for _, reason in report.unreadable}) >= 5


def test_what_can_be_read_is_counted(report):
    assert report.usable >= 3 * EACH and sum(report.sides.values()) == report.usable == sum(report.colours.values())
    assert report.animated.count >= EACH and report.misnamed.count >= EACH
    assert any("cannot be read" in each.sentence for each in suggestions(report))


def test_a_report_about_odd_names_can_be_saved(folder, report, tmp_path):
    assert examine(folder, tmp_path) == examine(folder, tmp_path) == report


def test_preparing_agrees(folder, report, tmp_path):
    store = prepare(str(folder), 16, 3, tmp_path)
    assert store.skipped == report.unreadable and len(store.images) == report.usable


def test_the_same_in_a_zip(folder, report, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file() and "odd" not in path.name:
                archive.write(path, path.name)
    zipped = examine(tmp_path / "bad.zip", tmp_path)
    assert zipped.usable == report.usable - EACH
    assert {name for name, _ in zipped.unreadable} == {n for n, _ in report.unreadable} - {"pipe.png", "nowhere.jpg"}
    assert zipped.passed_over == report.passed_over
