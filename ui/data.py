"""The Data tab: look at pictures before a training. A process of its own looks; the page shows what it found."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from gan_core.config import ARCHITECTURES, DEFAULT_PRESET, PRESET_HELP, PRESETS, preset
from gan_core.data import absolute, open_source
from gan_core.data.doctor import Report, suggestions
from gan_core.home import datasets
from gan_core.runs import child
from ui import form, settings
from ui.data_view import EMPTY, report_html
from ui.guard import notice, require_owner, sentence
from ui.preflight import progress_html
from ui.stopping import cancel, until_cancelled
from ui.theme import asset

FIELDS = (*form.SOURCE, "preset", "image_size", *settings.SETTINGS)
FIRST = {"event": "status", "message": "opening the pictures", "prepared": 0.0}
DIED = "the look ended without a word, perhaps for want of memory"


@dataclass(frozen=True)
class Look:
    """The components of the tab."""

    fields: dict[str, gr.components.Component]
    begin: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    report: gr.HTML


def build() -> Look:
    with gr.Row(elem_id="data", equal_height=False):
        with gr.Column(elem_classes="card"):
            gr.HTML("<h3 class='head'>Before a training</h3>", apply_default_css=False)
            notice()
            fields = form.build_source(form.LOCAL)
            begin = gr.Button("Look at my pictures", variant="primary", elem_id="look", size="md")
            cancel = gr.Button("Cancel", visible=False, elem_id="cancel-look", size="md")
            progress = gr.HTML(elem_id="looking", apply_default_css=False)
        with gr.Column():
            report = gr.HTML(EMPTY, js_on_load=asset("data.js"), apply_default_css=False, elem_id="report")
    return Look(fields, begin, cancel, progress, report)


def wire(look: Look, fields: dict[str, gr.components.Component], tabs: gr.Tabs) -> None:
    """`fields` are those of the Train tab's form, which suggestions fill in."""
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    form.wire_source(look.fields, **quiet)
    shown = [look.begin, look.cancel, look.progress, look.report]
    inputs = [look.fields[name] for name in form.SOURCE]
    loud = {"show_progress": "hidden", "api_visibility": "private"}
    look.begin.click(run, inputs, shown, concurrency_limit=2, **loud)
    look.cancel.click(cancel, **quiet)
    each_one = {**quiet, "trigger_mode": "multiple"}  # a button of the report is pressed once
    look.report.select(apply, fields["architecture"], [tabs, *(fields[name] for name in FIELDS)], **each_one)


def run(*values):
    """Look at the pictures that the form names; every update is the whole state of the buttons, progress and report."""
    try:
        require_owner()
        chosen = dict(zip(form.SOURCE, values, strict=True))
        yield update(progress_html(FIRST["message"], 0), True)
        data, folder = source_of(chosen)
        arguments = ["--data", data, *(["--data-root", folder] if folder else []), "--background"]
        found = None
        # Whoever leaves the page closes this generator, and with it the process.
        with closing(child.events("doctor", *arguments, first=FIRST, last="doctor", else_error=DIED)) as events:
            for event in until_cancelled(events):
                if event["event"] == "doctor":
                    found = event
                    break
                yield update(progress_html(event["message"], event["prepared"]), True)
        # Only now, since a button whose event has not ended answers to nothing.
        yield update("", False, html_of(Report.from_dict(found), chosen, data, folder) if found else None)
    except (ValueError, OSError) as error:
        yield update(f"<p class='bad'>{escape(sentence(str(error)))}</p>", False)


def update(progress: str, running: bool, report: str | None = None) -> tuple:
    shown = gr.skip() if report is None else gr.HTML(report)
    return gr.Button(visible=not running), gr.Button(visible=running), gr.HTML(progress), shown


def source_of(chosen: dict[str, Any]) -> tuple[str, str | None]:
    """The `data` and `data_root` that the form means, from whatever folder they are read."""
    data = absolute(form.pictures(chosen["source"], chosen["path"], chosen["upload"], chosen["known"]))
    folder = form.files_folder(chosen["source"], chosen["known"], chosen["data_root"])
    return data, str(Path(folder).expanduser().absolute()) if folder else None


def html_of(report: Report, chosen: dict[str, Any], data: str, folder: str | None) -> str:
    advice = suggestions(report)
    # An upload has been copied to where it stays. Gradio takes whatever has a "path" for one of its files.
    local = chosen["source"] in (form.LOCAL, form.UPLOAD)
    place = {"source": form.LOCAL if local else chosen["source"], "where": data if local else ""}
    place |= {"known": chosen["known"], "data_root": folder or ""}
    with open_source(data, datasets(), folder) as source:
        return report_html(report, advice, source, place)


def apply(architecture: str, event: gr.EventData) -> list:
    """Fill the Train tab's form with the pictures and settings that a button of the report stands for."""
    asked = event._data if isinstance(event._data, dict) else {}
    place, options = (value if isinstance(value, dict) else {} for value in (asked.get("place"), asked.get("options")))
    updates = source_updates(place) | setting_updates(options, architecture)
    tab = gr.Tabs(selected="train") if asked.get("go") else gr.skip()
    return [tab, *(updates.get(name, gr.skip()) for name in FIELDS)]


def source_updates(place: dict[str, Any]) -> dict[str, Any]:
    source, path, known, folder = (str(place.get(name) or "") for name in ("source", "where", "known", "data_root"))
    if source not in (form.DRAWN, form.LOCAL, form.KNOWN):
        return {}
    visible = form.needed(source, known)
    return {
        "source": gr.update(value=source),
        "path": gr.Textbox(value=path, visible=visible["path"]),
        "upload": gr.File(visible=visible["upload"]),
        "known": gr.update(value=known, info=form.known_help(known), visible=visible["known"]),
        "data_root": gr.Textbox(value=folder, visible=visible["data_root"]),
    }


def setting_updates(options: dict[str, Any], architecture: str) -> dict[str, Any]:
    """New values of the form's fields; a preset first, since the other settings are changes to it."""
    name, size = options.get("preset"), options.get("image_size")
    if name is None and size and size not in ARCHITECTURES.get(architecture, ()):
        name = DEFAULT_PRESET
    updates = {}
    if name in PRESETS:
        architecture = preset(name).model.architecture
        updates = dict(zip(("preset", "image_size", *settings.SETTINGS), settings.show_preset(name), strict=True))
        updates["preset"] = gr.update(value=name, info=PRESET_HELP[name])
    if size:
        updates["image_size"] = settings.sizes(architecture, size)
    return updates | {key: value for key, value in options.items() if key in settings.SETTINGS}
