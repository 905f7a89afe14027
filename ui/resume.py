"""Resume in one click; if anything has changed since the run was trained, the differences and a choice come first."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gan_core.runs import job, library
from gan_core.runs.changes import Change, Changed
from gan_core.runs.run_dir import RunDir
from ui import form, place, settings
from ui.guard import guarded

AS_IT_WAS = "Go on with the settings and pictures that it was trained with. Nothing of it is lost."
FINE_TUNE = "Begin a new run with its weights, under the settings and on the pictures of now. The old one stays."


@dataclass(frozen=True)
class Panel:
    """The choice, hidden until there is one; `of` is the name of the run that it is about."""

    box: gr.Column
    table: gr.HTML
    of: gr.Textbox
    as_it_was: gr.Button
    fine_tune: gr.Button
    cancel: gr.Button


def build() -> Panel:
    with gr.Column(visible=False, elem_id="changes") as box:
        table = gr.HTML(apply_default_css=False)
        of = gr.Textbox(visible="hidden", container=False)
        with gr.Row():
            as_it_was = gr.Button("Resume as it was", size="md", min_width=130)
            fine_tune = gr.Button("Fine-tune", size="md", min_width=90)
            cancel = gr.Button("Cancel", size="md", min_width=80, elem_id="cancel-resume")
    return Panel(box, table, of, as_it_was, fine_tune, cancel)


def wire(
    panel: Panel, button: gr.Button, shown: gr.Textbox, seen: gr.Textbox, goal: list, **loud: Any
) -> list[Dependency]:
    """The events after which a training may have started. `goal` is the form's amount, unit and device."""
    changed = [shown, seen, *outputs(panel)]
    panel.cancel.click(hidden, outputs=outputs(panel), **loud)
    return [
        button.click(resume, [shown, *goal], changed, **loud),
        panel.as_it_was.click(resume_as_it_was, [panel.of, *goal], changed, **loud),
        panel.fine_tune.click(fine_tune, [panel.of, *goal], changed, **loud),
    ]


def outputs(panel: Panel) -> list:
    """What `hidden` updates."""
    return [panel.box, panel.table, panel.of]


def hidden() -> tuple:
    return gr.Column(visible=False), "", ""


@guarded("Not resumed")
def resume(name: str, amount, unit, device=None):
    run = library.named_run(name)
    try:
        job.resume(run, **more(run, amount, unit, device))
    except Changed as error:
        return gr.skip(), gr.skip(), gr.Column(visible=True), table_html(name, error.changes), name
    return gr.skip(), "{}", *hidden()


@guarded("Not resumed")
def resume_as_it_was(name: str, amount, unit, device=None):
    run = library.named_run(name)
    job.resume(run, **more(run, amount, unit, device), ignore_changes=True)
    return name, "{}", *hidden()


@guarded("Not started")
def fine_tune(name: str, amount, unit, device=None):
    run = library.named_run(name)
    return job.fine_tune(run, **more(run, amount, unit, device)).name, "{}", *hidden()


def more(run: RunDir, amount, unit, device) -> dict:
    """How much longer a run that has reached its goal is to train, and on which GPUs: what the form says."""
    if run.is_rented:
        return {}  # it is followed again
    return (form.goal(amount, unit) if run.has_reached_goal() else {}) | {"gpus": place.gpus_of(device)}


def table_html(name: str, changes: list[Change]) -> str:
    rows = "".join(
        f"<tr><th>{escape(settings.label_of(change.name))}</th><td>{value(change.before)}</td><td>{value(change.now)}</td></tr>"
        for change in changes
    )
    lost = [settings.label_of(change.name) for change in changes if not change.possible]
    misfit = f" Not all weights would fit: {escape(', '.join(lost))} changed." if lost else ""
    return (
        f"<h3 class='head'>{escape(name)} has changed since it was trained</h3>"
        f"<table><tr><th></th><th>trained with</th><th>now</th></tr>{rows}</table>"
        f"<p class='cap'><b>Resume as it was:</b> {AS_IT_WAS}<br><b>Fine-tune:</b> {FINE_TUNE}{misfit}</p>"
    )


def value(each: object) -> str:
    words = {True: "yes", False: "no"}
    return escape(words[each] if isinstance(each, bool) else str(each))
