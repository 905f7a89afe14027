"""The Train tab: start, watch, stop and resume. It only reads run directories; the training is a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable

import gradio as gr
import pandas as pd

from gan_core.runs import job, library
from gan_core.runs.run_dir import Status
from gan_core.runs.summary import summarise
from ui import compare, form, health, place, preflight, renting, resume, runs, slices
from ui.answers import answers, data_uri
from ui.guard import guarded, is_owner, notice, on_space
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
from ui.theme import asset

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
    return fields | form.build_settings(), rented, trial


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
    tried = preflight.wire(trial, form.inputs(fields), **loud)
    # A trial beside the training would measure nothing and slow it down.
    started = fields["start"].click(start, [fields["name"], *form.inputs(fields)], [shown, seen], cancels=tried, **loud)
    hired = renting.wire(rented, fields, shown, seen, **loud)
    stopped = stop.click(stop_run, shown, seen, **loud)
    goal = [fields["amount"], fields["unit"], fields["device"]]
    resumed = resume.wire(panel, again, shown, seen, goal, cancels=tried, **loud)
    healed = heal.click(health.heal, [shown, *goal], seen, cancels=tried, **loud)
    picked = listed.view.select(runs.chosen, outputs=[shown, listed.beside], **quiet)
    picked.then(resume.hidden, outputs=resume.outputs(panel), **quiet)
    for event in (started, *resumed):
        event.then(preflight.forget, outputs=preflight.outputs(trial), **quiet)
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


def snapshot(name: str | None, seen: str, beside: str = "") -> list:
    """The whole tab as of now, each part only if it changed: `seen` names what the page shows already.

    The charts show the run `beside`, too, if there is one of that name.
    """
    known = {run.name: run for run in library.runs()}
    listed = [summarise(run) for run in known.values()]
    before = json.loads(seen or "{}")
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
        if compare.has_other_lines(before.get(key), parts[key][0]):
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


@answers
def sheet(request: dict) -> dict:
    """The sample sheet of a run at `nimg` images, as a picture for the page."""
    run, nimg = library.named_run(request.get("run")), request.get("nimg")
    path = next((path for seen, path in run.samples() if seen == nimg), None)
    if path is None:
        raise ValueError("these samples are gone")
    return {"image": data_uri(path.read_bytes(), "image/jpeg")}
