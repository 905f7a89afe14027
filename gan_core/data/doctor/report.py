"""What the doctor found out about a set of pictures, and how that is remembered."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import median

from gan_core.files import write_json

FORMAT = 1  # raise it when the same pictures would be reported in another way
EXAMPLES = 5


@dataclass(frozen=True)
class Copy:
    """A picture that is there already: its place in the source, and that of the one which stays."""

    index: int
    name: str
    of: int
    of_name: str
    exact: bool  # the same pixels, else nearly the same


@dataclass
class Examples:
    """Files of one kind, and the names of the first few."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.names) < EXAMPLES:
            self.names.append(name)


@dataclass(frozen=True)
class Report:
    """The state of a set of pictures. Sides are in pixels, as one sees the picture; shares lie between 0 and 1.

    `sides` counts the short sides, `aspects` and `colours` the kinds of pictures, `classes` the usable pictures of
    each class. `sidedness` is that of `mirror`; `cut_away` what a square leaves out of a typical picture.
    """

    name: str
    count: int
    unreadable: list[tuple[str, str]]  # name and reason
    passed_over: dict[str, Examples]  # by kind: files that are no pictures, or do not look like any by their name
    widths: tuple[int, int, int]  # least, median, most
    heights: tuple[int, int, int]
    sides: dict[int, int]
    aspects: dict[str, int]
    cut_away: float
    colours: dict[str, int]
    grey: int
    animated: Examples
    misnamed: Examples
    copies: list[Copy]
    sidedness: float
    classes: dict[str, int]
    unlabelled: int

    @property
    def usable(self) -> int:
        return self.count - len(self.unreadable)

    @property
    def exact_copies(self) -> int:
        return sum(copy.exact for copy in self.copies)

    @property
    def groups(self) -> list[list[Copy]]:
        """The copies of each picture that has any, the largest group first."""
        groups: dict[int, list[Copy]] = {}
        for copy in self.copies:
            groups.setdefault(copy.of, []).append(copy)
        return sorted(groups.values(), key=lambda group: (-len(group), group[0].of))

    @property
    def side(self) -> tuple[int, int, int]:
        """The least, median and most of the short sides; zeros without pictures."""
        return spread(list(Counter(self.sides).elements()))

    def at_least(self, side: float) -> float:
        """The share of the usable pictures whose short side is that long."""
        return sum(count for each, count in self.sides.items() if each >= side) / max(self.usable, 1)

    def to_dict(self) -> dict:
        """As JSON has it: a number that is a key becomes text."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, values: dict) -> Report:
        """The inverse of `to_dict`."""
        plain = {spec.name: values[spec.name] for spec in fields(cls)}
        return cls(**plain | {
            "unreadable": [(name, reason) for name, reason in values["unreadable"]],
            "passed_over": {kind: Examples(**each) for kind, each in values["passed_over"].items()},
            "widths": tuple(values["widths"]),
            "heights": tuple(values["heights"]),
            "sides": {int(side): count for side, count in values["sides"].items()},
            "animated": Examples(**values["animated"]),
            "misnamed": Examples(**values["misnamed"]),
            "copies": [Copy(**copy) for copy in values["copies"]],
        })  # fmt: skip


def spread(values: list[int]) -> tuple[int, int, int]:
    """Least, median and most; zeros of nothing."""
    return (min(values), round(median(values)), max(values)) if values else (0, 0, 0)


def remember(report: Report, path: Path) -> None:
    """Write a report, unless the disk will not have it: looking again is possible."""
    values = report.to_dict()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"format": FORMAT, "seal": _seal(values), "report": values})
    except OSError:
        return


def recall(path: Path) -> Report | None:
    """The report in a file; None where there is none, or it is of another format or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT or found["seal"] != _seal(found["report"]):
            return None
        return Report.from_dict(found["report"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _seal(values: dict) -> str:
    """Tells a damaged report from a whole one."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
