"""Who may train from the page, and how the page hears what was wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape

import gradio as gr

NOT_HERE = (
    "On this hosted page you can explore. To train on your own pictures, run DCGAN Studio on your computer, or "
    "duplicate this Space and set DCGAN_STUDIO_TRAIN=1 there."
)


def training_allowed() -> bool:
    """A public Space must not give its owner's processor away to every visitor."""
    return not os.environ.get("SPACE_ID") or os.environ.get("DCGAN_STUDIO_TRAIN") == "1"


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
