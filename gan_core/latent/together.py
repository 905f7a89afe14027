"""One call of a function for what several threads want of it at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np


class Together:
    """A function of rows [N, ...], called from many threads: who comes while `at_once` calls run shares the next one.

    A call takes the oldest wishes, `most` rows at most unless a single wish is larger, and is made by the thread of the
    oldest, so that an idle moment adds nothing to a call.
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], most: int, at_once: int = 1):
        self._function, self._most, self._free = function, most, at_once
        self._waiting: deque[Wish] = deque()
        self._lock = threading.Lock()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """The results [N, ...] of these rows; what a call raises, everybody whose rows were in it gets."""
        wish = Wish(rows)
        with self._lock:
            wish.leads = self._free > 0
            if wish.leads:
                self._free -= 1
            else:
                self._waiting.append(wish)
        if not wish.leads:
            wish.awake.wait()
        if wish.leads:
            self._lead(wish)
        if wish.error is not None:
            raise wish.error
        return wish.results

    def _lead(self, first: Wish) -> None:
        wishes = self._gather(first)
        try:
            results = self._function(np.concatenate([wish.rows for wish in wishes]))
            ends = np.cumsum([len(wish.rows) for wish in wishes])
            for wish, part in zip(wishes, np.split(results, ends[:-1]), strict=True):
                wish.results = part
        except BaseException as error:  # whatever it is, nobody may be left waiting
            for wish in wishes:
                wish.error = error
        self._hand_over()
        for wish in wishes:
            wish.awake.set()

    def _gather(self, first: Wish) -> list[Wish]:
        """The first wish, and those that have waited longest as far as they fit."""
        wishes, num_rows = [first], len(first.rows)
        with self._lock:
            while self._waiting and num_rows + len(self._waiting[0].rows) <= self._most:
                wishes.append(self._waiting.popleft())
                num_rows += len(wishes[-1].rows)
        return wishes

    def _hand_over(self) -> None:
        """The oldest wish still waiting leads the next call."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            heir = self._waiting.popleft()
        heir.leads = True
        heir.awake.set()


class Wish:
    """Rows that a thread waits for."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows
        self.results: np.ndarray | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.awake = threading.Event()
