"""The list of runs on the command line."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE
from gan_core.cli.console import say
from gan_core.words import distance

if TYPE_CHECKING:
    from gan_core.runs.summary import Summary

HEADER = ("run", "state", "kimg", "distance", "preset", "size", "last written")


def runs(args: argparse.Namespace) -> int:
    from gan_core.home import checkpoints
    from gan_core.runs import library
    from gan_core.runs.summary import summarise

    found = [(run, summarise(run)) for run in library.runs()]
    if args.json:
        for run, summary in found:
            sample = str(summary.sample) if summary.sample else None
            say(True, asdict(summary) | {"path": str(run.path), "sample": sample}, "")
    elif found:
        print(table([HEADER, *(cells(summary) for _, summary in found)]))
    else:
        print(f"there is no run in {checkpoints()} yet")
    return DONE


def cells(summary: Summary) -> tuple[str, ...]:
    return (
        summary.name,
        summary.state,
        f"{summary.nimg / 1000:,.1f}",
        distance(summary.best),
        summary.preset or "-",
        str(summary.image_size or "-"),
        datetime.fromtimestamp(summary.written).isoformat(" ", "minutes"),
    )


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
