"""The command `doctor`: a report on pictures, for people and for programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import islice
from typing import TYPE_CHECKING, Any

from gan_core.cli.console import Reporter, say
from gan_core.cli.process import give_way
from gan_core.config import ModelConfig, TrainConfig

if TYPE_CHECKING:
    from gan_core.data.doctor import Report, Suggestion

SHOWN = 20  # lines of a list that may be long; --json has all of them


def doctor(args: argparse.Namespace) -> int:
    from gan_core.data.doctor import examine, suggestions
    from gan_core.home import datasets

    if args.background:
        give_way()
    reporter = Reporter(args.json)
    report = examine(
        args.data,
        datasets(),
        reporter.progress("preparing", "looking at the pictures"),
        labels=args.labels,
        data_root=args.data_root,
        on_download=reporter.progress("preparing", "downloading the pictures, bytes"),
    )
    advice = suggestions(report)
    values = {"event": "doctor", **report.to_dict(), "suggestions": [asdict(each) for each in advice]}
    say(args.json, values, "\n".join(_lines(report, advice)))
    return 0


def _lines(report: Report, advice: list[Suggestion]) -> Iterator[str]:
    least, middle, most = report.side
    yield f"{report.name}: {report.usable:,} of {report.count:,} pictures can be used"
    yield f"short side: {least:,} to {most:,} px, half of them up to {middle:,} px"
    yield f"shape: {_counted(report.aspects)}"
    yield f"colours: {_counted(report.colours)}; without any colour: {report.grey:,}"
    if report.classes:
        yield f"classes: {_counted(report.classes)}; without a class: {report.unlabelled:,}"
    for kind, found in {"animated": report.animated, "named like another format": report.misnamed}.items():
        if found.count:
            yield f"{kind}: {found.count:,}, such as {', '.join(found.names)}"
    for kind, found in report.passed_over.items():
        yield f"passed over: {found.count:,} {kind}, such as {', '.join(found.names)}"
    if report.unreadable:
        yield f"not readable: {len(report.unreadable):,}"
        yield from _shortened(f"{name}: {reason}" for name, reason in report.unreadable)
    if report.copies:
        yield f"duplicates: {report.exact_copies:,} the very same, {len(report.copies) - report.exact_copies:,} nearly"
        yield from _shortened(f"{copy.name} is {copy.of_name}" for copy in report.copies)
    yield "suggestions:" if advice else "Nothing to improve."
    yield from (f"  {each.sentence}{_flags(each.options)}" for each in advice)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"


def _shortened(lines: Iterable[str]) -> Iterator[str]:
    lines = iter(lines)
    yield from (f"  {line}" for line in islice(lines, SHOWN))
    if more := sum(1 for _ in lines):
        yield f"  and {more:,} more"


def _flags(options: dict[str, Any]) -> str:
    """The flags of a training that set these options."""
    flag = {spec.name: spec.metadata.get("flag") for kind in (TrainConfig, ModelConfig) for spec in fields(kind)}
    found = []
    for name, value in options.items():
        spelt = (flag.get(name) or name).replace("_", "-")
        found.append(f"--{'' if value else 'no-'}{spelt}" if isinstance(value, bool) else f"--{spelt} {value}")
    return f" ({' '.join(found)})" if found else ""
