"""Files that a reader never sees half written."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RANDOM_LETTERS = 8  # that tempfile puts behind the prefix
ATTEMPTS, SECONDS_BETWEEN = 20, 0.02  # to replace a file that another program reads just now


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; flushed to disk and moved over `path` if the block succeeds, else removed.

    After a power cut there is the old file or the new one, and never a part of either.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        _move(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _move(temporary: Path, path: Path) -> None:
    """Windows refuses it while anybody has the old file open, as a page has that looks at it every second."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(PermissionError):
            temporary.replace(path)
            return
        time.sleep(SECONDS_BETWEEN)
    temporary.replace(path)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder; only for whoever alone writes there."""
    for path in folder.glob(f".*.{'?' * RANDOM_LETTERS}"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may undo the move, where the system knows of folders as files."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, value: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a JSON file; None if it is not there or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def append_line(path: Path, row: dict) -> None:
    """Add one JSON object to a file of them, a line each."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def write_lines(path: Path, rows: list[dict]) -> None:
    with replacing(path) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[dict]:
    """The objects of such a file, torn lines left out; none if it is not there."""
    with contextlib.suppress(FileNotFoundError):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return [row for row in map(_parse, lines) if isinstance(row, dict)]
    return []


def _parse(line: str) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(line)
    return None
