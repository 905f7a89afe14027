import io
import json
import os
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_core.data import load_store, open_source, prepare
from gan_core.data.labels import choose_labels, number_labels

FLAT = [f"{i:02d}.png" for i in range(6)]
ANIMALS = ["cat", "dog", "cat", "bird", "dog", "cat"]


@pytest.fixture(params=["folder", "zip"])
def source_of(request, tmp_path):
    """source_of({name: bytes or None}) lays out a folder or a zip, None being a picture, and returns its path."""

    def make(files: dict[str, bytes | None]) -> str:
        full = {name: shade(i) if data is None else data for i, (name, data) in enumerate(files.items())}
        if request.param == "zip":
            with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
                for name, data in full.items():
                    archive.writestr(name, data)
            return str(tmp_path / "x.zip")
        shutil.rmtree(tmp_path / "x", ignore_errors=True)
        for name, data in full.items():
            path = tmp_path / "x" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, ns=(0, 0))
        return str(tmp_path / "x")

    return make


def shade(i: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (16, 16), i).save(file, "PNG")
    return file.getvalue()


def pictures(names) -> dict[str, None]:
    return dict.fromkeys(names)


def table(rows, sign=",") -> bytes:
    return "\n".join(sign.join(row) for row in rows).encode()


def dataset(pairs) -> bytes:
    return json.dumps({"labels": pairs}).encode()


def chosen(data: str, choice: str = "auto"):
    with open_source(data) as source:
        return choose_labels(source, choice)


def refusal(data: str, choice: str) -> str:
    with pytest.raises(ValueError) as caught:
        chosen(data, choice)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    return str(caught.value)


LABELS_CSV = table([("file", "label"), *zip(FLAT, ANIMALS, strict=True)])


def test_a_store_keeps_the_class_of_each_picture_and_their_names_once(source_of, tmp_path):
    data = source_of(pictures(FLAT) | {"labels.csv": LABELS_CSV})
    store = prepare(data, 16, 1, tmp_path / "stores")
    assert store.classes == ("bird", "cat", "dog") and store.labels.dtype == np.int64
    assert [store.classes[i] for i in store.labels] == ANIMALS
    again = load_store(store.path)
    assert again.classes == store.classes and (again.labels == store.labels).all()


def test_classes_are_in_the_order_people_count():
    assert number_labels(["10", "2", "b", "A", "2"])[1] == ("2", "10", "A", "b")
    assert number_labels(["x 10", "x 9"])[0].tolist() == [1, 0]


def test_stylegan_labels_are_found_by_path(source_of):
    names = ["00000/a.png", "00000/b.png", "00001/a.png"]
    pairs = [["00000/a.png", 3], ["00001/a.png", 10], ["00000/b.png", 3]]
    assert chosen(source_of(pictures(names) | {"dataset.json": dataset(pairs)})) == ["3", "3", "10"]


@pytest.mark.parametrize("about", [dataset(None), b"{}", b"[]", dataset([]), dataset([["00000/a.png", [0.5, 1]]])])
def test_stylegans_folders_are_no_classes_where_it_has_no_labels(source_of, about):
    assert chosen(source_of(pictures(["00000/a.png", "00001/b.png"]) | {"dataset.json": about})) is None


def test_dataset_json_comes_before_a_csv_and_that_before_folders(source_of):
    names, csv = ["x/a.png", "y/b.png"], table([("name", "class"), ("a", "p"), ("b", "q")])
    assert chosen(source_of(pictures(names))) == ["x", "y"]
    assert chosen(source_of(pictures(names) | {"any.csv": csv})) == ["p", "q"]
    both = {"any.csv": csv, "dataset.json": dataset([["x/a.png", "m"], ["y/b.png", "n"]])}
    assert chosen(source_of(pictures(names) | both)) == ["m", "n"]
    assert chosen(source_of(pictures(names) | both), "class") == ["p", "q"]
    assert chosen(source_of(pictures(names) | both), "none") is None


@pytest.mark.parametrize("wrap", ["", "x/", "x/y/"])
def test_folders_that_wrap_everything_are_looked_through(source_of, wrap):
    assert chosen(source_of(pictures([f"{wrap}cat/1.png", f"{wrap}dog/deep/1.png"]))) == ["cat", "dog"]
    csv = {f"{wrap}labels.csv": LABELS_CSV}
    assert chosen(source_of(pictures(f"{wrap}{name}" for name in FLAT) | csv), "label")[:2] == ["cat", "dog"]


def test_one_folder_or_a_picture_outside_means_no_classes(source_of):
    assert chosen(source_of(pictures(["cat/1.png", "cat/2.png"]))) is None
    assert chosen(source_of(pictures(["cat/1.png", "dog/2.png", "3.png"]))) is None


def test_train_and_test_are_no_classes(source_of):
    names = ["test/dog/3.png", "train/cat/1.png", "train/dog/2.png"]
    assert chosen(source_of(pictures(names))) == ["dog", "cat", "dog"]


def test_train_and_test_alone_leave_no_classes(source_of):
    assert chosen(source_of(pictures(["test/1.png", "train/1.png"]))) is None


@pytest.mark.parametrize("call", ["{}.png", "{}", "elsewhere/{}.png", ".\\{}.png", "{}.JPG"])
def test_pictures_are_found_whatever_the_csv_calls_them(source_of, call):
    rows = [("kind", "file"), *((label, call.format(name[:-4])) for name, label in zip(FLAT, ANIMALS, strict=True))]
    assert chosen(source_of(pictures(FLAT) | {"labels.csv": table(rows)})) == ANIMALS


def test_a_name_that_several_pictures_share_is_nobodys(source_of):
    rows = [("file", "label"), ("a.png", "m"), ("x/a.png", "n"), ("b", "m")]
    names = ["x/a.png", "x/b.png", "y/a.png", "c.png"]
    assert chosen(source_of(pictures(names) | {"labels.csv": table(rows)})) == [None, "n", "m", None]


BADLY_SAVED = {
    "semicolons": table([("file", "label"), *zip(FLAT, ANIMALS, strict=True)], ";"),
    "tabs": table([("file", "label"), *zip(FLAT, ANIMALS, strict=True)], "\t"),
    "a BOM and Windows line ends": b"\xef\xbb\xbf" + LABELS_CSV.replace(b"\n", b"\r\n"),
    "UTF-16": LABELS_CSV.decode().encode("utf-16"),
    "quotes": table([("file", "label"), *((f'"{n}"', f'"{a}"') for n, a in zip(FLAT, ANIMALS, strict=True))]),
    "no header": table(zip(FLAT, ANIMALS, strict=True)),
    "empty lines and spaces": table([(), ("file", " LABEL "), (), *((n, f" {a}") for n, a in zip(FLAT, ANIMALS))]),  # noqa: B905
}


@pytest.mark.parametrize("data", BADLY_SAVED.values(), ids=BADLY_SAVED)
def test_csvs_of_any_dialect(source_of, data):
    assert chosen(source_of(pictures(FLAT) | {"labels.csv": data})) == ANIMALS


def test_an_old_spreadsheets_umlauts(source_of):
    rows = "file;class\n00.png;Größe, klein\n01.png;x\n".encode("cp1252")
    assert chosen(source_of(pictures(FLAT[:2]) | {"labels.csv": rows})) == ["Größe, klein", "x"]


BROKEN = [b"", b"\0\0\xff\xfe\x80{", b'"', b'"\n' + b"x" * 200_000, b'{"labels": [1]}', b"[" * 9**5]


@pytest.mark.parametrize("name", ["dataset.json", "labels.csv"])
@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_broken_files_never_crash(source_of, name, data):
    path = source_of(pictures(FLAT) | {name: data})
    try:
        assert chosen(path) is None
    except ValueError as error:
        assert str(error).startswith(name) and str(error).endswith(".")


def test_a_broken_dataset_json_is_named(source_of):
    path = source_of(pictures(FLAT) | {"dataset.json": b'{"labels": [["a.png'})
    assert refusal(path, "auto").startswith("dataset.json is not readable JSON")


def test_columns_by_name(source_of, tmp_path):
    rows = [("size", "file", "Mood"), *((str(i), name, "gs"[i % 2]) for i, name in enumerate(FLAT))]
    path = source_of(pictures(FLAT) | {"labels.csv": table(rows)})
    assert chosen(path) is None
    assert chosen(path, "Mood") == chosen(path, " mood ") == ["g", "s"] * 3
    assert chosen(path, "size") == list("012345")
    assert refusal(path, "file") == "labels.csv has no column “file”; its columns are: size, Mood."


def test_a_column_needs_a_csv(source_of):
    path = source_of(pictures(FLAT) | {"a.csv": LABELS_CSV, "b.csv": LABELS_CSV})
    assert "There is no labels.csv" in refusal(path, "label") and chosen(path) is None
    with pytest.raises(ValueError, match=r"no labels\.csv"):
        choose_labels(open_source("drawn:3"), "smile")


def test_too_few_and_too_many_classes(source_of):
    names = [f"{i:03d}.png" for i in range(201)]
    rows = [("file", "one", "label"), *((name, "x", str(i)) for i, name in enumerate(names))]
    path = source_of(pictures(names) | {"labels.csv": table(rows)})
    assert chosen(path) is None
    assert "has 201 classes; from 2 to 200" in refusal(path, "label")
    assert "has 1 classes" in refusal(path, "one")
    assert len(set(chosen(source_of(pictures(names[:200]) | {"labels.csv": table(rows[:201])})))) == 200


def test_pictures_without_a_label_are_skipped_and_say_so(source_of, tmp_path):
    rows = [("file", "label"), (FLAT[0], "a"), (FLAT[1], ""), (FLAT[3], "b"), (FLAT[4],), ("gone.png", "c")]
    files = pictures(FLAT) | {"labels.csv": table(rows), FLAT[3]: b"damaged", FLAT[5]: shade(9)}
    data = source_of(files | {"labels.csv": table([*rows, (FLAT[5], "b")])})
    store = prepare(data, 16, 1, tmp_path / "stores")
    reasons = ["no label", "no label", "not an image", "no label"]
    assert store.skipped == list(zip(FLAT[1:5], reasons, strict=True))
    assert store.images[:, 0, 0, 0].tolist() == [0, 9] and store.labels.tolist() == [0, 1]


def test_a_class_whose_pictures_are_all_damaged_is_no_class(source_of, tmp_path):
    files = pictures(["a/1.png", "b/2.png", "c/3.png"])
    store = prepare(source_of(files | {"b/2.png": b"x"}), 16, 1, tmp_path / "stores")
    assert store.classes == ("a", "c") and store.labels.tolist() == [0, 1]


def test_one_class_left_is_none(source_of, tmp_path):
    store = prepare(source_of({"a/1.png": None, "b/2.png": b"x"}), 16, 1, tmp_path / "stores")
    assert store.classes == () and store.labels is None and len(store.images) == 1


def test_other_labels_are_another_store(source_of, tmp_path):
    root, files = tmp_path / "stores", pictures(FLAT) | {"labels.csv": LABELS_CSV}
    first = prepare(source_of(files), 16, 1, root)
    none = prepare(source_of(files), 16, 1, root, labels="none")
    swapped = prepare(source_of(files | {"labels.csv": LABELS_CSV.replace(b"dog", b"cow")}), 16, 1, root)
    assert len({first.path, none.path, swapped.path}) == 3
    assert none.labels is None and none.classes == () and swapped.classes == ("bird", "cat", "cow")
    assert prepare(source_of(files), 16, 1, root, labels="label").path == first.path


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, np.zeros(5, np.int64)),
        lambda path: np.save(path, np.full(6, 3)),
        lambda path: np.save(path, np.zeros(6, np.float32)),
    ],
)
def test_damaged_labels_are_made_again(source_of, tmp_path, damage):
    data = source_of(pictures(FLAT) | {"labels.csv": LABELS_CSV})
    store = prepare(data, 16, 1, tmp_path / "stores")
    damage(store.path / "labels.npy")
    with pytest.raises(ValueError, match="missing or damaged"):
        load_store(store.path)
    assert (prepare(data, 16, 1, tmp_path / "stores").labels == store.labels).all()
