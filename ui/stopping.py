"""Cancelling what an event of a page does.

Not by Gradio's `cancels`: an update that is under way would come after the last word, and leave a dead button.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from gradio.context import LocalContext

T = TypeVar("T")
_unwanted: set[str | None] = set()


def page() -> str | None:
    """Which of the open pages is being answered."""
    return getattr(LocalContext.request.get(None), "session_hash", None)


def cancel() -> None:
    """Have what this page began end."""
    _unwanted.add(page())


def until_cancelled(events: Iterator[T]) -> Iterator[T]:
    """The events up to the moment when this page cancels; whatever it cancelled before does not count."""
    mine = page()
    _unwanted.discard(mine)
    for event in events:
        if mine in _unwanted:
            return
        yield event
