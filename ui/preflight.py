"""The trial of a training before it starts: a button, its progress, and what it found."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr

from gan_core.config import Config
from gan_core.runs import job
from ui import form, place, stopping
from ui.guard import require_owner, sentence

TRIAL = "trial"
HINT = "<p class='cap'>Twenty steps tell how long it will take. Nothing is kept.</p>"


@dataclass(frozen=True)
class Trial:
    """The components of a trial."""

    begin: gr.Button
    cancel: gr.Button
    result: gr.HTML


def build() -> Trial:
    begin = gr.Button("Try it first", elem_id="try", size="md")
    cancel = gr.Button("Cancel", visible=False, elem_id="cancel-try", size="md")
    return Trial(begin, cancel, gr.HTML(HINT, elem_id="trial", apply_default_css=False))


def wire(trial: Trial, inputs: list, **loud: object) -> None:
    trial.begin.click(run, inputs, [trial.begin, trial.cancel, trial.result], **loud)
    trial.cancel.click(cancel, **{**loud, "queue": False})


def cancel() -> None:
    """Have the trial end that this page began, if there is one."""
    stopping.cancel(TRIAL)


def forget() -> str:
    """What stands there before any trial."""
    return HINT


def run(*values):
    """Try out what the form says; every update is the whole state of the button, its cancel button and the result."""
    try:
        require_owner()
        config = form.config_of(*values)
        found = None
        # Whoever leaves the page closes this generator, and with it the process.
        with closing(job.try_out(config)) as events:
            for event in stopping.until_cancelled(events, TRIAL):
                if event["event"] == "preflight":
                    found = result_html(config, event["sentences"], form.value_in(values, "device"))
                    break
                yield shown(progress_html(event["message"], event["prepared"]), True)
        # Only now, since a button whose event has not ended answers to nothing.
        yield shown(found or HINT, False)
    except (ValueError, OSError) as error:
        yield shown(f"<p class='bad'>{escape(sentence(str(error)))}</p>", False)


def shown(html: str, running: bool) -> tuple[gr.Button, gr.Button, gr.HTML]:
    return gr.Button(visible=not running), gr.Button(visible=running), gr.HTML(html)


def progress_html(message: str, share: float) -> str:
    bar = f"<i style='width:{share:.0%}'></i>"
    bar = f"<div class='meter' role='progressbar' aria-valuenow='{share * 100:.0f}'>{bar}</div>"
    return f"{bar}<p class='cap'>{escape(message)}</p>"


def result_html(config: Config, sentences: list[str], device: str | None = None) -> str:
    data = "drawn faces" if config.train.data == "drawn" else Path(config.train.data).name
    about = f"{config.preset}, {config.model.image_size} px, {data}"
    about += f", {on}" if (on := place.tried_on(device)) else ""
    items = "".join(f"<li>{escape(sentence(text))}</li>" for text in sentences)
    return f"<p class='cap'>Tried with {escape(about)}:</p><ul>{items}</ul>"
