import io
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from gan_core.data.sources import open_source


def picture(colour="red", kind="PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(file, kind)
    return file.getvalue()


def make_zip(path: Path, members: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=options.get("compression"))
    return path


def refusal(data) -> str:
    """The sentence with which a source is refused."""
    with pytest.raises(ValueError) as caught:
        open_source(str(data))
    text = str(caught.value)
    assert text.endswith((".", ").")) and "\n" not in text and "Errno" not in text and "Path(" not in text
    return text


def test_the_library_needs_neither_gradio_nor_torch():
    code = "import sys, gan_core.data; print({'torch', 'gradio'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_folder_is_read_recursively_and_in_order(tmp_path):
    for name in ("b.PNG", "a/z.jpeg", "a/c.webp", ".hidden/x.png", "__MACOSX/x.png", "a/.x.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(picture())
    with open_source(str(tmp_path)) as source:
        assert source.items == ["a/c.webp", "a/z.jpeg", "b.PNG"]
        assert source.name == tmp_path.name
        assert source.open(2).getpixel((0, 0)) == (255, 0, 0)


def test_linked_folders_do_not_lead_in_circles(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_bytes(picture())
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert open_source(str(tmp_path)).items == ["a/x.png"]


def test_names_that_are_no_text_are_shown_all_the_same(tmp_path):
    try:
        Path(os.fsdecode(bytes(tmp_path) + b"/\xff.png")).write_bytes(picture())
    except OSError:
        pytest.skip("this disk takes no such names")
    source = open_source(str(tmp_path))
    assert source.items == ["\ufffd.png"] and source.open(0).size == (16, 16)


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats/x.png").write_bytes(picture())
    assert open_source("~/cats").name == "cats"


def test_a_folder_has_a_new_fingerprint_when_a_file_changes(tmp_path):
    (tmp_path / "x.png").write_bytes(picture())
    first = open_source(str(tmp_path)).fingerprint
    assert open_source(str(tmp_path)).fingerprint == first
    os.utime(tmp_path / "x.png", ns=(1, 1))
    second = open_source(str(tmp_path)).fingerprint
    (tmp_path / "x.png").rename(tmp_path / "y.png")
    assert len({first, second, open_source(str(tmp_path)).fingerprint}) == 3


def test_a_zip_is_known_by_its_pictures_not_by_its_place(tmp_path):
    one = open_source(str(make_zip(tmp_path / "one.zip", {"b/x.png": picture(), "a.jpg": b"", "read.me": b"hi"})))
    two = open_source(str(make_zip(tmp_path / "two.zip", {"a.jpg": b"", "b/x.png": picture()})))
    other = open_source(str(make_zip(tmp_path / "three.zip", {"a.jpg": b"", "b/x.png": picture("blue")})))
    assert one.items == ["a.jpg", "b/x.png"] and one.name == "one"
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_a_zip_can_be_read_by_many_threads(tmp_path):
    members = {f"{i:03d}.png": picture((i, 0, 0)) for i in range(200)}
    path = make_zip(tmp_path / "x.zip", members, compression=zipfile.ZIP_DEFLATED)
    with open_source(str(path)) as source, ThreadPoolExecutor(8) as pool:
        reds = list(pool.map(lambda i: source.open(i).getpixel((0, 0))[0], range(200)))
    assert reds == list(range(200))


def test_drawn_faces():
    assert len(open_source("drawn").items) == 5000
    three = open_source("drawn:3")
    assert len(three.items) == 3 and three.open(0, 32).size == (32, 32)
    assert three.fingerprint != open_source("drawn:4").fingerprint


@pytest.mark.parametrize("data", ["drawn:0", "drawn:", "drawn:-1", "drawn:x", "drawn:200001", "drawn:1.5", "drawn:²"])
def test_a_wrong_number_of_drawn_faces(data):
    assert "from 1 to 200,000" in refusal(data)


def test_what_is_no_source(tmp_path):
    assert refusal("").startswith("Name a folder of pictures, a .zip file, “drawn”, mnist, ")
    assert refusal(tmp_path / "nope") == f"There is no {tmp_path / 'nope'}."
    assert refusal("a\0b") and refusal("x" * 5000)
    (tmp_path / "notes.txt").write_text("hi")
    assert "neither a folder nor a .zip" in refusal(tmp_path / "notes.txt")
    assert "holds no pictures" in refusal(tmp_path)
    assert "holds no pictures" in refusal(make_zip(tmp_path / "x.zip", {"notes.txt": b"hi", "__MACOSX/a.png": b"x"}))


def test_a_broken_zip(tmp_path):
    whole = make_zip(tmp_path / "x.zip", {"a.png": picture()}).read_bytes()
    for data in (b"", b"PK\x03\x04", b"no zip at all", whole[: len(whole) // 2]):
        (tmp_path / "x.zip").write_bytes(data)
        assert refusal(tmp_path / "x.zip").startswith("x.zip is not a readable zip")


OUTSIDE = ["../a.png", "b/../../a.png", "/a.png", "C:/a.png", "c:a.png", "b\\a.png", "..\\a.txt"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_members_that_point_outside(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    path = make_zip(inside / "x.zip", {"good.png": picture(), name: picture()})
    assert f"“{name}” points outside" in refusal(path)
    assert [p.name for p in tmp_path.rglob("*")] == ["inside", "x.zip"]


def forged(path: Path, offset: int, value: bytes) -> Path:
    """The zip with other bytes in its directory's first entry."""
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + offset
    data[place : place + len(value)] = value
    path.write_bytes(data)
    return path


def test_bombs(tmp_path):
    path = make_zip(tmp_path / "x.zip", {"a.png": picture()})
    assert "over 256 MiB" in refusal(forged(path, 24, (2**28 + 1).to_bytes(4, "little")))
    many = make_zip(tmp_path / "y.zip", {f"{i}.png": b"" for i in range(5)})
    data = bytearray(many.read_bytes())
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 24 : place + 28] = (2**28).to_bytes(4, "little")
    many.write_bytes(data)
    assert "1.2 GiB, which looks like a zip bomb" in refusal(many)


@pytest.mark.parametrize("claimed", [20, 10_000])
def test_a_lying_zip_gives_no_picture(tmp_path, claimed):
    path = make_zip(tmp_path / "x.zip", {"a.png": picture() + bytes(5000)}, compression=zipfile.ZIP_DEFLATED)
    source = open_source(str(forged(path, 24, claimed.to_bytes(4, "little"))))
    with pytest.raises(zipfile.BadZipFile):
        source.open(0)


def test_encrypted_and_oddly_packed(tmp_path):
    path = make_zip(tmp_path / "x.zip", {"a.png": picture()})
    assert "without a password" in refusal(forged(path, 8, b"\x01"))
    assert "unusual compression" in refusal(make_zip(tmp_path / "y.zip", {"a.png": b""}, compression=zipfile.ZIP_LZMA))
