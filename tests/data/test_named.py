import gzip
import hashlib
import http.server
import pickle
import struct
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image
from torchvision import datasets

from gan_core.data import absolute, prepare, source_name
from gan_core.data.named import CLOTHES, named

PARTS = {"train": 30, "t10k": 4}


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def mnist_files(folder, pack=gzip.compress, suffix=".gz"):
    """The four files of an MNIST in small: picture i is a flat grey i of class i % 10."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in PARTS.items():
        greys = np.arange(count, dtype=np.uint8)
        images = np.broadcast_to(greys[:, None, None], (count, 28, 28))
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(greys % 10)))
    return folder


def check_small_mnist(store, classes):
    assert store.classes == tuple(classes) and store.skipped == []
    assert store.images[:, 5, 5, 0].tolist() == list(range(30))
    assert store.labels.tolist() == [i % 10 for i in range(30)]


def refusal(data, tmp_path, **options) -> str:
    with pytest.raises(ValueError) as caught:
        prepare(data, 28, 1, tmp_path / "stores", **options)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A server of small files, with their own MD5 sums, in the place of Fashion-MNIST's; its folder."""
    folder = mnist_files(tmp_path / "server")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sums = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in sorted(folder.iterdir())]
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(datasets.FashionMNIST, "resources", sums)
    yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def no_network(monkeypatch):
    """Every address is one where nobody listens."""
    for kind in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(kind, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")


def test_names_are_known_however_they_are_written():
    assert [named(text) for text in ("MNIST", "fashion_mnist", "FashionMNIST", " cifar10 ", "CelebA", "mnist2")] == [
        "mnist", "fashion-mnist", "fashion-mnist", "cifar-10", "celeba", None,
    ]  # fmt: skip


def test_a_name_is_the_same_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("Fashion_MNIST") == source_name("Fashion_MNIST") == "fashion-mnist"
    assert absolute("./mnist") == str(tmp_path / "mnist")


def test_torchvision_is_not_imported_where_the_files_are_there(tmp_path):
    mnist_files(tmp_path / "raw")
    code = (
        "import sys, pathlib; from gan_core.data import prepare\n"
        f"prepare('mnist', 28, 1, pathlib.Path({str(tmp_path)!r}), data_root={str(tmp_path / 'raw')!r})\n"
        "print({'torch', 'torchvision'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("folder", [".", "FashionMNIST/raw", "fashion-mnist", "raw"])
@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (bytes, "")])
def test_files_that_are_there_are_used_as_they_are(tmp_path, no_network, folder, pack, suffix):
    mnist_files(tmp_path / "given" / folder, pack, suffix)
    check_small_mnist(prepare("fashion-mnist", 28, 1, tmp_path, data_root=tmp_path / "given"), CLOTHES)


def test_labels_can_be_left_out_and_digits_are_their_own_names(tmp_path, no_network):
    given = mnist_files(tmp_path / "given")
    check_small_mnist(prepare("mnist", 28, 1, tmp_path, data_root=given), "0123456789")
    bare = prepare("mnist", 28, 1, tmp_path, data_root=given, labels="none")
    assert bare.labels is None and len(bare.images) == 30
    assert "no labels.csv" in refusal("mnist", tmp_path, data_root=given, labels="digit")


def test_a_download_reports_bytes_and_is_kept(tmp_path, mirror):
    seen = []
    report = lambda done, total: seen.append((done, total))  # noqa: E731
    store = prepare("fashion-mnist", 28, 1, tmp_path / "stores", on_download=report)
    check_small_mnist(store, CLOTHES)
    assert seen and all(0 < done <= total for done, total in seen)
    for path in mirror.iterdir():
        path.unlink()
    assert prepare("fashion-mnist", 28, 1, tmp_path / "stores").path == store.path


class Cancelled(Exception):
    pass


def test_a_download_can_be_cancelled_and_done_again(tmp_path, mirror):
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare("fashion-mnist", 28, 1, tmp_path / "stores", on_download=cancel)
    check_small_mnist(prepare("fashion-mnist", 28, 1, tmp_path / "stores"), CLOTHES)


def test_damaged_and_missing_files_of_a_server(tmp_path, mirror):
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(b"<html>a login page</html>")
    assert "the files came damaged" in refusal("fashion-mnist", tmp_path)
    (mirror / "train-images-idx3-ubyte.gz").unlink()
    assert "its server answered with error 404" in refusal("fashion-mnist", tmp_path)


@pytest.mark.parametrize("data", ["mnist", "fashion-mnist", "cifar-10"])
def test_no_network_is_one_sentence(tmp_path, no_network, data):
    (tmp_path / "empty").mkdir()
    assert refusal(data, tmp_path, data_root=tmp_path / "empty") == (
        f"{data} could not be downloaded: no connection to the network; "
        "put its files into a folder on this computer and name that folder."
    )


def test_a_folder_that_is_not_there(tmp_path):
    assert (
        refusal("mnist", tmp_path, data_root=tmp_path / "no")
        == f"There is no folder {tmp_path / 'no'} to find data sets in."
    )


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
@pytest.mark.parametrize("damage", [lambda d: d[:-20], lambda d: b"", lambda d: gzip.compress(b"\0\0\x08\x03\0\0")])
def test_broken_files_are_named(tmp_path, name, damage):
    path = mnist_files(tmp_path / "given") / name
    path.write_bytes(damage(path.read_bytes()))
    assert refusal("mnist", tmp_path, data_root=path.parent).startswith(f"{path} is not a readable idx file")


def test_files_that_do_not_belong_together(tmp_path):
    given = mnist_files(tmp_path / "given")
    (given / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(7, np.uint8))))
    assert "hold 30 pictures, but 7 labels" in refusal("mnist", tmp_path, data_root=given)
    (given / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.full(30, 10, np.uint8))))
    assert "a label 10, but it has 10 classes" in refusal("mnist", tmp_path, data_root=given)


def cifar_batches(folder):
    folder.mkdir(parents=True)
    for number in range(1, 6):
        planes = np.repeat(np.array([10 * number, 100, 200], np.uint8), 32 * 32)
        batch = {"data": np.stack([planes, planes]), "labels": [number - 1, number]}
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(batch))
    return folder


def test_cifar_is_read_in_colour_from_all_batches(tmp_path):
    cifar_batches(tmp_path / "given/cifar-10-batches-py")
    store = prepare("cifar10", 32, 3, tmp_path, data_root=tmp_path / "given")
    assert store.images[:, 3, 4].tolist() == [[10 * n, 100, 200] for n in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5)]
    assert [store.classes[i] for i in store.labels[:3]] == ["airplane", "automobile", "automobile"]


class Harmful:
    def __reduce__(self):
        return print, ("harm",)


def test_a_pickle_that_would_run_something_is_refused(tmp_path, capsys):
    folder = cifar_batches(tmp_path / "given")
    (folder / "data_batch_3").write_bytes(pickle.dumps({"data": Harmful(), "labels": [0]}))
    assert refusal("cifar-10", tmp_path, data_root=folder).startswith(f"{folder / 'data_batch_3'} is not a readable")
    assert capsys.readouterr().out == ""


def test_celeba_is_its_training_part_without_classes(tmp_path):
    folder = tmp_path / "given/celeba/img_align_celeba"
    folder.mkdir(parents=True)
    for i in range(4):
        Image.new("RGB", (44, 54), (i, 0, 0)).save(folder / f"{i}.png")
    everything = prepare("celeba", 32, 3, tmp_path / "stores", data_root=tmp_path / "given")
    (folder.parent / "list_eval_partition.txt").write_text("0.png 0\n1.png 1\n2.png 2\n3.png 0\n")
    training = prepare("celeba", 32, 3, tmp_path / "stores", data_root=tmp_path / "given")
    assert training.name == "celeba" and training.labels is None
    assert everything.images[:, 9, 9, 0].tolist() == [0, 1, 2, 3] and training.images[:, 9, 9, 0].tolist() == [0, 3]


def test_the_test_part_has_a_name_of_its_own(tmp_path):
    mnist_files(tmp_path / "files")
    store = prepare("MNIST:test", 28, 1, tmp_path / "stores", data_root=tmp_path / "files")
    assert store.name == "mnist:test" and store.images[:, 5, 5, 0].tolist() == [0, 1, 2, 3]
    assert store.labels.tolist() == [0, 1, 2, 3]
    assert named("fashion-mnist:test") == absolute("Fashion_MNIST:test") == "fashion-mnist:test"
    assert named("celeba:test") is None and named("mnist:validation") is None
