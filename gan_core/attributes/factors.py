"""The factors of labelled pictures, each as one or several traits that a picture has more or less of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gan_core.config import require
from gan_core.data import factors as drawn_factors
from gan_core.data import open_source, prepare
from gan_core.data.labels import choose_labels, every_column
from gan_core.data.pictures import DrawnSource, Source

FEWEST = 30  # pictures with a trait, and without it: of fewer nothing can be learned
MOST_VALUES = 60  # of one factor that become traits, the most frequent ones
MOST_DIRECTIONS = 6  # of one factor that become directions, besides that of having any value
FEW_NUMBERS = 10  # a column with at most so many different numbers holds classes
YES_AND_NO = (("yes", "no"), ("true", "false"), ("1", "0"), ("1", "-1"))

Cell = str | float | bool | None


@dataclass(frozen=True, eq=False)
class Trait:
    """One thing that a picture has more or less of: a value of a factor, or a number.

    `targets` is float32 [N]: 1 with the value and 0 without, or the numbers; NaN where it is not known.
    """

    factor: str
    value: str
    targets: np.ndarray
    is_number: bool = False

    @property
    def id(self) -> str:
        return "-".join(re.findall(r"\w+", f"label {self.name}".lower().replace("_", " ")))

    @property
    def name(self) -> str:
        """For people, e.g. "Hair style: bun", "Glasses"."""
        words = self.factor.replace("_", " ").strip()
        return (words[:1].upper() + words[1:]) + (f": {self.value}" if self.value else "")


def labelled_pictures(
    data: str | Path,
    image_size: int,
    channels: int,
    root: Path,
    report: Callable[[int, int], None] | None = None,
    data_root: str | Path | None = None,
) -> tuple[np.ndarray, dict[str, list[Cell]]]:
    """The pictures uint8 [N, H, W, C] of a source, and what is known of each by the name of the factor.

    "drawn" has the factors that its faces are drawn from, others the columns of their CSV, or else their classes.
    ValueError where nothing is known.
    """
    with open_source(data, root, data_root) as source:
        columns, items = columns_of(source), source.items
    require(bool(columns), f"nothing is known of the pictures of {source.name}: they have no classes and no labels.csv")
    store = prepare(data, image_size, channels, root, report, labels="none", data_root=data_root)
    skipped = {name for name, _ in store.skipped}
    kept = [i for i, item in enumerate(items) if item not in skipped]
    require(len(kept) == len(store.images), f"two pictures of {source.name} have the same name: rename one of them")
    return store.images, {name: [cells[i] for i in kept] for name, cells in columns.items()}


def columns_of(source: Source) -> dict[str, list[Cell]]:
    """What is known of each picture of a source, by the name of the factor."""
    if isinstance(source, DrawnSource):
        rows = [asdict(drawn_factors(i)) for i in range(len(source.items))]
        return {name: [row[name] for row in rows] for name in rows[0]}
    if columns := every_column(source):
        return columns
    labels = choose_labels(source)
    return {"class": labels} if labels else {}


def traits_of(columns: Mapping[str, Sequence[Cell]]) -> list[Trait]:
    """The traits of all factors.

    A factor of several values gives one for each, the most frequent first, and before them one for any value at all
    where some pictures have none. ValueError where no trait belongs to enough pictures.
    """
    traits = {trait.id: trait for name, cells in columns.items() for trait in of_factor(name, cells)}
    require(bool(traits), f"no label belongs to at least {FEWEST} pictures, too few to learn from")
    return list(traits.values())


def choose(traits: Sequence[Trait], wanted: Sequence[str] = ()) -> list[Trait]:
    """The traits wanted, each as "factor" or "factor=value", or those of all factors; of a factor a few at most.

    ValueError for one that is not among them.
    """
    factors = dict.fromkeys(trait.factor for trait in traits)
    chosen: dict[str, Trait] = {}
    for spec in wanted or factors:
        name, _, value = (part.strip().lower() for part in spec.partition("="))
        found = [trait for trait in traits if trait.factor.lower() == name]
        require(bool(found), f"no factor '{spec}' has labels enough; there are {', '.join(factors)}")
        values = [trait for trait in found if trait.value][:MOST_DIRECTIONS]
        found = [
            trait for trait in found if (trait.value.lower() == value if value else not trait.value or trait in values)
        ]
        require(bool(found), f"fewer than {FEWEST} pictures are labelled '{spec}'")
        chosen |= {trait.id: trait for trait in found}
    return list(chosen.values())


def of_factor(name: str, cells: Sequence[Cell]) -> list[Trait]:
    known = [cell for cell in cells if cell is not None]
    if is_numeric(known):
        numbers = np.array([np.nan if cell in (None, "") else float(cell) for cell in cells], np.float32)
        enough = np.isfinite(numbers).sum() >= 2 * FEWEST and np.nanstd(numbers) > 0
        return [Trait(name, "", numbers, is_number=True)] if enough else []
    texts = [None if cell is None else str(cell) for cell in cells]
    counts = Counter(text for text in texts if text)
    if positive := yes_of(set(texts) - {None}):
        return enough_of([with_values(name, "", texts, {positive})])
    if len(counts) == 2 and "" not in texts:
        counts = Counter({min(counts, key=counts.get): 0})  # the other one is its opposite
    traits = [with_values(name, value, texts, {value}) for value, _ in counts.most_common()]
    has_none = "" in texts and len(counts) > 1
    whole = [with_values(name, "", texts, set(counts))] if has_none else []
    return enough_of(whole) + enough_of(traits)[:MOST_VALUES]


def with_values(name: str, value: str, texts: Sequence[str | None], values: set[str]) -> Trait:
    return Trait(name, value, np.array([np.nan if text is None else text in values for text in texts], np.float32))


def enough_of(traits: list[Trait]) -> list[Trait]:
    return [trait for trait in traits if min((trait.targets == 1).sum(), (trait.targets == 0).sum()) >= FEWEST]


def is_numeric(cells: Sequence[Cell]) -> bool:
    """Whether these are measures of something and not the numbers of classes."""
    cells = [cell for cell in cells if cell != ""]
    if any(isinstance(cell, bool) for cell in cells):
        return False
    try:
        numbers = {float(cell) for cell in cells}
    except ValueError:
        return False
    return len(numbers) > FEW_NUMBERS and all(map(np.isfinite, numbers))


def yes_of(texts: set[str]) -> str | None:
    """The text that says yes, where these are a yes and a no."""
    lower = {text.lower(): text for text in texts}
    return next((lower[yes] for yes, no in YES_AND_NO if set(lower) == {yes, no}), None)
