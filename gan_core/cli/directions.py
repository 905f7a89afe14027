"""A model's directions on the command line: listed, learned from labelled pictures, measured, saved."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE
from gan_core.cli.console import Bar, say
from gan_core.cli.listing import table

if TYPE_CHECKING:
    from gan_core.attributes import Study
    from gan_core.latent import Explorer
    from gan_core.latent.directions import Direction

HEADER = ("direction", "name", "share", "changes", "effect", "others", "most other", "told")
LEGEND = """
share: of the variance of the layer that it was found in
effect: share of pictures in which moving from -2 to +2 brings or raises that factor, less that in which it goes
others: share in which another factor changes, the mean over them; most other: the one that changes in most
told: share of pairs of held-out real pictures that the classifier puts in the right order"""


def directions(args: argparse.Namespace) -> int:
    from gan_core.latent import Explorer, catalogue
    from gan_core.runs.library import find_model

    if args.factor and not args.labels:
        raise ValueError("--factor says which labels to learn: name the labelled pictures with --labels")
    explorer = Explorer.load(find_model(args.model))
    study = study_of(explorer, args) if args.labels else None
    found = study.directions if study else list(explorer.directions.values())
    if args.json:
        for each in found:
            say(True, asdict(each) | {"vector": each.vector.tolist()}, "")
    else:
        print(report(found, study))
    if args.save:
        kept = [each for each in found if study is None or each not in study.weak]
        catalogue.merge(explorer.catalogue, kept, explorer.config.model.latent_dim)
        say(args.json, {"saved": str(explorer.catalogue)}, f"saved in {explorer.catalogue}")
    return DONE


def study_of(explorer: Explorer, args: argparse.Namespace) -> Study:
    from gan_core.attributes import study
    from gan_core.home import datasets

    return study(
        explorer,
        args.labels,
        datasets(),
        args.factor or (),
        keep_apart=args.keep_apart,
        data_root=args.data_root,
        on_progress=Bar(args.json),
    )


def report(found: list[Direction], study: Study | None) -> str:
    """The table, and what its columns mean and what is missing from it."""
    rows = [HEADER, *(cells(each) for each in found)]
    if not any(each.measured for each in found):
        return table([row[:3] for row in rows])
    lines = [table(rows), LEGEND]
    if study and study.untold:
        lines.append(f"cannot be told from the pictures: {', '.join(study.untold)}")
    if study and study.weak:
        lines.append(f"this model hardly draws, so not to be saved: {', '.join(each.name for each in study.weak)}")
    return "\n".join(lines)


def cells(direction: Direction) -> tuple[str, ...]:
    figures = direction.measured
    most = f"{figures['most_other']} {figures['most_other_share']:.2f}" if "most_other" in figures else "-"
    numbers = {"effect": "+.2f", "others": ".2f", "accuracy": ".2f"}
    effect, others, told = (format(figures[name], style) if name in figures else "-" for name, style in numbers.items())
    share = f"{direction.explained:.3f}" if direction.explained else "-"
    return direction.id, direction.name, share, figures.get("factor", "-"), effect, others, most, told
