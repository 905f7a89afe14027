"""The Train tab: start, watch, stop and resume. It only reads run directories; the training is a process of its own."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from gan_core.runs import job, library
from ui import compare, form, health, place, preflight, renting, resume, runs, settings, slices
from ui.answers import answers, data_uri
from ui.guard import guarded, notice, on_space
from ui.snapshot import CHARTS, snapshot
from ui.theme import asset


def build(demo: gr.Blocks, header: gr.HTML) -> tuple[dict[str, gr.components.Component], gr.HTML]:
    """The fields of its form by name, and the list of runs."""
    with gr.Row(elem_id="train", equal_height=False):
        with gr.Column():
            with gr.Column(elem_classes="card"):
                fields, rented, trial = build_new()
            listed = runs.build()
        with gr.Column():
            monitor, panel = build_monitor()
        with gr.Column(elem_classes="card"):
            comparison = compare.build(listed.beside)
            facts = gr.HTML(elem_id="facts", apply_default_css=False)
            charts = [chart(*each) for each in CHARTS]
    # The name of the run on the page.
    shown = gr.Textbox(visible="hidden", container=False)
    seen = gr.Textbox("{}", visible="hidden", container=False)
    outputs = [header, listed.view, *monitor, comparison, facts, *charts, shown, seen]
    wire(demo, fields, rented, trial, listed, monitor, panel, outputs)
    return fields, listed.view


def build_new() -> tuple[dict, renting.Panel, preflight.Trial]:
    """The form of a new training, its panel for a rented machine, and the trial of what it says."""
    gr.HTML("<h3 class='head'>New training</h3>", apply_default_css=False)
    notice()
    fields = form.build()
    rented = renting.build()
    trial = preflight.build()
    return fields | settings.build(), rented, trial


def build_monitor() -> tuple[list[gr.components.Component], resume.Panel]:
    """Title, sheet, Stop, Resume, verdict and its button: in this order, as `snapshot` returns them."""
    with gr.Column(elem_classes="card"):
        with gr.Row(elem_id="run"):
            title = gr.HTML(elem_id="title", apply_default_css=False)
            stop = gr.Button("Stop and save", visible=False, elem_id="stop", size="md", scale=0, min_width=120)
            again = gr.Button("Resume", visible=False, elem_id="resume", size="md", scale=0, min_width=100)
        panel = resume.build()
        verdict = health.build()
        sheet_ = gr.HTML(
            {},
            html_template=asset("sheet.html"),
            js_on_load=asset("sheet.js"),
            server_functions=[sheet],
            apply_default_css=False,
            elem_id="sheet",
        )
    return [title, sheet_, stop, again, *verdict], panel


def chart(name: str, title: str, lines: dict[str, tuple[str, str]]) -> gr.LinePlot:
    return gr.LinePlot(
        x="kimg",
        y=name,
        color="of",
        color_map={line: color for line, (color, _) in lines.items()},
        title=title,
        x_title="thousand images",
        y_title=" ",
        color_title=" ",
        height=196,
        elem_id=f"chart-{name}",
        visible=False,
    )


def wire(
    demo: gr.Blocks,
    fields: dict,
    rented: renting.Panel,
    trial: preflight.Trial,
    listed: runs.RunList,
    monitor: list,
    panel: resume.Panel,
    outputs: list,
) -> None:
    _, _, stop, again, _, heal = monitor
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    form.wire(fields, **quiet)
    shown, seen = outputs[-2:]
    refresh = {"fn": snapshot, "inputs": [shown, seen, listed.beside], "outputs": outputs, **quiet}

    # Through the queue, since only queued events can show a warning.
    loud = {"show_progress": "hidden", "api_visibility": "private"}
    preflight.wire(trial, form.inputs(fields), **loud)
    # A trial beside the training would measure nothing and slow it down.
    for button in (fields["start"], again, panel.as_it_was, panel.fine_tune, heal):
        button.click(preflight.cancel, **quiet)
    started = fields["start"].click(start, [fields["name"], *form.inputs(fields)], [shown, seen], **loud)
    hired = renting.wire(rented, fields, shown, seen, **loud)
    stopped = stop.click(stop_run, shown, seen, **loud)
    goal = [fields["amount"], fields["unit"], fields["device"]]
    resumed = resume.wire(panel, again, shown, seen, goal, **loud)
    healed = heal.click(health.heal, [shown, *goal], seen, **loud)
    each_one = {**quiet, "trigger_mode": "multiple"}  # whoever was quicker than the answer meant the last one, too
    picked = listed.view.select(runs.chosen, outputs=[shown, listed.beside], **each_one)
    picked.then(resume.hidden, outputs=resume.outputs(panel), **quiet)
    for event in (started, *resumed):
        event.then(preflight.forget, outputs=trial.result, **quiet)
    for event in (started, hired, stopped, *resumed, healed, picked):
        event.then(**refresh)
    listed.beside.change(**refresh).then(**refresh)  # charts with other lines take two steps
    demo.load(opening, outputs=[shown, seen], **quiet).then(**refresh)
    gr.Timer(1).tick(**refresh)
    if on_space():
        demo.load(place.field, outputs=fields["device"], **quiet)  # the owner has more to choose from
    slices.wire()


@guarded("Not started")
def start(name, *values):
    name = form.name_of(name)
    return job.start(form.config_of(*values), name, place.gpus_of(form.value_in(values, "device"))).name, "{}"


@guarded("Not stopped")
def stop_run(name: str):
    library.named_run(name).request_stop()
    return "{}"


def opening() -> tuple[str, str]:
    """On opening the page: the run that trains, else the newest."""
    return live_name() or next((run.name for run in library.runs()), ""), "{}"


def live_name() -> str | None:
    run = job.live_run()
    return run.name if run else None


@answers
def sheet(request: dict) -> dict:
    """The sample sheet of a run at `nimg` images, as a picture for the page."""
    run, nimg = library.named_run(request.get("run")), request.get("nimg")
    path = next((path for seen, path in run.samples() if seen == nimg), None)
    if path is None or not (jpeg := content(path)):
        raise ValueError("these samples are gone")
    return {"image": data_uri(jpeg, "image/jpeg")}


def content(path: Path) -> bytes:
    """What is in the file; nothing in one that was deleted meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
