"""Pictures decoded once into one uint8 array on disk.

store = prepare("~/photos.zip", image_size=64, channels=3, root=Path("datasets"))
store.images[0]
"""

import errno
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from gan_core.data.doctor import examine_source
from gan_core.data.doctor.report import FORMAT as DOCTOR_FORMAT
from gan_core.data.hub import hub_repo
from gan_core.data.labels import AUTO, FEWEST_CLASSES, choose_labels, number_labels
from gan_core.data.named import named
from gan_core.data.pictures import Source, digest
from gan_core.data.sources import open_source
from gan_core.data.writer import write_images
from gan_core.download import OnProgress

FORMAT = 2  # raise it when the same source would decode to other pixels
KEEP, DROP = "keep", "drop"
NO_LABEL = "no label"


@dataclass(frozen=True, eq=False)
class Store:
    """Prepared pictures: `images` is uint8 [N, H, W, C], mapped from disk and read only.

    `labels` is int64 [N], the place of each picture's class in `classes`; None and () where there are no classes.
    """

    path: Path
    name: str
    images: np.memmap
    skipped: list[tuple[str, str]]  # name and reason
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()


def prepare(
    data: str | Path,
    image_size: int,
    channels: int,
    root: Path,
    on_progress: OnProgress | None = None,
    labels: str = AUTO,
    data_root: str | Path | None = None,
    on_download: OnProgress | None = None,
    duplicates: str = KEEP,
) -> Store:
    """Decode a source into `root`, or return at once what an earlier call left there.

    `labels` is "auto", "none" or the column of the source's CSV to take classes from; `data_root` holds the files of
    named sets; `duplicates` is "keep", or "drop" to leave one picture of each group. `on_progress(done, total)` counts
    pictures, `on_download` bytes; both may raise to cancel, and nothing half done stays. ValueError is a sentence for
    the user.
    """
    _check_shape(image_size, channels)
    report = on_progress or (lambda done, total: None)
    root = Path(root).expanduser()
    with open_source(data, root, data_root, on_download) as source:
        source.labels = choose_labels(source, labels)
        path = root / _folder_name(source, image_size, channels, duplicates)
        store = _reusable(path)
        if store is None:
            with _turn(path, lambda: report(0, len(source.items))):
                # Whoever had the turn before may have prepared the very same.
                store = _reusable(path) or _build(source, path, image_size, channels, duplicates, report)
        report(len(source.items), len(source.items))
    return store


def space_needed(
    data: str | Path, image_size: int, channels: int, root: Path, labels: str = AUTO, duplicates: str = KEEP
) -> int:
    """Bytes that `prepare` would write; 0 for what an earlier call left, and where only a download could tell."""
    found = planned(data, image_size, channels, root, labels, duplicates)
    return 0 if found is None or _reusable(found[0]) else found[1] * image_size**2 * channels


def planned(
    data: str | Path, image_size: int, channels: int, root: Path, labels: str = AUTO, duplicates: str = KEEP
) -> tuple[Path, int] | None:
    """The folder of the store that `prepare` would give, and how many pictures its source holds.

    The same folder means the same pictures. None where only a download could tell.
    """
    if named(str(data)) or hub_repo(str(data)):
        return None
    with open_source(data, root) as source:
        source.labels = choose_labels(source, labels)
        return root / _folder_name(source, image_size, channels, duplicates), len(source.items)


def load_store(path: Path) -> Store:
    """Open a prepared store; ValueError where it is missing or damaged."""
    try:
        about = json.loads((path / "store.json").read_text(encoding="utf-8"))
        images = np.load(path / "images.npy", mmap_mode="r", allow_pickle=False)
        shape = (about["count"], about["image_size"], about["image_size"], about["channels"])
        intact = images.shape == shape and images.dtype == np.uint8 and about["format"] == FORMAT
        intact = intact and (path / "images.npy").stat().st_size == about["bytes"]
        skipped = [(name, reason) for name, reason in about["skipped"]]
        name, classes = about["name"], tuple(about["classes"])
        labels = _load_labels(path, about["count"], classes)
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError):
        intact = False
    if not intact:
        raise ValueError(f"The prepared pictures in {path} are missing or damaged.")
    return Store(path, name, images, skipped, labels, classes)


def _load_labels(path: Path, count: int, classes: tuple[str, ...]) -> np.ndarray | None:
    if not classes:
        return None
    labels = np.load(path / "labels.npy", allow_pickle=False)
    if labels.shape != (count,) or labels.dtype != np.int64 or not 0 <= labels.min() <= labels.max() < len(classes):
        raise ValueError
    return labels


def _reusable(path: Path) -> Store | None:
    try:
        return load_store(path)
    except ValueError:
        return None


def _check_shape(image_size: int, channels: int) -> None:
    if not 8 <= image_size <= 1024:
        raise ValueError(f"The image size must be from 8 to 1024 pixels, not {image_size}.")
    if channels not in (1, 3):
        raise ValueError(f"Pictures have 1 channel (grey) or 3 (colour), not {channels}.")


def _folder_name(source: Source, image_size: int, channels: int, duplicates: str) -> str:
    slug = re.sub(r"[^\w.-]+", "-", source.name, flags=re.ASCII).strip("-._")[:60] or "pictures"
    labels = digest("" if label is None else label for label in source.labels) if source.labels else ""
    drop = duplicates == DROP
    rule = f" {DOCTOR_FORMAT}" if drop else ""
    mark = hashlib.sha256(f"{FORMAT} {source.fingerprint} {labels}{rule}".encode()).hexdigest()[:8]
    return f"{slug}-{image_size}{'-grey' if channels == 1 else ''}{'-distinct' if drop else ''}-{mark}"


def _lock_of(path: Path) -> FileLock:
    return FileLock(path.with_name(f".{path.name}.lock"))


def _partial_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


@contextmanager
def _turn(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Only one process at a time prepares one store; the others wait and may be cancelled."""
    lock = _lock_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        while not _acquired(lock):
            waiting()
    except OSError as error:
        raise ValueError(f"Cannot write to {path.parent}: {(error.strerror or 'unknown error').lower()}.") from None
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: FileLock, seconds: float = 0.1) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True


def _sweep(root: Path) -> None:
    """Remove what killed preparations left: half a store whose lock nobody holds."""
    for partial in root.glob(".*.partial"):
        lock = _lock_of(root / partial.name[1:].removesuffix(".partial"))
        if _acquired(lock, 0):
            shutil.rmtree(partial, ignore_errors=True)
            lock.release()


def _build(source: Source, path: Path, image_size: int, channels: int, duplicates: str, report: OnProgress) -> Store:
    shape = (len(source.items), image_size, image_size, channels)
    _check_space(shape, path.parent)
    partial = _partial_of(path)
    try:
        partial.mkdir()
        left_out = _left_out(source, duplicates, path.parent, report)
        kept, skipped = write_images(source, shape, left_out, partial / "images.npy", report)
        if not kept:
            raise ValueError(_nothing_usable(source, skipped))
        classes = _write_labels(source, kept, partial / "labels.npy")
        about = {
            "format": FORMAT, "name": source.name, "fingerprint": source.fingerprint, "image_size": image_size,
            "channels": channels, "count": len(kept), "bytes": (partial / "images.npy").stat().st_size,
            "classes": classes, "skipped": skipped,
        }  # fmt: skip
        (partial / "store.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
        partial.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ValueError(f"The disk of {path.parent} became full while preparing {source.name}.") from None
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return load_store(path)


def _left_out(source: Source, duplicates: str, root: Path, report: OnProgress) -> dict[int, str]:
    """The places of pictures that are not wanted, and why."""
    left_out = {index: NO_LABEL for index, label in enumerate(source.labels or ()) if label is None}
    if duplicates == DROP:
        for group in examine_source(source, root, report).groups:
            same = [index for index in (group[0].of, *(copy.index for copy in group)) if index not in left_out]
            left_out |= {index: f"a duplicate of {source.items[same[0]]}" for index in same[1:]}
    return left_out


def _write_labels(source: Source, kept: list[int], path: Path) -> tuple[str, ...]:
    """The classes of the kept pictures, which may be fewer than the source has; none where only one is left."""
    if not source.labels:
        return ()
    labels, classes = number_labels([source.labels[index] for index in kept], source.classes)
    if len(classes) < FEWEST_CLASSES:
        return ()
    np.save(path, labels)
    return classes


def _check_space(shape: tuple[int, ...], root: Path) -> None:
    need, free = int(np.prod(shape, dtype=np.int64)) + 2**20, shutil.disk_usage(root).free
    if need > free:
        gigabytes = f"needs {need / 1e9:.2f} GB, but only {free / 1e9:.2f} GB are free"
        raise ValueError(f"There is not enough disk space in {root}: preparing these pictures {gigabytes}.")


def _nothing_usable(source: Source, skipped: list[tuple[str, str]]) -> str:
    reason, times = Counter(reason for _, reason in skipped).most_common(1)[0]
    none = f"None of the {len(skipped):,} pictures in {source.name} can be used"
    return f"{none}; most often: {reason} ({times:,} times)."
