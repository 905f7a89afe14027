import gzip
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from gan_core.data import prepare
from gan_core.data.doctor import examine
from gan_core.data.sources import open_source


def picture(red=255, kind="PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (red, 0, 0)).save(file, kind)
    return file.getvalue()


def make_tar(path: Path, members: dict[str, bytes], **options) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w", **options) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def samples(start: int, count: int) -> dict[str, bytes]:
    """Pictures as red as their number, of the classes 0, 1 and 2 in turn."""
    members = {}
    for i in range(start, start + count):
        members |= {f"{i:06d}.png": picture(i), f"{i:06d}.cls": b"%d\n" % (i % 3)}
    return members


@pytest.fixture
def shards(tmp_path) -> Path:
    for number in range(3):
        make_tar(tmp_path / "shards" / f"set-{number:03d}.tar", samples(10 * number, 10))
    return tmp_path / "shards"


def refusal(data) -> str:
    with pytest.raises(ValueError) as caught:
        open_source(str(data))
    return str(caught.value)


def test_a_folder_of_tars_is_one_set_in_order(shards):
    with open_source(str(shards)) as source:
        assert source.name == "shards" and len(source.items) == 30
        assert source.items[0] == "000000.png in set-000.tar" and source.items[29] == "000029.png in set-002.tar"
        with ThreadPoolExecutor(4) as pool:
            reds = list(pool.map(lambda i: source.open(i).getpixel((0, 0))[0], range(30)))
    assert reds == list(range(30)) and source.labels == [str(i % 3) for i in range(30)]


def test_labels_survive_the_preparation(shards, tmp_path):
    store = prepare(str(shards), 16, 3, tmp_path / "stores")
    assert store.images[:, 0, 0, 0].tolist() == list(range(30)) and store.classes == ("0", "1", "2")
    assert store.labels.tolist() == [i % 3 for i in range(30)]


def test_the_doctor_looks_into_tars(shards, tmp_path):
    assert examine(str(shards), tmp_path / "stores").count == 30


def test_one_tar(shards):
    source = open_source(str(shards / "set-001.tar"))
    assert source.name == "set-001" and source.open(3).getpixel((0, 0)) == (13, 0, 0)


def test_pictures_beside_tars_come_first(shards):
    (shards / "x.png").write_bytes(picture())
    assert open_source(str(shards)).items == ["x.png"]


def test_a_tar_that_changes_is_another_set(shards):
    first = open_source(str(shards)).fingerprint
    assert open_source(str(shards)).fingerprint == first
    make_tar(shards / "set-001.tar", samples(10, 11))
    source = open_source(str(shards))
    assert source.fingerprint != first and len(source.items) == 31


@pytest.mark.parametrize(
    ("members", "items"),
    [
        ({"a.jpg": b"x", "a.seg.png": b"x", "a.json": b"{}"}, ["a.jpg"]),
        ({"a.seg.png": b"x", "a.jpg": b"x"}, ["a.jpg"]),
        ({"a.1.png": b"x", "a.2.png": b"x"}, ["a.1.png", "a.2.png"]),
        ({"x/a.b/1.JPG": b"x", "./2.png": b"x"}, ["x/a.b/1.JPG", "./2.png"]),
        ({"._a.jpg": b"x", "__MACOSX/b.jpg": b"x", ".c/d.jpg": b"x", "e.jpg": b"x", "f.npy": b""}, ["e.jpg"]),
        ({"x" * 150 + ".png": b"x", "ü.png": b"x"}, ["x" * 150 + ".png", "ü.png"]),
    ],
)
def test_which_members_are_pictures(tmp_path, members, items):
    source = open_source(str(make_tar(tmp_path / "x.tar", members)))
    assert source.items == [f"{name} in x.tar" for name in items]


@pytest.mark.parametrize(
    ("ending", "texts", "labels"),
    [
        ("cls", ["0", "1\n", " 1"], ["0", "1", "1"]),
        ("json", ['{"label": 3}', '{"class": "cat"}', '{"label": [1], "category": "dog"}'], ["3", "cat", "dog"]),
        ("json", ["[", "[1]", '{"caption": "x"}'], None),
        ("txt", ["cat", "cat", "cat"], ["cat", "cat", "cat"]),
        ("txt", ["a cat", "two cats", "a dog"], None),
        ("txt", ["x" * 101] * 3, None),
        ("cls", ["0", "", "1"], ["0", None, "1"]),
    ],
)
def test_labels_of_each_kind(tmp_path, ending, texts, labels):
    members = {}
    for i, text in enumerate(texts):
        members |= {f"{i}.{ending}": text.encode(), f"{i}.png": b"x"}
    assert open_source(str(make_tar(tmp_path / "x.tar", members))).labels == labels


def test_the_surest_kind_of_label_counts(tmp_path):
    members = {}
    for i in range(4):
        members |= {f"{i}.png": b"x", f"{i}.txt": b"text", f"{i}.json": json.dumps({"label": "json"}).encode()}
    members["3.cls"] = b"7"
    assert open_source(str(make_tar(tmp_path / "x.tar", members))).labels == [None, None, None, "7"]


def test_folders_in_tars_are_classes_and_tars_are_none(tmp_path):
    for number in range(2):
        make_tar(tmp_path / "pets" / f"{number}.tar", {f"{pet}/{number}.png": picture(9) for pet in ("cat", "dog")})
    store = prepare(str(tmp_path / "pets"), 16, 3, tmp_path / "stores")
    assert store.classes == ("cat", "dog") and store.labels.tolist() == [0, 1, 0, 1]
    for number in range(2):
        make_tar(tmp_path / "plain" / f"{number}.tar", {f"{i}.png": picture(i) for i in range(2)})
    assert prepare(str(tmp_path / "plain"), 16, 3, tmp_path / "stores").classes == ()


def test_links_in_tars_lead_nowhere(tmp_path):
    path = make_tar(tmp_path / "x.tar", {"a.png": picture()})
    with tarfile.open(path, "a") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            link = tarfile.TarInfo(f"{kind!r}.png")
            link.type, link.linkname = kind, "/etc/passwd"
            archive.addfile(link)
    assert open_source(str(path)).items == ["a.png in x.tar"]


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def scratch_second_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"000010.cls")] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"x" * 5000),
        lambda path: path.write_bytes(gzip.compress(path.read_bytes())),
        lambda path: cut(path, 700),
        lambda path: cut(path, 1100),
        scratch_second_header,
    ],
)
def test_a_broken_tar_is_named_in_one_sentence(shards, damage):
    damage(shards / "set-001.tar")
    what = "it may be compressed, broken or only partly copied"
    assert refusal(shards) == f"set-001.tar is not a readable tar; {what}."


def test_a_tar_without_pictures(tmp_path):
    path = make_tar(tmp_path / "tars" / "x.tar", {"a.txt": b"hi"})
    assert refusal(path).startswith("The tar x.tar holds no pictures (jpg, ")
    make_tar(tmp_path / "tars" / "y.tar", {"a.txt": b"hi"})
    assert refusal(path.parent).startswith(f"The folder {path.parent} holds no pictures (jpg, ")


def test_damaged_pictures_in_tars_are_skipped_by_name(tmp_path):
    path = make_tar(tmp_path / "x.tar", {"a.png": picture(), "b.png": b"<html>", "c.png": picture()[:40]})
    store = prepare(str(path), 16, 3, tmp_path / "stores")
    assert [name for name, _ in store.skipped] == ["b.png in x.tar", "c.png in x.tar"] and len(store.images) == 1
