"""The Explore tab: a page that asks `ui.faces` for every picture it shows."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import gradio as gr

from ui.theme import asset

ANSWERS = ("models", "open_model", "directions", "face", "faces", "film", "nearest")


def build() -> None:
    gr.HTML(
        html_template=asset("explore.html"),
        js_on_load=asset("explore.js"),
        apply_default_css=False,
        server_functions=[late(name) for name in ANSWERS],
    )


def late(name: str) -> Callable[[dict], dict]:
    """The server function of that name in `ui.faces`; the first call of any waits until PyTorch is loaded."""

    def call(request: dict) -> dict:
        try:
            answer = getattr(loaded(), name)
        except (ImportError, OSError) as error:
            return {"error": f"PyTorch cannot be loaded: {error}"}
        return answer(request)

    call.__name__ = name
    return call


def loaded() -> ModuleType:
    """`ui.faces`, set to one thread a picture: more would fight with a training, and with each other."""
    import_module("torch").set_num_threads(1)
    return import_module("ui.faces")


def warm_up() -> None:
    """Load PyTorch and show the first model a face, so that the first visitor waits for neither."""
    opened = late("open_model")({})
    late("face")({"key": opened.get("key")})
