"""The explorer's page out of its parts: a stage, and the tools around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
EXPLORE = HERE / "explore"
# The tools in the order of their buttons, each with its label.
TOOLS = {
    "play": "Play",
    "morph": "Morph",
    "arithmetic": "Arithmetic",
    "photo": "From a photo",
    "grid": "Grid",
    "learn": "Learn directions",
    "paper": "The paper",
}
# The scripts of the stage, of what is around it, and of parts that tools are made of; what begins comes last.
STUDIO = (
    "studio", "asking", "point", "kept", "controls", "tiles", "stage", "strips", "walk", "models", "links", "copies",
    "bring", "sliders", "touch", "pad", "films", "history", "pieces", "learning", "cropper", "boxes", "examples",
    "picker", "start",
)  # fmt: skip


def page(tools: Iterable[str] = TOOLS) -> str:
    """The html with these tools in their places, and with the files that its parts include."""
    whole = text("page.html").replace("<!-- tools -->", "".join(section(name) for name in tools))
    return re.sub(r"<!-- include (\S+) -->", lambda match: text(match[1]), whole)


def section(name: str) -> str:
    return (
        f'<section class="tool" data-tool="{name}" data-label="{TOOLS[name]}" hidden>{text(f"{name}.html")}</section>'
    )


def script(tools: Iterable[str] = TOOLS) -> str:
    """One scope for all: the studio, then the tools, then the start, whose promise it returns."""
    return "\n".join([*(text(f"{name}.js") for name in (*STUDIO, *tools)), "return studio.start();"])


def shared() -> str:
    """The colours of both themes, and cards, buttons, sliders and fields."""
    return (HERE / "shared.css").read_text(encoding="utf-8")


def styles() -> str:
    """What the explorer's own parts look like."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(EXPLORE.glob("*.css")))


def text(name: str) -> str:
    return (EXPLORE / name).read_text(encoding="utf-8")
