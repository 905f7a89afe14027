"""The Explore tab: a page of tools around one picture, which ask the modules beside this one for all that they show."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import gradio as gr

from gan_core.web.page import page, script

# What the page asks of each module.
ANSWERS = {
    "opened": ("models", "open_model"),
    "work": ("progress", "cancel"),
    "bring": ("bring_model",),
    "play": ("directions", "face", "faces", "nearest", "between", "nearby"),
    "saved": ("save_directions", "add_direction", "delete_direction"),
    "morph": ("morph_moment", "morph_film", "learned_stages", "learned_film"),
    "arithmetic": ("arithmetic", "arithmetic_figure"),
    "photo": ("photo_open", "photo_average", "photo_search", "photo_mend"),
    "grid": ("grid_sheet", "grid_orders", "grid_file"),
    "learn": ("known_sources", "label_sources", "learn_directions"),
    "paper": ("paper_about", "paper_figure", "paper_filters", "paper_report"),
}


def build() -> None:
    gr.HTML(
        html_template=page(),
        js_on_load=script(),
        apply_default_css=False,
        server_functions=[late(module, name) for module, names in ANSWERS.items() for name in names],
    )


def late(module: str, name: str) -> Callable[[dict], dict]:
    """The server function of that name; the first call of any waits until PyTorch is loaded."""

    def call(request: dict) -> dict:
        try:
            answer = getattr(loaded(module), name)
        except (ImportError, OSError) as error:
            return {"error": f"PyTorch cannot be loaded: {error}"}
        return answer(request)

    call.__name__ = name
    return call


def loaded(module: str) -> ModuleType:
    """A module beside this one, set to one thread a picture: more would fight with a training, and with each other."""
    import_module("torch").set_num_threads(1)
    return import_module(f"ui.explore.{module}")


def warm_up() -> None:
    """Load PyTorch and show the first model a picture, so that the first visitor waits for neither."""
    opened = late("opened", "open_model")({})
    late("play", "face")({"key": opened.get("key")})
