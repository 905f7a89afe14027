"""The Train tab: start, watch, stop and resume. It only reads run directories; the training is a process of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from html import escape
from pathlib import Path

import gradio as gr

from gan_core.config import IMAGE_SIZES, PRESET_HELP, PRESETS, Config, ModelConfig, TrainConfig, field_type, preset
from gan_core.home import datasets
from gan_core.runs import job, library
from gan_core.runs.run_dir import Status
from ui.answers import answers, data_uri
from ui.run_view import STATE_MARKS, can_resume, facts_html, header_html, hint, series, stopping, title_html
from ui.theme import asset

DRAWN, LOCAL, UPLOAD = "Drawn faces", "Folder or zip", "Upload a zip"
SETTINGS = ("channels", "flip", "batch_size", "lr", "ngf", "ndf", "latent_dim", "ema_kimg", "seed")


def build(demo: gr.Blocks, header: gr.HTML) -> None:
    with gr.Row(elem_id="train", equal_height=False):
        with gr.Column():
            form = build_form()
            runs = build_runs()
        with gr.Column():
            monitor = build_monitor()
        with gr.Column(elem_classes="card"):
            facts = gr.HTML(elem_id="facts", apply_default_css=False)
            losses = chart("loss", {"D": "#3fa9e8", "G": "#e8963a"}, "loss of generator G, discriminator D")
            scores = chart("score", {"real": "#5cb83f", "fake": "#b07ff0"}, "D's verdict: 1 real, 0 fake")
    # The name of the run on the page; the Radio itself refuses a name whose run was deleted.
    shown = gr.Textbox(visible="hidden", container=False)
    seen = gr.Textbox("{}", visible="hidden", container=False)
    wire(demo, form, runs, monitor, [header, runs, *monitor, facts, losses, scores, shown, seen])


def build_form() -> dict[str, gr.components.Component]:
    allowed = training_allowed()
    with gr.Column(elem_classes="card"):
        gr.HTML("<h3 class='head'>New training</h3>", apply_default_css=False)
        if not allowed:
            gr.HTML(f"<p class='cap'>{escape(NOT_HERE)}</p>", apply_default_css=False)
        form = {
            "source": gr.Dropdown([DRAWN, LOCAL, UPLOAD], value=DRAWN, label="Pictures", interactive=allowed),
            "path": gr.Textbox(label="Path", placeholder="/home/me/photos or photos.zip", visible=False),
            "upload": gr.File(label="Zip of pictures", file_types=[".zip"], visible=False, height=110),
            "preset": gr.Dropdown(list(PRESETS), value="dcgan", label="Recipe", info=PRESET_HELP["dcgan"]),
            "image_size": gr.Dropdown([(f"{n} px", n) for n in IMAGE_SIZES], value=64, label="Size"),
        }
        with gr.Row(equal_height=True):
            form["amount"] = gr.Number(10, label="Train for", min_width=80)
            form["unit"] = gr.Dropdown(["minutes", "kimg"], value="minutes", label="Unit", min_width=100)
        form["start"] = gr.Button("Start", variant="primary", interactive=allowed, elem_id="start")
        with gr.Accordion("All settings", open=False):
            form["name"] = gr.Textbox(label="Name", placeholder="named after the pictures")
            for name in SETTINGS:
                form[name] = setting(name)
    return form


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


def chart(key: str, colors: dict[str, str], title: str) -> gr.LinePlot:
    return gr.LinePlot(
        x="kimg",
        y=key,
        color="of",
        color_map=colors,
        title=title,
        x_title="thousand images",
        y_title=" ",
        color_title=" ",
        height=220,
        elem_id=f"chart-{key}",
        visible=False,
    )


def setting(name: str) -> gr.components.Component:
    """The form field of one config field."""
    kind = ModelConfig if name in {f.name for f in fields(ModelConfig)} else TrainConfig
    metadata = next(f.metadata for f in fields(kind) if f.name == name)
    value, label, info = value_of(preset("dcgan"), name), name.replace("_", " "), metadata["help"]
    if metadata["choices"]:
        return gr.Dropdown(list(metadata["choices"]), value=value, label=label, info=info)
    plain, _ = field_type(kind, name)
    if plain is bool:
        return gr.Checkbox(value, label=label, info=info)
    return gr.Number(value, label=label, info=info)


def wire(demo: gr.Blocks, form: dict, runs: gr.Radio, monitor: list, outputs: list) -> None:
    _, _, stop, resume = monitor
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    form["source"].change(show_source, form["source"], [form["path"], form["upload"]], **quiet)
    settings = [form["preset"], *(form[name] for name in SETTINGS)]
    form["preset"].change(show_preset, form["preset"], settings, **quiet)
    shown, seen = outputs[-2:]
    refresh = {"fn": snapshot, "inputs": [shown, seen], "outputs": outputs, **quiet}

    fields_ = [form[name] for name in ("source", "path", "upload", "preset", "amount", "unit", "name", "image_size")]
    # Through the queue, since only queued events can show a warning.
    loud = {"show_progress": "hidden", "api_visibility": "private"}
    started = form["start"].click(start, [*fields_, *settings[1:]], [shown, seen], **loud)
    stopped = stop.click(stop_run, shown, seen, **loud)
    resumed = resume.click(resume_run, [shown, form["amount"], form["unit"]], seen, **loud)
    picked = runs.input(lambda name: (name, "{}"), runs, [shown, seen], **quiet)
    for event in (started, stopped, resumed, picked):
        event.then(**refresh)
    demo.load(opening, outputs=[shown, seen], **quiet).then(**refresh)
    gr.Timer(1).tick(**refresh)


def guarded(title: str) -> Callable:
    """A handler whose ValueError is shown to the user as a sentence, and that trains only where that is allowed."""

    def decorate(function: Callable) -> Callable:
        def handler(*values):
            try:
                if not training_allowed():
                    raise ValueError(NOT_HERE)
                return function(*values)
            except (ValueError, OSError) as error:
                gr.Warning(escape(sentence(str(error))), title=title)
                return gr.skip()

        handler.__name__ = function.__name__
        return handler

    return decorate


def sentence(text: str) -> str:
    is_word = text.partition(" ")[0].isalpha()  # and not a file's name or a setting's
    return (text[:1].upper() if is_word else text[:1]) + text[1:] + ("" if text.endswith(".") else ".")


NOT_HERE = (
    "On this hosted page you can explore. To train on your own pictures, run DCGAN Studio on your computer, or "
    "duplicate this Space and set DCGAN_STUDIO_TRAIN=1 there."
)


def training_allowed() -> bool:
    """A public Space must not give its owner's processor away to every visitor."""
    return not os.environ.get("SPACE_ID") or os.environ.get("DCGAN_STUDIO_TRAIN") == "1"


@guarded("Not started")
def start(source, path, upload, preset_name, amount, unit, name, image_size, *settings):
    # The page has only one kind of number.
    settings = (int(value) if isinstance(value, float) and value.is_integer() else value for value in settings)
    options = dict(zip(SETTINGS, settings, strict=True))
    missing = [key for key, value in options.items() if value is None]
    if missing:
        raise ValueError(f"fill in {missing[0].replace('_', ' ')} under All settings")
    options |= {"image_size": image_size, "data": pictures(source, path, upload), **goal(amount, unit)}
    name = (name or "").strip() or None
    if name:
        library.named_run_path(name)  # the command line may name any folder, a page may not
    run = job.start(preset(preset_name).with_options(**options), name)
    return run.name, "{}"


@guarded("Not stopped")
def stop_run(name: str):
    library.named_run(name).request_stop()
    return "{}"


@guarded("Not resumed")
def resume_run(name: str, amount, unit):
    run = library.named_run(name)
    job.resume(run, **(goal(amount, unit) if run.status().state == "done" else {}))
    return "{}"


def pictures(source: str, path: str, upload: str | None) -> str:
    """The config's `data` for what the form says. An upload moves where later resumes find it."""
    if source == DRAWN:
        return "drawn"
    if source == LOCAL:
        if not (path or "").strip():
            raise ValueError("say where your pictures are: a folder or a zip on this computer")
        return path.strip()
    if not upload:
        raise ValueError("choose a zip of pictures to upload")
    # Gradio's folder is named after the content, so two different zips of one name do not replace each other.
    folder = datasets() / "uploads" / Path(upload).parent.name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / Path(upload).name
    shutil.copy2(upload, kept)
    return str(kept)


def goal(amount: float | None, unit: str) -> dict[str, float]:
    if not amount or amount <= 0:
        raise ValueError("say how long to train: a number above 0")
    return {"minutes": float(amount)} if unit == "minutes" else {"kimg": float(amount)}


def show_source(source: str):
    return gr.Textbox(visible=source == LOCAL), gr.File(visible=source == UPLOAD)


def show_preset(name: str):
    return [gr.Dropdown(info=PRESET_HELP[name]), *(value_of(preset(name), key) for key in SETTINGS)]


def value_of(config: Config, name: str):
    return getattr(config.model if hasattr(config.model, name) else config.train, name)


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
            [name, samples[-1:], len(samples), hint(run, status)],
            lambda: {"run": name, "nimgs": samples, "hint": hint(run, status)},
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
        "losses": ([name, len(rows)], lambda: plot(rows, "loss", ("G", "D"))),
        "scores": ([name, len(rows)], lambda: plot(rows, "score", ("real", "fake"))),
    }
    known = json.loads(seen or "{}")
    now = {part: json.dumps(key) for part, (key, _) in parts.items()}
    if now == known:
        return [gr.skip()] * (len(parts) + 2)
    changed = [make() if known.get(part) != now[part] else gr.skip() for part, (_, make) in parts.items()]
    # While the asked run is there, the page may have moved on to another one meanwhile: do not take it back.
    return [*changed, gr.skip() if name == asked else name, json.dumps(now)]


def plot(rows: list[dict], key: str, names: tuple[str, ...]) -> gr.LinePlot:
    """A chart of the rows; hidden while there is nothing to draw a line through."""
    return gr.LinePlot(series(rows, key, names), visible=len(rows) > 1)


@answers
def sheet(request: dict) -> dict:
    """The sample sheet of a run at `nimg` images, as a picture for the page."""
    run, nimg = library.named_run(request.get("run")), request.get("nimg")
    path = next((path for seen, path in run.samples() if seen == nimg), None)
    if path is None:
        raise ValueError("these samples are gone")
    return {"image": data_uri(path.read_bytes(), "image/jpeg")}
