"""How the run is doing, in words, and the button that does what they advise."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import gradio as gr

from gan_core.runs import job, library
from gan_core.runs.diagnosis import diagnose
from gan_core.runs.run_dir import RunDir, Status
from gan_core.training.health import Verdict
from gan_core.words import kimg
from ui.compare import Lines
from ui.guard import guarded, is_owner, sentence
from ui.resume import more

MARK = "#e5484d"  # of a treatment in a chart


def build() -> list[gr.components.Component]:
    """Verdict and button: in this order, as `parts` has them."""
    with gr.Row(elem_id="health", equal_height=False):
        verdict = gr.HTML(elem_id="verdict", apply_default_css=False)
        heal = gr.Button("Do that", visible=False, elem_id="heal", size="md", scale=0, min_width=90)
    return [verdict, heal]


def parts(run: RunDir | None, status: Status, rows: list[dict]) -> dict[str, tuple[list, Callable]]:
    """Both as parts of a snapshot: what they depend on, and how to make them."""
    verdict = diagnose(run, run.config(), rows) if run and rows else None
    history = run.history() if run else []
    key = [run.name, verdict.name, verdict.advice, len(history)] if verdict else []
    # What trains on a rented machine treats itself there, and hears no request of here.
    helps = bool(verdict and verdict.cure) and not run.is_rented and (status.active or bool(run.states()))
    return {
        "verdict": (key, lambda: verdict_html(verdict, history) if verdict else ""),
        "heal": ([*key, helps], lambda: gr.Button(visible=helps, interactive=is_owner())),
    }


def verdict_html(verdict: Verdict, history: list[dict]) -> str:
    tone = "bad" if verdict.is_ill else "good" if verdict.name == "healthy" else ""
    headline, meaning = escape(sentence(verdict.headline)), escape(sentence(verdict.meaning))
    html = f"<p><b class='{tone}'>{headline}</b> <span class='cap'>{meaning}</span>"
    if verdict.advice:
        html += f"<br><span>What helps: {escape(verdict.advice)}.</span>"
    return f"{html}</p>{''.join(map(treatment_html, history))}"


def treatment_html(entry: dict) -> str:
    start = kimg(entry["nimg"]) if entry["nimg"] else "the start"
    back = f", back to {start}" if entry["nimg"] < entry["ill_at"] else ""
    changes = ", ".join(f"{name} {before} → {now}" for name, (before, now) in entry["changes"].items())
    return f"<p class='cap'>✚ {kimg(entry['ill_at'])}: {escape(entry['headline'])}{back}, {escape(changes)}</p>"


def marks(history: list[dict], drawn: tuple[list[dict], Lines]) -> list[tuple[list[dict], Lines]]:
    """A line from bottom to top of a chart's rows and lines at every treatment, drawn as they are."""
    rows, lines = drawn
    values = [row[metric] for row in rows for _, metric in lines.values()]
    if not values:
        return []
    return [
        (
            [{"nimg": entry["nimg"], "mark": end} for end in (min(values), max(values))],
            {f"treated at {kimg(entry['ill_at'])}": (MARK, "mark")},
        )
        for entry in history
    ]


@guarded("Not done")
def heal(name: str, amount, unit, device=None):
    """Ask a training to treat itself; one that has ended goes on for that."""
    run = library.named_run(name)
    if not run.status().active:
        job.resume(run, **more(run, amount, unit, device))
    # Last, since a resume that is refused must leave no treatment for the next one.
    run.request_heal()
    return "{}"
