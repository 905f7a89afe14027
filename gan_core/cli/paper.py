"""The command that makes the figures of the DCGAN paper with a model, as a report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE, writable
from gan_core.cli.console import Bar, say

if TYPE_CHECKING:
    from gan_core.config import ModelConfig
    from gan_core.paper.classify import Labelled


def paper(args: argparse.Namespace) -> int:
    from gan_core.paper import FIGURES, Subject, begin, finish
    from gan_core.paper.report import write
    from gan_core.runs.library import find_model

    out, names = new_folder(args.out), chosen(args.figures, FIGURES, bool(args.labels))
    subject, bar, findings, left_out = Subject.load(find_model(args.model)), Bar(args.json), [], {}
    data = labelled_pictures(args, subject.config.model, bar) if "classify" in names else None
    for name in names:
        try:
            findings.append(finish(begin(name, subject, data), lambda share, name=name: bar(name, share)))
        except ValueError as error:
            left_out[name] = str(error)
            say(args.json, {"event": "left out", "figure": name, "reason": str(error)}, f"{name}: {error}")
            continue
        # At once: what is there stays if the rest is stopped.
        write(out, findings, args.model, subject.explorer.nimg / 1000)
        told = {"event": "figure", "figure": name, "seen": findings[-1].seen, "numbers": findings[-1].numbers}
        say(args.json, told, "\n".join([f"{findings[-1].title}:", *(f"  {each}" for each in findings[-1].seen)]))
    if not findings:
        raise ValueError(f"no figure could be made: {next(iter(left_out.values()))}")
    say(args.json, {"out": str(out), "figures": [each.name for each in findings]}, f"wrote {out / 'report.html'}")
    return DONE


def chosen(text: str | None, known: tuple[str, ...], has_labels: bool) -> list[str]:
    """The figures that were asked for; by default all that need nothing more than was given."""
    if text is None:
        return [name for name in known if name != "classify" or has_labels]
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"there is no figure '{' '.join(unknown)}'; there are {', '.join(known)}")
    if "classify" in names and not has_labels:
        raise ValueError("a classifier learns from labelled pictures: name some with --labels")
    return names


def labelled_pictures(args: argparse.Namespace, model: ModelConfig, bar: Bar) -> Labelled:
    from gan_core.home import datasets
    from gan_core.paper.begin import labelled

    return labelled(
        args.labels,
        model,
        datasets(),
        lambda done, total: bar("reading the pictures", done / max(total, 1)),
        args.data_root,
    )


def new_folder(path: str) -> Path:
    out = writable(path)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: name a folder for the report")
    return out
