"""Decodes a source into a store: one file, or for a large set parts, of which a preparation that was broken off keeps
those it had finished."""

import errno
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from gan_core.data.doctor import examine_source
from gan_core.data.labels import FEWEST_CLASSES, number_labels
from gan_core.data.parts import Parts
from gan_core.data.pictures import Source
from gan_core.data.writer import Skipped, write_images
from gan_core.download import OnProgress, seldom
from gan_core.files import append_line, read_lines, write_lines

FORMAT = 2  # raise it when the same source would decode to other pixels
KEEP, DROP = "keep", "drop"
NO_LABEL = "no label"
ONE_FILE, JOURNAL = "images.npy", "parts.jsonl"
PART_BYTES, MOST_PARTS = 256 * 2**20, 64  # each part is an open file
KEPT_SECONDS = 7 * 24 * 3600


def layout(count: int, picture_bytes: int) -> dict[str, range]:
    """The files of a store, and which of its source's pictures go into each."""
    each = max(PART_BYTES // picture_bytes, -(-count // MOST_PARTS), 1)
    if count <= each:
        return {ONE_FILE: range(count)}
    return {part_name(i // each): range(i, min(i + each, count)) for i in range(0, count, each)}


def part_name(number: int) -> str:
    return f"part-{number:05d}.npy"


@contextmanager
def turn(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
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


def build(source: Source, path: Path, image_size: int, channels: int, duplicates: str, report: OnProgress) -> None:
    """Decode all of a source into `path`, going on with what an earlier call left of a large set."""
    partial, files = _partial_of(path), layout(len(source.items), image_size**2 * channels)
    try:
        done = _take_over(path, partial, files)
        missing = sum(len(places) for name, places in files.items() if name not in done)
        _check_space(missing * image_size**2 * channels, path.parent)
        left_out, tell = _left_out(source, duplicates, path.parent, report), seldom(report)
        for name, places in files.items():
            if name not in done:
                done[name] = write_images(source, places, image_size, channels, left_out, partial / name, tell)
                if len(files) > 1:
                    append_line(partial / JOURNAL, _line(name, places, done[name]))
        _finish(source, partial, files, done, {"image_size": image_size, "channels": channels})
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
        partial.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ValueError(f"The disk of {path.parent} became full while preparing {source.name}.") from None
        raise
    finally:
        if not _can_go_on(partial):
            shutil.rmtree(partial, ignore_errors=True)


def _take_over(path: Path, partial: Path, files: dict[str, range]) -> dict[str, Skipped]:
    """The finished parts that an earlier preparation left, or that are intact in a damaged store; all else goes."""
    if (path / JOURNAL).exists() and not partial.exists():
        path.replace(partial)
    partial.mkdir(exist_ok=True)
    lines = {line.get("file"): line for line in read_lines(partial / JOURNAL)}
    kept = {name: lines[name] for name, places in files.items() if _intact(partial, name, places, lines.get(name))}
    for other in partial.iterdir():
        if other.name not in kept:
            other.unlink()
    if kept:
        write_lines(partial / JOURNAL, list(kept.values()))
    return {name: [(index, reason) for index, reason in line["skipped"]] for name, line in kept.items()}


def _intact(partial: Path, name: str, places: range, line: dict | None) -> bool:
    try:
        same = line is not None and line == _line(name, places, line["skipped"])
        return same and len(Parts([partial / name])) == len(places) - len(line["skipped"])
    except (ValueError, KeyError, TypeError):
        return False


def _line(name: str, places: range, skipped: Skipped) -> dict:
    """What the journal says of a finished part."""
    return {"file": name, "start": places.start, "stop": places.stop, "skipped": skipped}


def _finish(source: Source, folder: Path, files: dict[str, range], done: dict[str, Skipped], shape: dict) -> None:
    """Write what belongs to the pictures; ValueError where there are none."""
    skipped = [(source.items[index], reason) for name in files for index, reason in done[name]]
    kept = np.ones(len(source.items), bool)
    kept[[index for name in files for index, _ in done[name]]] = False
    if not kept.any():
        shutil.rmtree(folder)
        raise ValueError(_nothing_usable(source, skipped))
    about = {
        "format": FORMAT, "name": source.name, "fingerprint": source.fingerprint, **shape, "count": int(kept.sum()),
        "bytes": sum((folder / name).stat().st_size for name in files),
        "classes": _write_labels(source, np.flatnonzero(kept), folder / "labels.npy"), "skipped": skipped,
    }  # fmt: skip
    if len(files) > 1:
        about["parts"] = [len(places) - len(done[name]) for name, places in files.items()]
    (folder / "store.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _lock_of(path: Path) -> FileLock:
    return FileLock(path.with_name(f".{path.name}.lock"))


def _partial_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _acquired(lock: FileLock, seconds: float = 0.1) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True


def _sweep(root: Path) -> None:
    """Remove what killed preparations left and nobody can or will go on with."""
    for partial in root.glob(".*.partial"):
        lock = _lock_of(root / partial.name[1:].removesuffix(".partial"))
        if not _can_go_on(partial) and _acquired(lock, 0):
            shutil.rmtree(partial, ignore_errors=True)
            lock.release()


def _can_go_on(partial: Path) -> bool:
    try:
        return time.time() - (partial / JOURNAL).stat().st_mtime < KEPT_SECONDS
    except OSError:
        return False


def _left_out(source: Source, duplicates: str, root: Path, report: OnProgress) -> dict[int, str]:
    """The places of pictures that are not wanted, and why."""
    left_out = {index: NO_LABEL for index, label in enumerate(source.labels or ()) if label is None}
    if duplicates == DROP:
        for group in examine_source(source, root, report).groups:
            same = [index for index in (group[0].of, *(copy.index for copy in group)) if index not in left_out]
            left_out |= {index: f"a duplicate of {source.items[same[0]]}" for index in same[1:]}
    return left_out


def _write_labels(source: Source, kept: np.ndarray, path: Path) -> tuple[str, ...]:
    """The classes of the kept pictures, which may be fewer than the source has; none where only one is left."""
    if not source.labels:
        return ()
    labels, classes = number_labels([source.labels[index] for index in kept], source.classes)
    if len(classes) < FEWEST_CLASSES:
        return ()
    np.save(path, labels)
    return classes


def _check_space(size: int, root: Path) -> None:
    need, free = size + 2**20, shutil.disk_usage(root).free
    if need > free:
        gigabytes = f"needs {need / 1e9:.2f} GB, but only {free / 1e9:.2f} GB are free"
        raise ValueError(f"There is not enough disk space in {root}: preparing these pictures {gigabytes}.")


def _nothing_usable(source: Source, skipped: list[tuple[str, str]]) -> str:
    reason, times = Counter(reason for _, reason in skipped).most_common(1)[0]
    none = f"None of the {len(skipped):,} pictures in {source.name} can be used"
    return f"{none}; most often: {reason} ({times:,} times)."
