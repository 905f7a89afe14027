"""Long work that a page asked for: it runs beside the sliders, tells how far it is, and ends when nobody looks."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ui.answers import answers
from ui.guard import visitor

AT_ONCE = 2
# Of those under way, and again of results that are kept for pages that have not got them yet.
MOST, MOST_EACH = 16, 4
# A browser looks once a minute only at what runs in a tab that is hidden.
UNSEEN_SECONDS = 90
NICENESS = 5
LOOK_SECONDS = 0.2

_works: dict[str, Work] = {}
_places = threading.Semaphore(AT_ONCE)
_lock = threading.Lock()


class Cancelled(Exception):
    """Nobody wants the result any more."""


@dataclass
class Work:
    """Something under way: `report(share, words, **shown)` tells the page, and raises Cancelled once it is unwanted."""

    share: float = 0.0
    words: str = "waiting for its turn"
    shown: dict = field(default_factory=dict)
    news: int = 0
    result: dict | None = None
    error: str = ""
    cancelled: bool = False
    visitor: str = ""
    seen: float = field(default_factory=time.monotonic)

    def __call__(self, share: float, words: str = "", **shown: object) -> None:
        self.share, self.words = min(max(share, 0.0), 1.0), words
        if shown:
            self.shown, self.news = shown, self.news + 1
        if self.unwanted:
            raise Cancelled

    @property
    def over(self) -> bool:
        return self.result is not None or bool(self.error)

    @property
    def unseen(self) -> bool:
        return time.monotonic() - self.seen > UNSEEN_SECONDS

    @property
    def unwanted(self) -> bool:
        return self.cancelled or self.unseen


def begin(function: Callable[[Work], dict]) -> dict:
    """Start `function(report)` in a thread; its dict is the result. ValueError while too much is under way."""
    name, work = secrets.token_urlsafe(12), Work(visitor=visitor())
    with _lock:
        forget_results()
        under_way = [each.visitor for each in _works.values() if not each.over]
        if len(under_way) >= MOST:
            raise ValueError("Others keep this app busy just now: try again in a minute.")
        if under_way.count(work.visitor) >= MOST_EACH:
            raise ValueError("Much that you began is still under way: wait for it, or cancel some of it.")
        _works[name] = work
    threading.Thread(target=run, args=(work, function), daemon=True).start()
    return {"work": name}


def forget_results() -> None:
    """Forget what is over and was not asked for lately; each may hold a large file, so of the rest only few stay."""
    over = sorted(((name, each) for name, each in _works.items() if each.over), key=lambda item: item[1].seen)
    kept: Counter[str] = Counter()
    for name, each in reversed(over):
        if each.unseen or kept[each.visitor] >= MOST_EACH or kept.total() >= MOST:
            del _works[name]
        else:
            kept[each.visitor] += 1


def run(work: Work, function: Callable[[Work], dict]) -> None:
    """Wait for a place, and do it."""

    def in_turn(work: Work) -> dict:
        while not _places.acquire(timeout=1):
            work(0.0, work.words)
        try:
            work(0.0)
            return function(work)
        finally:
            _places.release()

    settle(work, in_turn)
    with _lock:
        forget_results()


def settle(work: Work, function: Callable[[Work], dict]) -> None:
    """Do it, and keep its result or the sentence of why there is none."""
    yield_to_sliders()
    try:
        work.result = function(work)
    except Cancelled:
        work.error = "Cancelled."
    except (ValueError, OSError) as error:
        work.error = str(error)
    except Exception:
        logging.getLogger(__name__).exception("work for a page failed")
        work.error = "This failed for a reason that the app did not expect; its log has the details."


def followed(work: Work, function: Callable[[Work], dict]) -> Iterator[None]:
    """Do it in a thread, and return now and then until it is over; closing the iterator cancels it.

    Cancelled as soon as it is unwanted, ValueError with the sentence of what went wrong.
    """
    threading.Thread(target=settle, args=(work, function), daemon=True).start()
    try:
        while not (work.over or work.cancelled):
            work.seen = time.monotonic()
            yield
            time.sleep(LOOK_SECONDS)
        if work.cancelled:
            raise Cancelled
    finally:
        work.cancelled = True
    if work.error:
        raise ValueError(work.error)


def yield_to_sliders() -> None:
    """One thread, and a lower priority than the pictures that somebody drags."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(AttributeError, OSError):  # only Linux knows priorities of threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@answers
def progress(request: dict) -> dict:
    """How far a work is, with what it shows if that is newer than the page's `news`; once over, its result.

    An answer may be lost on its way, so the result stays until the page has it, or no longer asks.
    """
    work = _works.get(str(request.get("work")))
    if work is None:
        raise ValueError("This work is no longer known: begin it again.")
    work.seen = time.monotonic()
    if work.over:
        return {"error": work.error} if work.error else {"result": work.result}
    told = {"share": work.share, "words": work.words, "news": work.news}
    return told | {"shown": work.shown} if work.news != request.get("news") else told


@answers
def cancel(request: dict) -> dict:
    """Have a work end at its next report, or forget it if the page `had` its result."""
    name = str(request.get("work"))
    if request.get("had"):
        with _lock:
            _works.pop(name, None)
    elif work := _works.get(name):
        work.cancelled = True
    return {}
