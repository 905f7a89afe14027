"""Sets known by name: MNIST, Fashion-MNIST, CIFAR-10 and CelebA, through torchvision.

A name means the training part, "mnist:test" and the like the test part of a set that has classes.
Files that are already there are read without torchvision, so shortened or repacked copies serve as well.
"""

import errno
import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock
from PIL import Image

from gan_core.data.arrays import read_cifar, read_idx
from gan_core.data.pictures import FolderSource, Keep, Source, ZipSource, digest
from gan_core.download import OnProgress, reporting_bars

NAMES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "cifar-10": "CIFAR10", "celeba": "CelebA"}
DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASSES = {"mnist": DIGITS, "fashion-mnist": CLOTHES, "cifar-10": THINGS}
TEST = ":test"
TIMEOUT_SECONDS = 20


class ArraySource(Source):
    """Pictures in memory, uint8 [N, H, W] or [N, H, W, 3], and the number of each one's class."""

    def __init__(self, name: str, images: np.ndarray, targets: np.ndarray, classes: tuple[str, ...]) -> None:
        if len(images) != len(targets) or not len(images):
            raise ValueError(f"The files of {name} hold {len(images):,} pictures, but {len(targets):,} labels.")
        if targets.max() >= len(classes):
            raise ValueError(f"The files of {name} hold a label {targets.max()}, but it has {len(classes)} classes.")
        self.name, self.classes = name, classes
        self.items = [f"picture {i:06d}" for i in range(len(images))]
        self.labels = [classes[target] for target in targets]
        self.fingerprint = digest([name, str(images.shape), hashlib.sha256(images).hexdigest()])
        self._images = images

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.fromarray(self._images[index])


def named(data: str) -> str | None:
    """The set or test part that is meant, whatever its capitals and hyphens; None if it is none."""
    plain = re.sub("[-_]", "", data.strip().lower())
    parts = [*NAMES, *(name + TEST for name in CLASSES)]
    return next((name for name in parts if name.replace("-", "") == plain), None)


def downloaded(root: Path) -> list[str]:
    """The names of the sets that `open_named` has downloaded to this root."""
    return [name for name in NAMES if (root / "named" / name).is_dir()]


def check_data_root(data_root: str | Path | None) -> Path | None:
    if not data_root:
        return None
    try:
        path = Path(data_root).expanduser()
        found = path.is_dir()
    except (OSError, RuntimeError, ValueError):
        found = False
    if not found:
        raise ValueError(f"There is no folder {data_root} to find data sets in.")
    return path


def open_named(name: str, root: Path, data_root: str | Path | None, report: OnProgress) -> Source:
    """A set by a name that `named` gave: from the files in `data_root`, else from `root`/named, maybe downloaded."""
    whole = name.removesuffix(TEST)
    given, own = check_data_root(data_root), root / "named" / whole
    source = (given and _found(name, given)) or _found(name, own)
    if source is None:
        _download(whole, own, report)
        source = _found(name, own)
    if source is None:
        raise _failure(name, "the files that came are not those of the set")
    return source


def _found(name: str, place: Path) -> Source | None:
    if name == "celeba":
        return _celeba(place)
    whole = name.removesuffix(TEST)
    read = _read_cifar if whole == "cifar-10" else _read_mnist
    for folder in (f"{NAMES[whole]}/raw", NAMES[whole], whole, "raw", "cifar-10-batches-py", "."):
        if found := read(place / folder, test=name != whole):
            return ArraySource(name, *found, CLASSES[whole])
    return None


def _read_mnist(folder: Path, test: bool) -> tuple[np.ndarray, np.ndarray] | None:
    start = "t10k" if test else "train"
    images, labels = (_either(folder / f"{start}-{part}-ubyte") for part in ("images-idx3", "labels-idx1"))
    return (read_idx(images, 3), read_idx(labels, 1)) if images and labels else None


def _read_cifar(folder: Path, test: bool) -> tuple[np.ndarray, np.ndarray] | None:
    batches = sorted(folder.glob("test_batch" if test else "data_batch_[1-5]"))
    return read_cifar(batches) if batches else None


def _either(path: Path) -> Path | None:
    return next((p for p in (path, path.with_name(path.name + ".gz")) if p.is_file()), None)


def _celeba(place: Path) -> Source | None:
    for folder in (place / "celeba", place):
        keep = _training_part(folder / "list_eval_partition.txt")
        pictures = folder / "img_align_celeba"
        if pictures.is_dir():
            source = FolderSource(pictures, keep)
        elif (packed := pictures.with_suffix(".zip")).is_file():
            source = ZipSource(packed, keep)
        else:
            continue
        source.name = "celeba"
        return source
    return None


def _training_part(partition: Path) -> Keep:
    """Whether a picture is in the training part, part 0 of the list; all are where there is no list."""
    try:
        rows = [line.split() for line in partition.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return lambda name: True
    training = {row[0] for row in rows if row[1:] == ["0"]}
    return lambda name: name.rpartition("/")[2] in training


def _download(name: str, folder: Path, report: OnProgress) -> None:
    """Leave the set in `folder`, all of it or nothing; ValueError says why it could not be had."""
    partial = folder.with_name(f".{name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{name}.lock")), _reported(report):
            if not folder.exists():
                _fetch(name, partial)
                partial.replace(folder)
    except (RuntimeError, OSError, EOFError) as error:
        raise _failure(name, _reason(error)) from error


def _fetch(name: str, folder: Path) -> None:
    from torchvision import datasets

    options = {"split": "train"} if name == "celeba" else {"train": True}
    getattr(datasets, NAMES[name])(folder, download=True, **options)


@contextmanager
def _reported(report: OnProgress) -> Iterator[None]:
    """torchvision's progress bars report, and a dead network is noticed, which it leaves to chance."""
    from torchvision.datasets import utils

    bar, timeout = utils.tqdm, socket.getdefaulttimeout()
    utils.tqdm = reporting_bars(report)
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        utils.tqdm = bar
        socket.setdefaulttimeout(timeout)


def _reason(error: Exception) -> str:
    text = str(error)
    if "gdown" in text:
        return "torchvision needs the package gdown for it"
    if answered := re.search(r"HTTP Error (\d+)", text):
        return f"its server answered with error {answered[1]}"
    if "corrupted" in text:
        return "the files came damaged"
    if isinstance(error, OSError) and (error.errno == errno.ENOSPC or (error.strerror and error.filename)):
        return error.strerror.lower()
    return "no connection to the network"


def _failure(name: str, reason: str) -> ValueError:
    return ValueError(
        f"{name} could not be downloaded: {reason}; put its files into a folder on this computer and name that folder."
    )
