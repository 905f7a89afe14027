"""A report on pictures as html: suggestions with their buttons, facts, small histograms, crops and duplicates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from gan_core.config import DEFAULT_PRESET, preset
from gan_core.data.doctor import Report, Suggestion
from gan_core.data.doctor.advice import all_options
from gan_core.data.doctor.report import Copy
from gan_core.data.doctor.show import crop, crops
from gan_core.data.pictures import Source
from ui.answers import data_uri
from ui.run_view import fact
from ui.settings import label_of

EMPTY = (
    "<div class='card empty'>How many pictures there are, which cannot be read, which are there twice, what training "
    "will see of them, and which settings suit them.</div>"
)
CROPS, THUMBNAIL = 24, 64
GROUPS, IN_GROUP, NAMED, CLASSES = 12, 5, 200, 12
SIDES = (16, 32, 64, 128, 256, 512, 1024)
WORDS = {"preset": "recipe", "image_size": "size"}


def report_html(report: Report, advice: list[Suggestion], source: Source, place: dict[str, Any]) -> str:
    """The whole report; `place` is what the form says of where the pictures are."""
    options = all_options(advice)
    config = preset(options.get("preset", DEFAULT_PRESET))
    config = config.with_options(**{name: value for name, value in options.items() if name != "preset"})
    seen = crops(source, report, config.model.image_size, config.model.channels, CROPS)
    words = card("Suggestions", advice_html(report, advice)) + card("Facts", facts_html(report) + lists_html(report))
    images = card(f"What training will see at {config.model.image_size} px", crops_html(seen))
    images += card("Duplicates", groups_html(report, source)) if report.copies else ""
    sides = f"<div class='half'>{words}</div><div class='half'>{images}</div>"
    return f"<div class='doctor' data-place='{attribute(place)}'>{sides}</div>"


def card(title: str, html: str) -> str:
    return f"<section class='card'><h3 class='head'>{escape(title)}</h3>{html}</section>"


def attribute(value: Any) -> str:
    return escape(json.dumps(value))


def advice_html(report: Report, advice: list[Suggestion]) -> str:
    items = "".join(suggestion_html(each) for each in advice)
    if not report.usable:
        return f"<ul class='advice'>{items}</ul>"
    if not advice:
        items = "<li><p>Nothing stands in the way of a training.</p></li>"
    cures = sum(bool(each.options) for each in advice)
    all_ = "<button class='btn' data-all>Apply all</button>" if cures > 1 else ""
    use = "<button class='btn primary' data-go>Use these pictures</button>"
    return f"<ul class='advice'>{items}</ul><div class='line'>{use}{all_}</div>"


def suggestion_html(each: Suggestion) -> str:
    if not each.options:
        return f"<li><p>{escape(each.sentence)}</p></li>"
    button = f"<button class='btn' data-options='{attribute(each.options)}'>Apply</button>"
    sets = ", ".join(f"{WORDS.get(name, label_of(name))}: {worded(value)}" for name, value in each.options.items())
    return f"<li><p>{escape(each.sentence)} <span class='cap'>{escape(sets)}</span></p>{button}</li>"


def worded(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def crops_html(images: list[np.ndarray]) -> str:
    shown = "".join(f"<img src='{picture(image)}' alt=''>" for image in images)
    return f"<div class='crops'>{shown}</div>"


def picture(image: np.ndarray) -> str:
    from gan_core import pixels  # late, for it takes PyTorch along

    return data_uri(pixels.jpeg(image), "image/jpeg")


def facts_html(report: Report) -> str:
    least, middle, most = report.side
    facts = [
        fact("pictures", f"{report.usable:,}"),
        fact("not readable", f"{len(report.unreadable):,}", tone="bad" if report.unreadable else ""),
        fact("duplicates", f"{len(report.copies):,}", "The very same pictures, and the same ones saved again."),
        fact("short side", f"{middle:,} <small>px</small>", f"From {least:,} to {most:,} px."),
        fact("without colour", f"{report.grey / max(report.usable, 1):.0%}"),
        fact("cut away", f"{report.cut_away:.0%}", "What a square leaves out of a typical picture."),
    ]  # fmt: skip
    charts = [
        bars("short side, px", sides(report)),
        bars("shape", {name: count for name, count in report.aspects.items() if count}),
        bars("stored as", report.colours),
        bars("classes", shortened(report.classes) | ({"without": report.unlabelled} if report.unlabelled else {})),
    ]
    return f"<div class='facts'>{''.join(facts)}</div><div class='charts'>{''.join(charts)}</div>"


def sides(report: Report) -> dict[str, int]:
    """The short sides in steps of two, without the empty ones at the ends."""
    starts = (0, *SIDES)
    names = [
        f"below {SIDES[0]}",
        *(f"{a}–{b - 1}" for a, b in zip(SIDES, SIDES[1:], strict=False)),
        f"{SIDES[-1]:,} and up",
    ]
    counts = [0] * len(starts)
    for side, count in report.sides.items():
        counts[np.searchsorted(starts, side, "right") - 1] += count
    used = [place for place, count in enumerate(counts) if count]
    return {names[place]: counts[place] for place in range(min(used), max(used) + 1)} if used else {}


def shortened(counts: dict[str, int]) -> dict[str, int]:
    names = list(counts)
    rest = {f"{len(names) - CLASSES + 1:,} others": sum(counts[name] for name in names[CLASSES - 1 :])}
    return {name: counts[name] for name in names[: CLASSES - 1]} | rest if len(names) > CLASSES else counts


def bars(title: str, counts: dict[str, int]) -> str:
    """A histogram as lines of text with a bar each; nothing where there is nothing to count."""
    most = max(counts.values(), default=0)
    if not most:
        return ""
    rows = "".join(
        f"<span>{escape(name)}</span><i><b style='width:{count / most:.1%}'></b></i><em>{count:,}</em>"
        for name, count in counts.items()
    )
    return f"<div><div class='cap'>{title}</div><div class='bars'>{rows}</div></div>"


def lists_html(report: Report) -> str:
    """Everything that will not be trained on, or is not what it seems, by name."""
    passed = ((f"{each.count:,} {kind}", ", ".join(each.names)) for kind, each in report.passed_over.items())
    count = sum(each.count for each in report.passed_over.values())
    kinds = {"animated: the first picture counts": report.animated, "named like another format": report.misnamed}
    odd = [(f"{each.count:,} {kind}", ", ".join(each.names)) for kind, each in kinds.items() if each.count]
    return (
        details(f"{len(report.unreadable):,} not readable", report.unreadable, len(report.unreadable))
        + details(f"{count:,} passed over", passed, count)
        + details("odd, but no harm", odd, len(odd))
    )


def details(title: str, lines: Iterable[tuple[str, str]], count: int) -> str:
    if not count:
        return ""
    lines = list(lines)
    items = "".join(f"<li>{escape(name)}: {escape(about)}</li>" for name, about in lines[:NAMED])
    more = f"<li>and {len(lines) - NAMED:,} more</li>" if len(lines) > NAMED else ""
    return f"<details class='skipped'><summary>{escape(title)}</summary><ul>{items}{more}</ul></details>"


def groups_html(report: Report, source: Source) -> str:
    groups = report.groups
    counts = {"the very same": report.exact_copies, "nearly the same": len(report.copies) - report.exact_copies}
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    shown = "".join(group_html(group, source) for group in groups[:GROUPS])
    more = f"<p class='cap'>and {len(groups) - GROUPS:,} more groups</p>" if len(groups) > GROUPS else ""
    return f"<p class='cap'>{told}. The framed one of each group would stay.</p><div class='groups'>{shown}</div>{more}"


def group_html(group: list[Copy], source: Source) -> str:
    members = [(group[0].of, group[0].of_name, "kept"), *((copy.index, copy.name, "") for copy in group[:IN_GROUP])]
    more = f"<span class='cap'>+{len(group) - IN_GROUP:,}</span>" if len(group) > IN_GROUP else ""
    return f"<div class='group'>{''.join(thumbnail(source, *each) for each in members)}{more}</div>"


def thumbnail(source: Source, index: int, name: str, kind: str) -> str:
    try:
        image = picture(crop(source, index, THUMBNAIL, 3))
    except ValueError:  # gone since
        return ""
    return f"<img class='{kind}' src='{image}' title='{escape(name)}' alt='{escape(name)}'>"
