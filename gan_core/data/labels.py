"""The class of each picture: from StyleGAN's dataset.json, a column of a CSV, or the folders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gan_core.data.pictures import Source, wrappings
from gan_core.data.tables import Finder, parse_csv, parse_json

AUTO, NONE = "auto", "none"
FEWEST_CLASSES, MOST_CLASSES = 2, 200
USUAL_COLUMNS = ("label", "class", "category")
SPLITS = {"train", "training", "val", "valid", "validation", "test"}

Labels = list[str | None]


def choose_labels(source: Source, choice: str = AUTO) -> Labels | None:
    """Each item's class by name, None for an item without; None alone where there are no classes.

    `choice` is "auto", "none" or a column of the CSV; ValueError for a column that cannot serve, or a broken file.
    """
    choice = choice.strip()
    if choice.lower() == NONE:
        return None
    if choice.lower() != AUTO:
        return _named_column(source, choice)
    for find in (lambda source: source.labels, _from_json, _from_usual_column, _from_folders):
        labels = find(source)
        if labels and FEWEST_CLASSES <= _count(labels) <= MOST_CLASSES:
            return labels
    return None


def every_column(source: Source) -> dict[str, Labels]:
    """What each column of the source's CSV says of each picture, as `Table.cells`; none where there is no CSV."""
    table = _table(source)
    return {column: table.cells(column, len(source.items)) for column in table.columns} if table else {}


def number_labels(labels: Iterable[str], order: tuple[str, ...] = ()) -> tuple[np.ndarray, tuple[str, ...]]:
    """The labels as int64 [N], and the classes they number: in the given order, else sorted with 2 before 10."""
    labels = list(labels)
    present = set(labels)
    classes = tuple(name for name in order if name in present) or tuple(sorted(present, key=_natural))
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[label] for label in labels], np.int64), classes


@dataclass(frozen=True)
class Table:
    """A CSV about the pictures: `places` are the pictures its rows mean, None for a row that means none."""

    name: str
    columns: dict[str, int]  # the place of each column but that of the file names
    rows: list[list[str]]
    places: list[int | None]

    def labels(self, column: str, count: int) -> Labels:
        return [cell or None for cell in self.cells(column, count)]

    def cells(self, column: str, count: int) -> Labels:
        """What the column says of each picture: "" where its cell is empty, None where no row means it."""
        cells: Labels = [None] * count
        for row, place in zip(self.rows, self.places, strict=True):
            if place is not None and self.columns[column] < len(row):
                cells[place] = row[self.columns[column]]
        return cells


def _named_column(source: Source, choice: str) -> Labels:
    table = _table(source)
    if table is None:
        raise ValueError(f"There is no labels.csv about the pictures of {source.name} to take “{choice}” from.")
    same = [name for name in table.columns if name.lower() == choice.lower()]
    column = choice if choice in table.columns else next(iter(same), None)
    if column is None:
        have = ", ".join(table.columns) or "none"
        raise ValueError(f"{table.name} has no column “{choice}”; its columns are: {have}.")
    labels = table.labels(column, len(source.items))
    if not FEWEST_CLASSES <= (count := _count(labels)) <= MOST_CLASSES:
        allowed = f"from {FEWEST_CLASSES} to {MOST_CLASSES}"
        raise ValueError(f"The column “{column}” of {table.name} has {count:,} classes; {allowed} can be trained on.")
    return labels


def _from_json(source: Source) -> Labels | None:
    side = next((side for side in source.sides() if _base(side) == "dataset.json"), None)
    if side is None:
        return None
    labels: Labels = [None] * len(source.items)
    finder = Finder(source.items, side.removesuffix("dataset.json"))
    for file, label in parse_json(source.read(side), side):
        if (place := finder.find(file)) is not None:
            labels[place] = _text(label)
    return labels


def _from_usual_column(source: Source) -> Labels | None:
    table = _table(source)
    if table is None:
        return None
    usual = [column for name in USUAL_COLUMNS for column in table.columns if column.lower() == name]
    column = next(iter(usual or (table.columns if len(table.columns) == 1 else ())), None)
    return table.labels(column, len(source.items)) if column else None


def _from_folders(source: Source) -> Labels | None:
    """The first folder below those that hold everything; parts like train and test are looked through."""
    if any(_base(side) == "dataset.json" for side in source.sides()):
        return None  # then folders only keep the number of files in each small
    around = len(wrappings(source.items)[-1])
    paths = [item[around:].split("/")[:-1] for item in source.items]
    if all(path and path[0].lower() in SPLITS for path in paths):
        paths = [path[1:] for path in paths]
    return [path[0] for path in paths] if all(paths) else None


def _table(source: Source) -> Table | None:
    sides = [side for side in source.sides() if side.lower().endswith(".csv")]
    chosen = [side for side in sides if _base(side).lower() == "labels.csv"] or (sides if len(sides) == 1 else [])
    if not chosen:
        return None
    rows = parse_csv(source.read(chosen[0]), chosen[0])
    finder = Finder(source.items, chosen[0].removesuffix(_base(chosen[0])))
    files, places = _file_column(rows, finder)
    return None if files is None else _with_header(_base(chosen[0]), rows, places, files)


def _file_column(rows: list[list[str]], finder: Finder) -> tuple[int | None, list[int | None]]:
    """The column that names most pictures, and which; the first with most rows saves a look at the others."""
    best, most, places = None, 0, []
    for i in range(max(map(len, rows), default=0)):
        found = [finder.find(row[i]) if i < len(row) and row[i] else None for row in rows]
        hits = sum(place is not None for place in found)
        if hits > most:
            best, most, places = i, hits, found
        if 2 * hits > len(rows):
            break
    return best, places


def _with_header(name: str, rows: list[list[str]], places: list[int | None], files: int) -> Table:
    """A first row that already means a picture is no header, so the columns are then counted from 1."""
    headless = places[0] is not None
    header = [str(i + 1) for i in range(max(map(len, rows)))] if headless else rows[0]
    columns = {column: i for i, column in reversed(list(enumerate(header))) if i != files and column}
    columns = dict(sorted(columns.items(), key=lambda item: item[1]))
    return Table(name, columns, rows, places) if headless else Table(name, columns, rows[1:], places[1:])


def _count(labels: Labels) -> int:
    return len(set(labels) - {None})


def _text(label: object) -> str | None:
    """A label of dataset.json; anything but a number or a text, such as a vector, is none."""
    if isinstance(label, str):
        return label.encode("utf-8", "replace").decode().strip() or None
    return str(label) if isinstance(label, int) else None


def _base(side: str) -> str:
    return side.rpartition("/")[2]


def _natural(name: str) -> tuple[list[str | int], str]:
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name
