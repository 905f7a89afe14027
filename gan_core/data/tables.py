"""Lists of labels in files that others wrote: StyleGAN's dataset.json, and CSVs of any dialect."""

import csv
import io
import json
import posixpath

from gan_core.data.pictures import SUFFIXES

DELIMITERS = ",;\t|"


class Finder:
    """Finds pictures by what a list calls them: with or without folder or suffix, as long as only one fits."""

    def __init__(self, items: list[str], around: str) -> None:
        """`around` is the folder of the list, which its names leave out."""
        self._exact = {item.removeprefix(around): index for index, item in enumerate(items)}
        self._loose: dict[str, int | None] = {}
        for name, index in self._exact.items():
            for form in set(_forms(name)):
                self._loose[form] = None if form in self._loose else index

    def find(self, text: str) -> int | None:
        """The picture's place in the source."""
        name = text.strip().replace("\\", "/").removeprefix("./")
        if name in self._exact:
            return self._exact[name]
        return next((self._loose[form] for form in (name, *_forms(name)) if self._loose.get(form) is not None), None)


def parse_json(data: bytes, name: str) -> list[tuple[str, object]]:
    """The (file, label) pairs of a dataset.json, none where it lists none; ValueError names a broken one."""
    try:
        about = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError(f"{name} is not readable JSON; repair or remove it, or choose no labels.") from None
    pairs = about.get("labels") if isinstance(about, dict) else None
    if pairs is None:
        return []
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        raise ValueError(f"{name} holds labels in an unknown form; they should be [[file, label], …].")
    return [(file, label) for file, label in pairs]


def parse_csv(data: bytes, name: str) -> list[list[str]]:
    """The rows of a CSV, whatever its encoding and delimiter; ValueError names one that cannot be read."""
    text = _text(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        raise ValueError(f"{name} is not a readable CSV; repair or remove it, or choose no labels.") from None
    return [row for row in rows if any(row)]


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # most likely saved by an older spreadsheet
        return data.decode("cp1252", "replace")


def _forms(name: str) -> tuple[str, str, str]:
    """What else a list may call a picture: without its suffix, without its folder, without both."""
    base = posixpath.basename(name)
    return _stem(name), base, _stem(base)


def _stem(name: str) -> str:
    return posixpath.splitext(name)[0] if name.lower().endswith(SUFFIXES) else name
