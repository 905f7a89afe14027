"""Pictures in tar files by WebDataset's convention: what has one name belongs together, as 0007.jpg and 0007.cls."""

import io
import itertools
import json
import tarfile
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.data.archive import MEMBER_LIMIT
from gan_core.data.decode import BadPicture
from gan_core.data.pictures import FORMATS, SUFFIXES, Mark, Source, digest, is_visible, printable, stamp, suffix_list

TAR = ".tar"
LABELS = ("cls", "json", "txt")  # the endings of what may hold a picture's class, the surest first
LABEL_LIMIT = 2**16
JSON_KEYS = ("label", "class", "category")
MOST_LETTERS = 100  # of a class; more is a caption
SHARDS_KNOWN = 2048


class TarSource(Source):
    """The pictures in tars, read in memory one at a time; only where each one lies is kept of them."""

    def __init__(self, paths: list[Path], name: str, mark: Mark = stamp) -> None:
        """ValueError names a tar that cannot be read."""
        self.name, self._tars = name, paths
        shards = [_look_through(path, stamp(path)) for path in paths]
        self._starts = list(itertools.accumulate((len(shard.names) for shard in shards), initial=0))
        self._shards = shards
        self.items = [name for shard in shards for name in shard.names]
        if not self.items:
            where = f"The tar {paths[0].name}" if len(paths) == 1 else f"The folder {paths[0].parent}"
            raise ValueError(f"{where} holds no pictures ({suffix_list()}).")
        self.labels = _labels([label for shard in shards for label in shard.labels])
        self.fingerprint = digest(f"{path.name}\0{mark(path)}" for path in paths)

    def open(self, index: int, size: int = 128) -> Image.Image:
        number = bisect_right(self._starts, index) - 1
        shard, row = self._shards[number], index - self._starts[number]
        start, length = int(shard.starts[row]), int(shard.sizes[row])
        if length > MEMBER_LIMIT:
            raise BadPicture(f"over {MEMBER_LIMIT // 2**20} MiB")
        with self._tars[number].open("rb") as file:
            file.seek(start)
            return Image.open(io.BytesIO(file.read(length)), formats=FORMATS)


def tars_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == TAR and is_visible(path.name))


@dataclass(frozen=True)
class _Shard:
    """Where the pictures of one tar lie, and what is said of each: (ending, text), None where nothing is."""

    names: list[str]
    starts: np.ndarray
    sizes: np.ndarray
    labels: list[tuple[str, str] | None]


@lru_cache(maxsize=SHARDS_KNOWN)
def _look_through(path: Path, _stamp: str) -> _Shard:
    names, places, labels, known = [], array("q"), [], {}
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for _, members in itertools.groupby(_members(archive), key=lambda member: _split(member.name)[0]):
                members = list(members)
                label = _label(archive, members)
                for member in _pictures(members):
                    # The tar comes last: as a folder it would look like a class.
                    names.append(f"{printable(member.name)} in {path.name}")
                    places.extend((member.offset_data, member.size))
                    labels.append(known.setdefault(label, label))
            _check_end(archive)
    except (tarfile.TarError, ValueError, EOFError):
        what = "it may be compressed, broken or only partly copied"
        raise ValueError(f"{path.name} is not a readable tar; {what}.") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {(error.strerror or 'unknown error').lower()}.") from None
    starts, sizes = np.array(places, np.int64).reshape(-1, 2).T
    return _Shard(names, starts.copy(), sizes.copy(), labels)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        archive.members.clear()  # it would remember a kilobyte of each
        if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and all(map(is_visible, _parts(member.name))):
            yield member


def _check_end(archive: tarfile.TarFile) -> None:
    """Python takes a damaged header for the end."""
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part != "."]


def _split(name: str) -> tuple[str, str]:
    """The name that a picture shares with its label, and the ending: all behind the first dot of the file's name."""
    folder, slash, base = name.rpartition("/")
    first, _, ending = base.partition(".")
    return folder + slash + first, ending.lower()


def _pictures(members: list[tarfile.TarInfo]) -> list[tarfile.TarInfo]:
    """One of those with the same name, the one whose ending is nothing but a picture's; else all that are pictures."""
    found = [member for member in members if member.name.lower().endswith(SUFFIXES)]
    plain = [member for member in found if "." not in _split(member.name)[1]]
    return plain[:1] or found


def _label(archive: tarfile.TarFile, members: list[tarfile.TarInfo]) -> tuple[str, str] | None:
    by_ending = {_split(member.name)[1]: member for member in members if member.size <= LABEL_LIMIT}
    for ending in LABELS:
        if ending in by_ending:
            text = archive.extractfile(by_ending[ending]).read().decode("utf-8-sig", "replace").strip()
            text = _of_json(text) if ending == "json" else text
            if text and len(text) <= MOST_LETTERS:
                return ending, text
    return None


def _of_json(text: str) -> str | None:
    with suppress(ValueError, RecursionError):
        about = json.loads(text)
        found = [about[key] for key in JSON_KEYS if key in about] if isinstance(about, dict) else []
        return next((str(label).strip() for label in found if isinstance(label, str | int)), None)
    return None


def _labels(found: list[tuple[str, str] | None]) -> list[str | None] | None:
    """The pictures' classes, from the surest kind that there is; texts that hardly repeat are captions."""
    for kind in LABELS:
        labels = [label[1] if label and label[0] == kind else None for label in found]
        if any(labels):
            return None if kind == "txt" and 2 * len(set(labels)) > len(labels) else labels
    return None
