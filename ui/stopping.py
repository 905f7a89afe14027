"""Cancelling what an event of a page does.

Not by Gradio's `cancels`: an update that is under way would come after the last word, and leave a dead button.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from gradio.context import LocalContext

T = TypeVar("T")
_unwanted: set[tuple[str | None, str]] = set()


def page() -> str | None:
    """Which of the open pages is being answered."""
    return getattr(LocalContext.request.get(None), "session_hash", None)


def cancel(what: str = "") -> None:
    """Have what this page began end, of several things the one of that name."""
    _unwanted.add((page(), what))


def until_cancelled(events: Iterator[T], what: str = "") -> Iterator[T]:
    """The events up to the moment when this page cancels them; whatever it cancelled before does not count."""
    mine = page(), what
    _unwanted.discard(mine)
    for event in events:
        if mine in _unwanted:
            return
        yield event
