import gradio as gr
import pytest

from gan_core.runs.changes import Change
from gan_core.runs.worker import Worker
from ui import guard, resume

SKIP = gr.skip()


@pytest.fixture
def edited(run):
    """A run that was trained, and whose learning rate was edited since."""
    run.write_config(run.config().with_options(batch_size=8, kimg=0.016))
    Worker(run, 1, lambda: False, lambda event: None).work()
    run.write_config(run.config().with_options(lr=0.001))
    return run


def test_a_changed_run_opens_the_panel_and_starts_nothing(edited):
    before = edited.status()
    shown, seen, box, html, of = resume.resume(edited.name, 1, "kimg")
    assert (shown, seen, box.visible, of) == (SKIP, SKIP, True, "tiny")
    assert "learning rate (lr)" in html and "<td>0.0002</td><td>0.001</td>" in html
    assert edited.status() == before and edited.config().train.lr == 0.001


def test_the_table_is_escaped_and_tells_what_would_be_lost():
    changes = [Change("pictures", "1 of <i>", "2 of <i>"), Change("ngf", 8, 16, False), Change("flip", True, False)]
    html = resume.table_html("<b>", changes)
    assert "<i>" not in html and "<h3 class='head'>&lt;b&gt; has changed" in html
    assert "Not all weights would fit: G&#x27;s width (ngf) changed" in html and "<td>yes</td><td>no</td>" in html


def test_a_refusal_is_a_warning(run, monkeypatch):
    told = []
    monkeypatch.setattr(guard.gr, "Warning", lambda message, title: told.append(message))
    assert resume.fine_tune(run.name, 1, "kimg") == SKIP
    assert "no training state whose weights" in told[0]


def test_cancel_hides_the_panel():
    box, html, of = resume.hidden()
    assert (box.visible, html, of) == (False, "", "")
