"""Cancelling what an event of a page does.

Not by Gradio's `cancels`: an update that is under way would come after the last word, and leave a dead button.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from gradio.context import LocalContext

T = TypeVar("T")
# By page and name, whether it is to end; only what is under way, for anybody may ask for the end of anything.
_under_way: dict[tuple[str | None, str], bool] = {}


def page() -> str | None:
    """Which of the open pages is being answered."""
    return getattr(LocalContext.request.get(None), "session_hash", None)


def cancel(what: str = "") -> None:
    """Have what this page began end, of several things the one of that name."""
    mine = page(), what
    if mine in _under_way:
        _under_way[mine] = True


def until_cancelled(events: Iterator[T], what: str = "") -> Iterator[T]:
    """The events up to the moment when this page cancels them; whatever it cancelled before does not count."""
    mine = page(), what
    _under_way[mine] = False
    try:
        for event in events:
            if _under_way.get(mine):
                return
            yield event
    finally:
        _under_way.pop(mine, None)
