"""What would help a set of pictures, as sentences and as settings of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from statistics import median
from typing import Any

from gan_core.config import DEFAULT_PRESET, POWERS_OF_TWO, preset
from gan_core.data.doctor.mirror import MOST
from gan_core.data.doctor.passed_over import UNNAMED, UNREAD
from gan_core.data.doctor.report import Report

DEFAULT_SIZE = preset(DEFAULT_PRESET).model.image_size
ENLARGED = 0.8  # a picture may be that share of the size without looking blurred
MOST_PICTURES, ALMOST_ALL = 0.9, 0.98
FEWEST, FEW = 50, 1000
FEW_IN_CLASS, UNBALANCED = 50, 10
COPIES_THAT_MATTER = 1 / 200
ONE_SIDED, CHANCE = 0.65, 1.5  # of `sidedness`; what 50 pictures show may be chance
MUCH_CUT_AWAY = 0.4


@dataclass(frozen=True)
class Suggestion:
    """A finding, and the settings that would cure it by their names, perhaps with a "preset" to start from."""

    sentence: str
    options: dict[str, Any] = field(default_factory=dict)


def suggestions(report: Report) -> list[Suggestion]:
    """What would help, the most important first; the settings of all of them go together."""
    if not report.usable:
        return [Suggestion("None of these files can be used as a picture.")]
    rules = (_number, _small_grey, _size, _grey, _copies, _mirrored, _classes, _unreadable, _formats, _cut_away)
    return [found for rule in rules if (found := rule(report))]


def all_options(found: list[Suggestion]) -> dict[str, Any]:
    """The settings of all suggestions together."""
    return {name: value for each in found for name, value in each.options.items()}


def best_size(report: Report) -> int:
    """The largest size that most of the pictures have."""
    return max(size for size in POWERS_OF_TWO if size == POWERS_OF_TWO[0] or _has(report, size))


def _has(report: Report, size: int) -> bool:
    return report.at_least(ENLARGED * size) >= MOST_PICTURES


def _number(report: Report) -> Suggestion | None:
    count = report.usable - len(report.copies)
    if count < FEWEST:
        return Suggestion(
            f"There {_are(count, 'different picture')}, and networks learn so few by heart: at least {FEWEST} are "
            "needed, and several hundred are better.",
            {"preset": "few-shot"},
        )
    if count <= FEW:
        return Suggestion(f"{count:,} pictures are few: the recipe few-shot makes the most of them.",
                          {"preset": "few-shot"})  # fmt: skip
    return None


def _small_grey(report: Report) -> Suggestion | None:
    if not _is_small_grey(report):
        return None
    return Suggestion("Small grey pictures like digits or clothes: the recipe dcgan-28 is made for them.",
                      {"preset": "dcgan-28"})  # fmt: skip


def _is_small_grey(report: Report) -> bool:
    return _is_grey(report) and not _has(report, 64) and report.side[1] == 28 and _number(report) is None


def _size(report: Report) -> Suggestion | None:
    size = best_size(report)
    if size >= DEFAULT_SIZE or _is_small_grey(report):
        return None
    return Suggestion(f"Most pictures are of about {report.side[1]} px: larger than {size} px they would be blurred.",
                      {"image_size": size})  # fmt: skip


def _is_grey(report: Report) -> bool:
    return report.grey >= ALMOST_ALL * report.usable


def _grey(report: Report) -> Suggestion | None:
    if not _is_grey(report) or _is_small_grey(report):
        return None
    all_ = "All" if report.grey == report.usable else "Almost all"
    return Suggestion(f"{all_} pictures are grey: without colours the networks learn faster.", {"channels": 1})


def _copies(report: Report) -> Suggestion | None:
    count = len(report.copies)
    if count < max(COPIES_THAT_MATTER * report.usable, 1):
        return None
    return Suggestion(
        f"{_pictures(count)} {'is a duplicate' if count == 1 else 'are duplicates'} of others: such a picture would "
        "count more than once.",
        {"duplicates": "drop"},
    )


def _mirrored(report: Report) -> Suggestion | None:
    count = min(report.usable - len(report.copies), MOST)
    if count < FEWEST or report.sidedness < ONE_SIDED + CHANCE / sqrt(count):
        return None
    return Suggestion("Mirrored, these pictures look like none of the others, as letters would: do not flip them.",
                      {"flip": False})  # fmt: skip


def _classes(report: Report) -> Suggestion | None:
    if not report.classes:
        return None
    few = [name for name, count in report.classes.items() if count < FEW_IN_CLASS]
    if few and median(report.classes.values()) < FEW_IN_CLASS:
        return Suggestion("Most classes have too few pictures to learn from: train without classes.",
                          {"labels": "none"})  # fmt: skip
    if few:
        named = ", ".join(f"{name} ({report.classes[name]:,})" for name in few[:5]) + (" and others" * (len(few) > 5))
        return Suggestion(f"Too few pictures to learn from in a class: {named}.")
    most, least = (pick(report.classes, key=report.classes.get) for pick in (max, min))
    if report.classes[most] <= UNBALANCED * report.classes[least]:
        return None
    return Suggestion(f"The classes are uneven: {report.classes[most]:,} pictures of {most}, but "
                      f"{report.classes[least]:,} of {least}, which will look worse.")  # fmt: skip


def _unreadable(report: Report) -> Suggestion | None:
    count = len(report.unreadable)
    if not count:
        return None
    return Suggestion(f"{_pictures(count)} cannot be read and will be left out; the list says why.")


def _formats(report: Report) -> Suggestion | None:
    missed = [report.passed_over[kind] for kind in (UNNAMED, UNREAD) if kind in report.passed_over]
    if not missed:
        return None
    count = sum(examples.count for examples in missed)
    return Suggestion(f"{_pictures(count)} will be missing, such as {missed[0].names[0]}: save them as JPEG or PNG.")


def _cut_away(report: Report) -> Suggestion | None:
    if report.cut_away <= MUCH_CUT_AWAY:
        return None
    return Suggestion(f"A square cuts away {report.cut_away:.0%} of a typical picture: crop them yourself where the "
                      "middle is not what matters.")  # fmt: skip


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"


def _are(count: int, what: str) -> str:
    return f"is only one {what}" if count == 1 else f"are only {count:,} {what}s"
