"""The Train tab: start, watch, stop and resume. It only reads run directories; the training is a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

import gradio as gr

from gan_core.runs import job, library
from gan_core.runs.run_dir import Status
from ui import form, preflight
from ui.answers import answers, data_uri
from ui.guard import NOT_HERE, guarded, training_allowed
from ui.run_view import STATE_MARKS, can_resume, facts_html, header_html, hint, row_names, series, stopping, title_html
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


def build(demo: gr.Blocks, header: gr.HTML) -> None:
    with gr.Row(elem_id="train", equal_height=False):
        with gr.Column():
            with gr.Column(elem_classes="card"):
                fields, trial = build_new()
            runs = build_runs()
        with gr.Column():
            monitor = build_monitor()
        with gr.Column(elem_classes="card"):
            facts = gr.HTML(elem_id="facts", apply_default_css=False)
            charts = [chart(*each) for each in CHARTS]
    # The name of the run on the page; the Radio itself refuses a name whose run was deleted.
    shown = gr.Textbox(visible="hidden", container=False)
    seen = gr.Textbox("{}", visible="hidden", container=False)
    wire(demo, fields, trial, runs, monitor, [header, runs, *monitor, facts, *charts, shown, seen])


def build_new() -> tuple[dict, preflight.Trial]:
    """The form of a new training, and the trial of what it says."""
    gr.HTML("<h3 class='head'>New training</h3>", apply_default_css=False)
    if not training_allowed():
        gr.HTML(f"<p class='cap'>{escape(NOT_HERE)}</p>", apply_default_css=False)
    fields = form.build(training_allowed())
    trial = preflight.build(training_allowed())
    return fields | form.build_settings(), trial


def build_runs() -> gr.Radio:
    with gr.Column(elem_classes="card"):
        gr.HTML("<h3 class='head'>Runs</h3>", apply_default_css=False)
        return gr.Radio([], show_label=False, container=False, elem_id="runs", interactive=True)


def build_monitor() -> list[gr.components.Component]:
    """Title, sheet, Stop and Resume: in this order, as `snapshot` returns them."""
    with gr.Column(elem_classes="card"):
        with gr.Row(elem_id="run"):
            title = gr.HTML(elem_id="title", apply_default_css=False)
            stop = gr.Button("Stop and save", visible=False, elem_id="stop", size="md", scale=0, min_width=120)
            resume = gr.Button("Resume", visible=False, elem_id="resume", size="md", scale=0, min_width=100)
        sheet_ = gr.HTML(
            {},
            html_template=asset("sheet.html"),
            js_on_load=asset("sheet.js"),
            server_functions=[sheet],
            apply_default_css=False,
            elem_id="sheet",
        )
    return [title, sheet_, stop, resume]


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


def wire(demo: gr.Blocks, fields: dict, trial: preflight.Trial, runs: gr.Radio, monitor: list, outputs: list) -> None:
    _, _, stop, resume = monitor
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    form.wire(fields, **quiet)
    shown, seen = outputs[-2:]
    refresh = {"fn": snapshot, "inputs": [shown, seen], "outputs": outputs, **quiet}

    # Through the queue, since only queued events can show a warning.
    loud = {"show_progress": "hidden", "api_visibility": "private"}
    tried = preflight.wire(trial, form.inputs(fields), **loud)
    # A trial beside the training would measure nothing and slow it down.
    started = fields["start"].click(start, [fields["name"], *form.inputs(fields)], [shown, seen], cancels=tried, **loud)
    stopped = stop.click(stop_run, shown, seen, **loud)
    resumed = resume.click(resume_run, [shown, fields["amount"], fields["unit"]], seen, cancels=tried, **loud)
    picked = runs.input(lambda name: (name, "{}"), runs, [shown, seen], **quiet)
    for event in (started, resumed):
        event.then(preflight.forget, outputs=preflight.outputs(trial), **quiet)
    for event in (started, stopped, resumed, picked):
        event.then(**refresh)
    demo.load(opening, outputs=[shown, seen], **quiet).then(**refresh)
    gr.Timer(1).tick(**refresh)


@guarded("Not started")
def start(name, *values):
    name = (name or "").strip() or None
    if name:
        library.named_run_path(name)  # the command line may name any folder, a page may not
    run = job.start(form.config_of(*values), name)
    return run.name, "{}"


@guarded("Not stopped")
def stop_run(name: str):
    library.named_run(name).request_stop()
    return "{}"


@guarded("Not resumed")
def resume_run(name: str, amount, unit):
    run = library.named_run(name)
    job.resume(run, **(form.goal(amount, unit) if run.status().state == "done" else {}))
    return "{}"


def opening() -> tuple[str, str]:
    """On opening the page: the run that trains, else the newest."""
    return live_name() or next((run.name for run in library.runs()), ""), "{}"


def live_name() -> str | None:
    run = job.live_run()
    return run.name if run else None


def snapshot(name: str | None, seen: str) -> list:
    """The whole tab as of now, each part only if it changed: `seen` names what the page shows already."""
    states = {run.name: (run, run.status()) for run in library.runs()}
    asked, name = name, name if name in states else next(iter(states), "")
    run, status = states.get(name, (None, Status()))
    rows = run.metrics() if run else []
    choices = [(f"{STATE_MARKS[known.state]} {each}", each) for each, (_, known) in states.items()]
    live = next((each for each, known in states.values() if known.active), None)
    samples = [nimg for nimg, _ in run.samples()] if run else []
    parts = {
        "header": ([live.name, live.status().nimg, len(live.metrics())] if live else [], lambda: header_html(live)),
        "runs": ([choices, name], lambda: gr.Radio(choices=choices, value=name or None)),
        "title": (
            [name, status.state, status.message, status.nimg, stopping(run, status), len(rows)],
            lambda: title_html(run, status, rows),
        ),
        "sheet": (
            [name, samples[-1:], len(samples), hint(run, status), row_names(run)],
            lambda: {"run": name, "nimgs": samples, "hint": hint(run, status), "rows": row_names(run)},
        ),
        "stop": (
            [status.active, stopping(run, status)] if run else [],
            lambda: gr.Button(
                "Stopping…" if stopping(run, status) else "Stop and save",
                visible=bool(run and status.active),
                interactive=training_allowed() and not stopping(run, status),
            ),
        ),
        "resume": (
            [name, status.state],
            lambda: gr.Button(
                "Train longer" if status.state == "done" else "Resume",
                visible=bool(run and can_resume(run, status)),
                interactive=training_allowed(),
            ),
        ),
        "facts": ([name, len(rows), status.device, status.state], lambda: facts_html(run, status, rows)),
    }
    for key, _, lines in CHARTS:
        parts[key] = plot_part(name, rows, key, lines)
    known = json.loads(seen or "{}")
    now = {part: json.dumps(key) for part, (key, _) in parts.items()}
    if now == known:
        return [gr.skip()] * (len(parts) + 2)
    changed = [make() if known.get(part) != now[part] else gr.skip() for part, (_, make) in parts.items()]
    # While the asked run is there, the page may have moved on to another one meanwhile: do not take it back.
    return [*changed, gr.skip() if name == asked else name, json.dumps(now)]


def plot_part(name: str, rows: list[dict], key: str, lines: dict[str, tuple[str, str]]) -> tuple[list, Callable]:
    """A chart as a part of a snapshot; hidden while there is nothing to draw a line through."""
    keys = {line: metric for line, (_, metric) in lines.items()}
    drawn = [row for row in rows if all(metric in row for metric in keys.values())]
    return [name, len(drawn)], lambda: gr.LinePlot(series(drawn, key, keys), visible=len(drawn) > 1)


@answers
def sheet(request: dict) -> dict:
    """The sample sheet of a run at `nimg` images, as a picture for the page."""
    run, nimg = library.named_run(request.get("run")), request.get("nimg")
    path = next((path for seen, path in run.samples() if seen == nimg), None)
    if path is None:
        raise ValueError("these samples are gone")
    return {"image": data_uri(path.read_bytes(), "image/jpeg")}
