import json
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_core.data import prepare
from gan_core.data.doctor import Report, examine
from gan_core.data.doctor.report import recall, remember


def noise(seed: int, size: int = 48, mode: str = "RGB") -> Image.Image:
    """A picture of soft blobs, unlike that of any other seed."""
    shape = (6, 6) if mode == "L" else (6, 6, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(10):
        noise(i).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "datasets"


def test_the_facts_of_plain_pictures(folder, root):
    noise(20).resize((72, 48)).save(folder / "wide.jpg")
    noise(21, mode="L").save(folder / "grey.png")
    report = examine(folder, root)
    assert (report.name, report.count, report.usable, report.unreadable) == ("pictures", 12, 12, [])
    assert (report.widths, report.heights, report.side) == ((48, 48, 72), (48, 48, 48), (48, 48, 48))
    assert report.sides == {48: 12} and report.at_least(48) == 1 and report.at_least(49) == 0
    assert report.aspects["square"] == 11 and report.aspects["landscape"] == 1
    assert report.colours == {"colour": 11, "grey": 1} and report.grey == 1
    assert report.copies == [] and report.passed_over == {} and report.cut_away == 0


@pytest.mark.parametrize(
    ("image", "colours"),
    [
        (Image.new("RGBA", (32, 32)), "transparent"),
        (Image.new("CMYK", (32, 32)), "CMYK"),
        (Image.fromarray(np.zeros((32, 32), np.uint16)), "16 bit or more"),
        (Image.new("1", (32, 32)), "black and white"),
        (Image.new("P", (32, 32)), "palette"),
    ],
)
def test_how_colours_are_stored(folder, root, image, colours):
    image.save(folder / "odd.tif" if image.mode == "CMYK" else folder / "odd.png")
    assert examine(folder, root).colours == {"colour": 10, colours: 1}


def test_grey_pictures_saved_in_colour_are_grey(folder, root):
    for i in range(3):
        noise(30 + i, mode="L").convert("RGB").save(folder / f"photo-{i}.jpg", quality=60)
    assert examine(folder, root).grey == 3


def test_a_turned_photograph_counts_as_one_sees_it(folder, root):
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(40).resize((120, 80)).save(folder / "turned.jpg", exif=exif)
    report = examine(folder, root)
    assert report.aspects["upright"] == 1 and report.heights[2] == 120


def test_animated_and_misnamed_pictures_are_named(folder, root):
    noise(50).save(folder / "moving.gif", save_all=True, append_images=[noise(51)])
    noise(52).save(folder / "wrong.jpg", "PNG")
    report = examine(folder, root)
    assert (report.animated.count, report.animated.names) == (1, ["moving.gif"])
    assert (report.misnamed.count, report.misnamed.names) == (1, ["wrong.jpg"])


@pytest.mark.parametrize("zipped", [False, True])
def test_everything_that_is_passed_over_is_reported(folder, root, zipped):
    noise(60).save(folder / "photo.dat", "JPEG")
    (folder / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0")
    (folder / "notes.txt").write_text("notes")
    (folder / "film.mp4").write_bytes(b"x")
    (folder / "labels.csv").write_text("file,label\n")
    (folder / ".hidden.png").write_bytes(b"x")
    (folder / "strange").write_bytes(b"")
    data = folder
    if zipped:
        data = folder.with_suffix(".zip")
        with zipfile.ZipFile(data, "w") as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
    else:
        (folder / "elsewhere").symlink_to(root, target_is_directory=True)
    found = {kind: (each.count, each.names) for kind, each in examine(data, root).passed_over.items()}
    closed = {} if zipped else {"folders not looked into: links, or not allowed": (1, ["elsewhere/"])}
    assert found == closed | {
        "pictures whose names do not end like a picture's": (1, ["photo.dat"]),
        "pictures in a format that is not read": (1, ["IMG_1.HEIC"]),
        "text files and lists": (1, ["notes.txt"]),
        "videos": (1, ["film.mp4"]),
        "hidden files and folders": (1, [".hidden.png"]),
        "other files": (1, ["strange"]),
    }


def test_classes_are_counted_by_their_usable_pictures(tmp_path, root):
    for name, count in {"cat": 3, "dog": 2}.items():
        (tmp_path / "sets" / name).mkdir(parents=True)
        for i in range(count):
            noise(count * 10 + i).save(tmp_path / "sets" / name / f"{i}.png")
    (tmp_path / "sets" / "dog" / "1.png").write_bytes(b"no picture")
    report = examine(tmp_path / "sets", root)
    assert report.classes == {"cat": 3, "dog": 1}
    assert examine(tmp_path / "sets", root, labels="none").classes == {}


def test_a_second_look_reads_no_picture_again(folder, root, monkeypatch):
    noise(70, 144).save(folder / "large.png")  # 144 is more than 48, but "144" is less than "48"
    first = examine(folder, root)
    monkeypatch.setattr("gan_core.data.doctor.examination.look", lambda *_: pytest.fail("a picture was read"))
    (folder / "new.txt").write_text("beside the pictures")
    second = examine(folder, root)
    assert second.passed_over["text files and lists"].count == 1
    assert second.to_dict() | {"passed_over": {}} == first.to_dict()


def test_a_changed_picture_is_looked_at_again(folder, root):
    examine(folder, root)
    (folder / "3.png").write_bytes(b"spoilt")
    assert examine(folder, root).unreadable == [("3.png", "not an image")]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 0}', "null", "half", "changed", "digits"])
def test_a_damaged_or_old_report_is_ignored(folder, root, damage):
    whole = examine(folder, root)
    (path,) = (root / "doctor").iterdir()
    text = path.read_text()
    bad = {"half": text[: len(text) // 2], "changed": text.replace('"count": 10', '"count": "x"')}
    path.write_text(bad.get(damage, text.replace("48", "49") if damage == "digits" else damage))
    assert recall(path) is None
    assert examine(folder, root) == whole and recall(path) is not None


def test_a_report_survives_json(folder, root):
    (folder / "3.png").write_bytes(b"spoilt")
    Image.open(folder / "4.png").save(folder / "again.bmp")
    report = examine(folder, root)
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_where_nothing_can_be_written_a_look_still_works(folder, tmp_path):
    (tmp_path / "file").write_text("")
    assert examine(folder, tmp_path / "file").count == 10
    remember(examine(folder, tmp_path / "other"), tmp_path / "file" / "report.json")


def test_progress_can_cancel_and_leaves_nothing(root):
    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        seen.append((done, total))
        raise Cancelled

    seen = []
    with pytest.raises(Cancelled):
        examine("drawn:20000", root, cancel)
    assert [total for _, total in seen] == [20000] and not (root / "doctor").exists()


def test_duplicates_are_dropped_on_demand(folder, root):
    for name, quality in {"a.jpg": 95, "b.jpg": 60}.items():
        noise(3, 64).save(folder / name, quality=quality)
    kept = prepare(str(folder), 16, 3, root)
    dropped = prepare(str(folder), 16, 3, root, duplicates="drop")
    assert len(kept.images) == 12 and len(dropped.images) == 10 and kept.path != dropped.path
    assert dropped.skipped == [("3.png", "a duplicate of a.jpg"), ("b.jpg", "a duplicate of a.jpg")]
    assert prepare(str(folder), 16, 3, root, duplicates="drop").path == dropped.path


def test_of_duplicates_one_with_a_label_stays(folder, root):
    noise(3, 64).save(folder / "large.png")
    rows = [f"{i}.png,{'even' if i % 2 == 0 else 'odd'}" for i in range(10)]
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]))
    store = prepare(str(folder), 16, 3, root, duplicates="drop")
    assert store.skipped == [("large.png", "no label")] and len(store.images) == 10


def test_pictures_of_any_number(tmp_path, root):
    for count in (1, 2, 3):
        (tmp_path / str(count)).mkdir()
        for i in range(count):
            noise(i).save(tmp_path / str(count) / f"{i}.png")
        assert examine(tmp_path / str(count), root).usable == count


def test_many_duplicates_are_not_reported_one_by_one(folder, root):
    for i in range(500):
        (folder / f"again-{i}.png").write_bytes((folder / "3.png").read_bytes())
    calls, began = [], time.monotonic()
    report = examine(folder, root, lambda done, total: calls.append(done))
    assert report.exact_copies == 500 and len(calls) <= 2 + 10 * (time.monotonic() - began)


def test_where_no_picture_can_be_read_there_is_a_report_all_the_same(tmp_path, root):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").write_bytes(b"")
    report = examine(tmp_path / "set", root)
    assert (report.usable, report.side, report.unreadable) == (0, (0, 0, 0), [("a.png", "not an image")])
