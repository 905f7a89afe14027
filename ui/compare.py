"""Two runs beside each other: their charts overlaid, and the settings in which they differ."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import Any

import gradio as gr

from gan_core.config import Config
from gan_core.runs.run_dir import RunDir
from gan_core.runs.summary import summarise
from gan_core.words import distance, kimg
from ui.guard import sentence
from ui.settings import label_of

LONGEST_NAME = 11  # or the legend of four lines is cut off
LEFT_OUT = ("swd_floor",)  # for want of room, and because it says little of a run
FAINT = "80"  # half the opacity, in hexadecimal
HIDDEN = ["hidden"]  # the key of a chart that is not on the page
CLOSE = "element.addEventListener('click', (event) => event.target.closest('button') && trigger('click'));"

Lines = dict[str, tuple[str, str]]


def build(beside: gr.Textbox) -> gr.HTML:
    """The table of differences; a click on its button empties `beside`, the name of the other run."""
    table = gr.HTML("", visible=False, elem_id="comparison", js_on_load=CLOSE, apply_default_css=False)
    table.click(lambda: "", outputs=beside, queue=False, show_progress="hidden", api_visibility="private")
    return table


def of_other(lines: Lines, name: str) -> Lines:
    """The lines of a chart, {legend: (colour, metric)}, fainter and with the other run's name in their legends."""
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return {f"{line}, {short}": (colour + FAINT, metric) for line, (colour, metric) in lines.items()}


def overlaid(lines: Lines, rows: list[dict], other: RunDir | None) -> list[tuple[list[dict], Lines]]:
    """What a chart draws: rows and lines of the run on the page and, if there is one, of the other."""
    if other is None:
        return [(drawable(rows, lines), lines)]
    lines = {line: drawn for line, drawn in lines.items() if drawn[1] not in LEFT_OUT}
    both = [(drawable(rows, lines), lines), (drawable(other.metrics(), lines), of_other(lines, other.name))]
    return [each for each in both if each[0]] or both[:1]


def drawable(rows: list[dict], lines: Lines) -> list[dict]:
    """The rows that have a value for every line."""
    return [row for row in rows if all(metric in row for _, metric in lines.values())]


def has_other_lines(before: list, now: list) -> bool:
    """Whether a chart that is on the page must go before it comes back: one that stays takes no new lines."""
    return before not in ([], HIDDEN) and before[1:2] != now[1:2]


def differences(one: Config, other: Config) -> list[tuple[str, Any, Any]]:
    """Name and both values of every setting that is not the same."""
    ours, theirs = flat(one), flat(other)
    return [(name, ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]]


def flat(config: Config) -> dict[str, Any]:
    values = asdict(config)
    return {"preset": values["preset"], **values["model"], **values["train"]}


def table(run: RunDir | None, other: RunDir | None) -> gr.HTML:
    """How far both are, and the settings that differ; hidden without a comparison."""
    return gr.HTML(table_html(run, other) if run and other else "", visible=bool(run and other))


def table_html(run: RunDir, other: RunDir) -> str:
    rows = [("seen", *(kimg(summarise(each).nimg) for each in (run, other)))]
    rows += [("best distance", *(distance(summarise(each).best) for each in (run, other)))]
    try:
        settings = differences(run.config(), other.config())
        note = "" if settings else "All their settings are the same."
    except ValueError as error:
        settings, note = [], sentence(str(error))
    rows += [(label_of(name), *map(shown, values)) for name, *values in settings]
    note = f"<p class='cap'>{escape(note)}</p>" if note else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>" for cells in rows)
    names = "".join(f"<th title='{escape(each.name)}'><i></i>{escape(each.name)}</th>" for each in (run, other))
    close = "<button class='more' aria-label='End the comparison' title='End the comparison'>✕</button>"
    return f"<table><thead><tr><th>{close}</th>{names}</tr></thead><tbody>{body}</tbody></table>{note}"


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value is None else str(value)
