"""Where a training goes on: the processor or the GPUs of this computer, or a rented machine."""

from __future__ import annotations

import gradio as gr

from gan_core.runs import gpus
from ui.guard import is_owner

HERE, RENTED = "here", "rented"


def field() -> gr.Dropdown:
    """The choice, hidden where there is none; a machine is rented only by whoever may train."""
    choices = gpus.choices() or [("this computer", HERE)]
    choices += [("rented at Hugging Face", RENTED)] if is_owner() else []
    several = len(choices) > 1
    return gr.Dropdown(choices, value=choices[0][1], label="Train on", visible=several, elem_id="device")


def gpus_of(chosen: str | None) -> tuple[str, ...]:
    """The ids of the GPUs that a choice means; none where PyTorch decides. ValueError if they are not here."""
    if chosen == RENTED:
        raise ValueError("this does not go on a rented machine: choose another place under “Train on”")
    return gpus.chosen(None if chosen == HERE else chosen)


def tried_on(chosen: str | None) -> str:
    """What a trial, which goes on this computer and one GPU, leaves out of the choice; "" if nothing."""
    if chosen == RENTED:
        return "on this computer"
    return "on the first GPU only" if chosen and chosen != HERE else ""
