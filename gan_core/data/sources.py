"""Where pictures come from: a folder, a zip, or the built-in drawn faces.

with open_source("~/photos.zip") as source:
    image = source.open(0)
"""

import hashlib
import io
import os
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipInfo

from PIL import Image

from gan_core.data.archive import open_archive, read_member
from gan_core.data.drawn import draw, factors

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# Named, because Pillow would otherwise try every format it knows, and some of those start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
DRAWN_COUNT, DRAWN_MOST, DRAWN_VERSION = 5_000, 200_000, 1


class Source:
    """A list of pictures in a fixed order; use it as a context manager."""

    name: str
    items: list[str]
    fingerprint: str

    def open(self, index: int, size: int = 128) -> Image.Image:
        """Open one picture, from any thread; raises when it cannot; `size` is for sources that can draw at any size."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of open files."""

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(data: str | Path) -> Source:
    """Open "drawn", "drawn:N", a folder or a .zip; ValueError says what is wrong with it."""
    text = str(data).strip()
    if text == "drawn" or text.startswith("drawn:"):
        return DrawnSource(_drawn_count(text))
    if not text:
        raise ValueError("Name a folder of pictures, a .zip file, or “drawn”.")
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            return FolderSource(path)
        if path.is_file() and path.suffix.lower() == ".zip":
            return ZipSource(path)
        found = path.exists()
    except PermissionError:
        raise ValueError(f"There is no permission to read {text}.") from None
    except (OSError, RuntimeError):
        found = False
    raise ValueError(f"{text} is neither a folder nor a .zip file." if found else f"There is no {text}.")


class DrawnSource(Source):
    """Cartoon faces, drawn when asked for."""

    def __init__(self, count: int) -> None:
        self.name = f"drawn-{count}"
        self.items = [f"face {i:06d}" for i in range(count)]
        self.fingerprint = _digest([f"drawn {DRAWN_VERSION} {count}"])

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.fromarray(draw(factors(index), size))


class FolderSource(Source):
    """Every picture below a folder; linked folders are not followed, so that no link can lead in circles."""

    def __init__(self, root: Path) -> None:
        self.name = root.resolve().name or "pictures"
        found = sorted((_printable(path.relative_to(root).as_posix()), path) for path in _pictures(root))
        if not found:
            raise ValueError(f"The folder {root} holds no pictures ({_suffix_list()}).")
        self.items = [name for name, _ in found]
        self._paths = [path for _, path in found]
        self.fingerprint = _digest(f"{name}\0{_stamp(path)}" for name, path in found)

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.open(self._paths[index], formats=FORMATS)


class ZipSource(Source):
    """The pictures in a zip, read in memory one at a time."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._zip = open_archive(path)
        self._members = sorted(filter(_is_picture_member, self._zip.infolist()), key=lambda info: info.filename)
        self.items = [_printable(info.filename) for info in self._members]
        if not self.items:
            self.close()
            raise ValueError(f"The zip {path.name} holds no pictures ({_suffix_list()}).")
        self.fingerprint = _digest(f"{info.filename}\0{info.file_size} {info.CRC}" for info in self._members)

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.open(io.BytesIO(read_member(self._zip, self._members[index])), formats=FORMATS)

    def close(self) -> None:
        self._zip.close()


def _drawn_count(text: str) -> int:
    count = text.partition(":")[2] if ":" in text else str(DRAWN_COUNT)
    digits = count.strip().replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= DRAWN_MOST):
        raise ValueError(f"“{text}” needs a number from 1 to {DRAWN_MOST:,}, as in drawn:{DRAWN_COUNT}.")
    return int(digits)


def _pictures(root: Path) -> Iterable[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if _is_visible(name)]
        yield from (Path(folder, name) for name in files if _is_visible(name) and name.lower().endswith(SUFFIXES))


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _is_picture_member(info: ZipInfo) -> bool:
    name = info.filename
    return not info.is_dir() and name.lower().endswith(SUFFIXES) and all(map(_is_visible, name.split("/")))


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:  # a link to nowhere: opening it will fail and be reported by name
        return "gone"
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _printable(name: str) -> str:
    """The name as text that can be shown and saved, whatever bytes the disk gave."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _suffix_list() -> str:
    return ", ".join(suffix[1:] for suffix in SUFFIXES)


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()
