import sys
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.runs import slices as core
from ui import slices


@pytest.fixture
def waiting(run):
    core.wait(run)
    run.write_data(prepare("drawn:8", 32, 3, datasets()))
    return run


def test_only_the_owners_page_asks_for_slices_and_only_for_a_run_that_waits(waiting, visitor):
    asked = []
    visitor("stranger")
    slices.next_slice(asked.append)
    assert not asked
    visitor("somebody")
    slices.next_slice(asked.append)
    assert asked == [str(waiting.path)]
    waiting.write_status(replace(waiting.status(), state="done"))
    slices.next_slice(asked.append)
    assert len(asked) == 1


def test_a_slice_gets_the_gpu_for_longer_than_it_trains(monkeypatch):
    durations = []
    gpu = lambda duration: durations.append(duration) or (lambda function: function)  # noqa: E731
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    with gr.Blocks() as demo:
        slices.wire()
    assert durations[0] > core.SLICE_SECONDS and len(demo.fns) == 1


def test_elsewhere_there_is_no_such_timer():
    with gr.Blocks() as demo:
        slices.wire()
    assert not demo.fns
