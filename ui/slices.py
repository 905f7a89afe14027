"""On a Space with ZeroGPU: while its owner has the page open, a run trains slice by slice, each with the GPU."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from gan_core.hub.mirror import Mirror, wanted
from gan_core.runs import job, slices
from gan_core.runs.run_dir import RunDir
from ui.guard import is_owner

EVERY_SECONDS = 3
# A slice ends with saving and with measuring, which the GPU's time has to hold, too.
GPU_SECONDS = slices.SLICE_SECONDS + 45


def wire() -> None:
    """Ask for the next slice, over and over; nothing where a training has a process of its own."""
    if slices.lent_in_slices():
        # One mirror for all of them, which knows when it was last written to.
        train, mirror = with_gpu(train_slice), wanted()
        gr.Timer(EVERY_SECONDS).tick(
            lambda: next_slice(train, mirror), concurrency_limit=1, show_progress="hidden", api_visibility="private"
        )


def next_slice(train: Callable[[str], None], mirror: Mirror | None = None) -> None:
    """Train the waiting run for a slice, if it is the owner who looks."""
    run = job.training_here() if is_owner() else None
    if run and run.status().state == slices.WAITING:
        try:
            slices.prepare_pictures(run)
            train(str(run.path))
        finally:
            if mirror:
                keep(run, mirror)


def keep(run: RunDir, mirror: Mirror) -> None:
    """Mirror it now and then, and when it waits for no further slice; the GPU's time is over by then."""
    if run.status().state == slices.WAITING:
        mirror.push_sometimes(run)
    else:
        mirror.finish(run)


def train_slice(path: str) -> None:
    slices.train_slice(RunDir(path))


def with_gpu(function: Callable) -> Callable:
    """The function with a GPU while it runs."""
    import spaces  # what a Space on ZeroGPU has, and no other place

    return spaces.GPU(duration=GPU_SECONDS)(function)
