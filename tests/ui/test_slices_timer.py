import sys
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.hub.mirror import Mirror
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


def test_what_slices_train_is_mirrored_now_and_then_and_at_its_end(waiting, visitor, on_hub, monkeypatch, wait_for):
    for name, value in {"": "runs", "_MINUTES": "0"}.items():
        monkeypatch.setenv(f"DCGAN_STUDIO_MIRROR{name}", value)
    monkeypatch.setenv("HF_TOKEN", "hf_writes")
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lambda duration: lambda function: function))
    told = [(8, core.WAITING), (16, "done")]

    def train(path: str) -> None:
        nimg, state = told.pop(0)
        waiting.state_path(nimg).write_bytes(b"state")
        waiting.write_status(replace(waiting.status(), state=state, nimg=nimg))

    monkeypatch.setattr(slices, "train_slice", train)
    with gr.Blocks() as demo:
        slices.wire()
    (tick,) = demo.fns.values()
    visitor("somebody")
    tick.fn()
    wait_for(lambda: f"{waiting.name}/state/000000008.pt" in on_hub.repos.get("me/runs", {}))
    tick.fn()
    assert f"{waiting.name}/state/000000016.pt" in on_hub.repos["me/runs"] and not told


def test_a_slice_that_fails_is_mirrored_too(waiting, visitor, on_hub):
    def fail(path: str) -> None:
        waiting.write_status(replace(waiting.status(), state="failed"))
        raise ValueError("the disk is full")

    visitor("somebody")
    with pytest.raises(ValueError, match="disk"):
        slices.next_slice(fail, Mirror("runs", "hf_writes"))
    assert f"{waiting.name}/config.json" in on_hub.repos["me/runs"]
