"""Pictures decoded once into one uint8 array on disk, which for a large set lies in several files.

store = prepare("~/photos.zip", image_size=64, channels=3, root=Path("datasets"))
store.images[0]
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_core.data.building import DROP, FORMAT, KEEP, ONE_FILE, build, part_name, turn
from gan_core.data.doctor.report import FORMAT as DOCTOR_FORMAT
from gan_core.data.hub import hub_repo
from gan_core.data.labels import AUTO, choose_labels
from gan_core.data.named import named
from gan_core.data.parts import BadPart, Parts
from gan_core.data.pictures import Source, digest
from gan_core.data.sources import open_source
from gan_core.download import OnProgress


@dataclass(frozen=True, eq=False)
class Store:
    """Prepared pictures: `images` is uint8 [N, H, W, C] on disk, read only: mapped, or the parts of a large set.

    `labels` is int64 [N], the place of each picture's class in `classes`; None and () where there are no classes.
    """

    path: Path
    name: str
    images: np.memmap | Parts
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
    pictures, `on_download` bytes; both may raise to cancel, and nothing half done stays but the finished parts of a
    large set, for the next call to go on with. ValueError is a sentence for the user.
    """
    _check_shape(image_size, channels)
    report = on_progress or (lambda done, total: None)
    root = Path(root).expanduser()
    with open_source(data, root, data_root, on_download) as source:
        source.labels = choose_labels(source, labels)
        path = root / _folder_name(source, image_size, channels, duplicates)
        store = _reusable(path)
        if store is None:
            with turn(path, lambda: report(0, len(source.items))):
                # Whoever had the turn before may have prepared the very same.
                if _reusable(path) is None:
                    build(source, path, image_size, channels, duplicates, report)
                store = load_store(path)
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
        images = _open_images(path, about)
        shape = (about["count"], about["image_size"], about["image_size"], about["channels"])
        intact = images.shape == shape and images.dtype == np.uint8 and about["format"] == FORMAT
        skipped = [(name, reason) for name, reason in about["skipped"]]
        name, classes = about["name"], tuple(about["classes"])
        labels = _load_labels(path, about["count"], classes)
    except BadPart:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError):
        intact = False
    if not intact:
        raise ValueError(f"The prepared pictures in {path} are missing or damaged.")
    return Store(path, name, images, skipped, labels, classes)


def _open_images(path: Path, about: dict) -> np.memmap | Parts:
    if "parts" in about:
        images = Parts([path / part_name(number) for number in range(len(about["parts"]))])
        intact = images.counts == about["parts"]
    else:
        images = np.load(path / ONE_FILE, mmap_mode="r", allow_pickle=False)
        intact = (path / ONE_FILE).stat().st_size == about["bytes"]
    if not intact:
        raise ValueError
    return images


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
