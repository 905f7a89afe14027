"""Lists of pictures in a fixed order: what every source offers, and those of folders, zips and the drawn faces."""

import hashlib
import io
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from zipfile import ZipInfo

from PIL import Image

from gan_core.data.archive import MEMBER_LIMIT, open_archive, read_member
from gan_core.data.decode import BadPicture
from gan_core.data.drawn import draw, factors

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# Named, because Pillow would otherwise try every format it knows, and some of those start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
DRAWN_VERSION = 1
HEAD = 32  # bytes that tell the kind of a file

Keep = Callable[[str], bool]
Mark = Callable[[Path], str]  # a text that another content of the file would change


class Source:
    """A list of pictures in a fixed order; use it as a context manager."""

    name: str
    items: list[str]
    fingerprint: str
    labels: list[str | None] | None = None  # each item's class by name, where there are classes
    classes: tuple[str, ...] = ()  # the order of the classes, where the set has one of its own

    def open(self, index: int, size: int = 128) -> Image.Image:
        """Open one picture, from any thread; raises when it cannot; `size` is for sources that can draw at any size."""
        raise NotImplementedError

    def sides(self) -> list[str]:
        """The files beside the pictures that may hold labels, the outermost first."""
        return []

    def read(self, side: str) -> bytes:
        """The bytes of one of `sides`; ValueError names what cannot be read."""
        raise NotImplementedError

    def others(self) -> Iterator[tuple[str, bytes]]:
        """The name and, if known, the first bytes of all that is not among the items, being no picture by its name.

        A folder that is not looked into has a name that ends in a slash.
        """
        return iter(())

    def close(self) -> None:
        """Let go of open files."""

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DrawnSource(Source):
    """Cartoon faces, drawn when asked for."""

    def __init__(self, count: int) -> None:
        self.name = f"drawn-{count}"
        self.items = [f"face {i:06d}" for i in range(count)]
        self.fingerprint = digest([f"drawn {DRAWN_VERSION} {count}"])

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.fromarray(draw(factors(index), size))


class FolderSource(Source):
    """Every picture below a folder; linked folders are not followed, so that no link can lead in circles."""

    def __init__(self, root: Path, keep: Keep = lambda name: True, mark: Mark | None = None) -> None:
        self.name = root.resolve().name or "pictures"
        found = sorted((printable(name), name) for name in _pictures(root))
        found = [(name, file) for name, file in found if keep(name)]
        if not found:
            raise ValueError(f"The folder {root} holds no pictures ({suffix_list()}).")
        self.items, self._root = [name for name, _ in found], root
        # As texts: a million paths take half a gigabyte.
        self._files = [name if name == file else file for name, file in found]
        self.fingerprint = digest(f"{name}\0{(mark or stamp)(root / file)}" for name, file in found)

    def open(self, index: int, size: int = 128) -> Image.Image:
        path = self._root / self._files[index]
        if path.exists() and not path.is_file():  # reading a pipe would wait for ever
            raise BadPicture("not a file")
        return Image.open(path, formats=FORMATS)

    def sides(self) -> list[str]:
        folders = [(around, self._root / around) for around in wrappings(self.items)]
        files = [(around, path) for around, folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        return [around + path.name for around, path in files if is_side(path.name)]

    def read(self, side: str) -> bytes:
        try:
            with (self._root / side).open("rb") as file:
                data = file.read(MEMBER_LIMIT + 1)
        except OSError as error:
            raise ValueError(f"{side} cannot be read: {(error.strerror or 'unknown error').lower()}.") from None
        if len(data) > MEMBER_LIMIT:
            raise ValueError(f"{side} is over {MEMBER_LIMIT // 2**20} MiB, too much for a list of labels.")
        return data

    def others(self) -> Iterator[tuple[str, bytes]]:
        def name_of(folder: str, name: str) -> str:
            return printable(Path(folder, name).relative_to(self._root).as_posix())

        closed: list[str] = []
        for folder, folders, files in os.walk(self._root, onerror=lambda error: closed.append(error.filename)):
            shut = [name for name in folders if not is_visible(name) or Path(folder, name).is_symlink()]
            folders[:] = [name for name in folders if name not in shut]
            yield from ((name_of(folder, name) + "/", b"") for name in shut)
            others = (name for name in sorted(files) if not (is_visible(name) and name.lower().endswith(SUFFIXES)))
            yield from ((name_of(folder, name), _head(Path(folder, name))) for name in others)
        yield from ((name_of(folder, "") + "/", b"") for folder in closed)


class ZipSource(Source):
    """The pictures in a zip, read in memory one at a time."""

    def __init__(self, path: Path, keep: Keep = lambda name: True) -> None:
        self.name = path.stem
        self._zip = open_archive(path)
        found = (info for info in self._zip.infolist() if _is_picture_member(info) and keep(info.filename))
        self._members = sorted(found, key=lambda info: info.filename)
        self.items = [printable(info.filename) for info in self._members]
        if not self.items:
            self.close()
            raise ValueError(f"The zip {path.name} holds no pictures ({suffix_list()}).")
        self.fingerprint = digest(f"{info.filename}\0{info.file_size} {info.CRC}" for info in self._members)

    def open(self, index: int, size: int = 128) -> Image.Image:
        return Image.open(io.BytesIO(read_member(self._zip, self._members[index])), formats=FORMATS)

    def sides(self) -> list[str]:
        names = sorted(info.filename for info in self._zip.infolist() if not info.is_dir())
        split = [(around, name.removeprefix(around)) for around in wrappings(self.items) for name in names
                 if name.startswith(around)]  # fmt: skip
        return [around + name for around, name in split if "/" not in name and is_side(name)]

    def read(self, side: str) -> bytes:
        try:
            return read_member(self._zip, self._zip.getinfo(side))
        except Exception:  # as many kinds as there are ways to damage a zip
            raise ValueError(f"{side} is damaged inside the zip.") from None

    def others(self) -> Iterator[tuple[str, bytes]]:
        for info in self._zip.infolist():
            if not info.is_dir() and not _is_picture_member(info):
                yield printable(info.filename), self._head(info)

    def close(self) -> None:
        self._zip.close()

    def _head(self, info: ZipInfo) -> bytes:
        try:
            with self._zip.open(info) as file:
                return file.read(HEAD)
        except Exception:  # as many kinds as there are ways to damage a zip
            return b""


def wrappings(items: list[str]) -> list[str]:
    """The folders that hold all items, the outermost first: "", and "x/" where everything lies in x."""
    # The common part of the first and the last in order is common to all between them.
    common = posixpath.commonpath([posixpath.dirname(min(items)), posixpath.dirname(max(items))])
    parts = common.split("/") if common else []
    return ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1)]


def printable(name: str) -> str:
    """The name as text that can be shown and saved, whatever bytes the disk gave."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def digest(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return total.hexdigest()


def holds_pictures(root: Path) -> bool:
    return any(True for _ in _pictures(root))


def _pictures(root: Path) -> Iterable[str]:
    """The files below the folder that are pictures by their names, as seen from there."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if is_visible(name)]
        names = (name for name in files if is_visible(name) and name.lower().endswith(SUFFIXES))
        around = Path(folder).relative_to(root)
        yield from ((around / name).as_posix() for name in names)


def is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def is_side(name: str) -> bool:
    return name == "dataset.json" or (is_visible(name) and name.lower().endswith(".csv"))


def _is_picture_member(info: ZipInfo) -> bool:
    name = info.filename
    return not info.is_dir() and name.lower().endswith(SUFFIXES) and all(map(is_visible, name.split("/")))


def _head(path: Path) -> bytes:
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(HEAD)
    except OSError:
        pass
    return b""


def stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:  # a link to nowhere: opening it will fail and be reported by name
        return "gone"
    return f"{stat.st_size} {stat.st_mtime_ns}"


def suffix_list() -> str:
    return ", ".join(suffix[1:] for suffix in SUFFIXES)
