"""The Train tab as of now, each part only if it changed: what the page asks for every second."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import gradio as gr
import pandas as pd

from gan_core.runs import library
from gan_core.runs.run_dir import Status
from gan_core.runs.summary import summarise
from ui import compare, health, runs
from ui.guard import is_owner
from ui.run_view import (
    can_resume,
    facts_html,
    header_html,
    hint,
    problem_html,
    row_names,
    series,
    stop_words,
    stopping,
    title_html,
    unreadable,
)

LOOKS = 5  # at runs that may be deleted meanwhile
# Name, title, and the lines with their colours and their keys in a tick's metrics.
CHARTS = (
    (
        "quality",
        "distance to your pictures: lower is better",
        {"samples": ("#d6609a", "swd"), "pictures among themselves": ("#8b93a1", "swd_floor")},
    ),
    ("loss", "loss of generator G, discriminator D", {"G": ("#e8963a", "loss/G"), "D": ("#3fa9e8", "loss/D")}),
    ("score", "D's verdict: 1 real, 0 fake", {"real": ("#5cb83f", "score/real"), "fake": ("#b07ff0", "score/fake")}),
)


def snapshot(name: str | None, seen: str, beside: str = "") -> list:
    """The whole tab as of now, each part only if it changed: `seen` names what the page shows already.

    The charts show the run `beside`, too, if there is one of that name. A run that is deleted while it is looked at is
    not there at the next look.
    """
    for _ in range(LOOKS - 1):
        with contextlib.suppress(ValueError, FileNotFoundError):
            return look(name, shown_parts(seen), beside)
    return look(name, shown_parts(seen), beside)


def shown_parts(seen: str) -> dict[str, str]:
    """What the page says it shows; nothing for what no page of ours says."""
    return {part: key for part, key in parsed(seen, dict).items() if isinstance(key, str)}


def parsed(text: object, kind: type) -> Any:
    """The JSON value of that kind in what a page sent; an empty one for anything else."""
    with contextlib.suppress(TypeError, ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, kind):
            return value
    return kind()


def look(name: str | None, before: dict[str, str], beside: str) -> list:
    """A snapshot as `snapshot` gives it, for a page that shows the parts `before`."""
    known = {run.name: run for run in library.runs()}
    listed = [summarise(run) for run in known.values()]
    asked, name = name, name if name in known else next(iter(known), "")
    run, other = known.get(name), known.get(beside) if beside != name else None
    problem = unreadable(run)
    run = None if problem else run
    status = run.status() if run else Status()
    rows = run.metrics() if run else []
    live = next((known[each.name] for each in listed if each.active), None)
    samples = [nimg for nimg, _ in run.samples()] if run else []
    history = run.history() if run else []
    parts = {
        "header": ([live.name, live.status().nimg, len(live.metrics())] if live else [], lambda: header_html(live)),
        "runs": runs.part(listed, name),
        "title": (
            [name, problem, status.state, status.message, status.nimg, stopping(run, status), len(rows)],
            lambda: problem_html(name, problem) if problem else title_html(run, status, rows),
        ),
        "sheet": (
            [name, samples[-1:], len(samples), hint(run, status), row_names(run)],
            lambda: {"run": name, "nimgs": samples, "hint": hint(run, status), "rows": row_names(run)},
        ),
        "stop": (
            [status.active, stop_words(run, status)],
            lambda: gr.Button(
                stop_words(run, status),
                visible=bool(run and status.active),
                interactive=is_owner() and not stopping(run, status),
            ),
        ),
        "resume": (
            [name, status.state],
            lambda: gr.Button(
                "Train longer" if run and run.has_reached_goal() else "Resume",
                visible=bool(run and can_resume(run, status)),
                interactive=is_owner(),
            ),
        ),
        **health.parts(run, status, rows),
        "comparison": (
            [name, *([other.name, len(rows), len(other.metrics())] if other else [])],
            lambda: compare.table(run, other),
        ),
        "facts": ([name, len(rows), status.device, status.state], lambda: facts_html(run, status, rows)),
    }
    for key, _, lines in CHARTS:
        drawn = compare.overlaid(lines, rows, other)
        parts[key] = plot_part(name, key, drawn + health.marks(history, drawn[0]))
        if compare.has_other_lines(parsed(before.get(key), list), parts[key][0]):
            parts[key] = compare.HIDDEN, lambda: gr.LinePlot(visible=False)
    now = {part: json.dumps(key) for part, (key, _) in parts.items()}
    if now == before:
        return [gr.skip()] * (len(parts) + 2)
    changed = [make() if before.get(part) != now[part] else gr.skip() for part, (_, make) in parts.items()]
    # While the asked run is there, the page may have moved on to another one meanwhile: do not take it back.
    return [*changed, gr.skip() if name == asked else name, json.dumps(now)]


def plot_part(name: str, key: str, drawn: list[tuple[list[dict], compare.Lines]]) -> tuple[list, Callable]:
    """A chart as a part of a snapshot; hidden while there is nothing to draw a line through."""
    colours = {line: colour for _, lines in drawn for line, (colour, _) in lines.items()}

    def make() -> gr.LinePlot:
        tables = [series(rows, key, {line: metric for line, (_, metric) in lines.items()}) for rows, lines in drawn]
        return gr.LinePlot(pd.concat(tables), color_map=colours, visible=len(drawn[0][0]) > 1)

    return [name, list(colours), *(len(rows) for rows, _ in drawn)], make
