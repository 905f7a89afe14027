"""Reports of progress: not too many of them, and those of other people's progress bars turned into calls."""

import threading
import time
from collections.abc import Callable

from tqdm import tqdm

OnProgress = Callable[[int, int], None]
PROGRESS_SECONDS = 0.1


def seldom(report: OnProgress) -> OnProgress:
    """The same report, of which only one call in a tenth of a second comes through."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            report(done, total)
            last = time.monotonic()

    return tell


def reporting_bars(report: OnProgress, total: int | None = None) -> type[tqdm]:
    """A silent kind of tqdm whose bars over bytes call `report(done, total)`; with no `total`, each bar has its own.

    The bars of one `total` may count the same bytes, on their way from the network to the disk: the furthest tells.
    """
    lock, state = threading.Lock(), {"done": 0, "last": 0.0}

    class Bar(tqdm):
        def __init__(self, *args: object, **options: object) -> None:
            self.over_bytes = options.get("unit") == "B"
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self.over_bytes:
                with lock:
                    self._tell()

        def _tell(self) -> None:
            state["done"] = int(self.n) if total is None else max(state["done"], min(int(self.n), total))
            if time.monotonic() - state["last"] >= PROGRESS_SECONDS:
                report(state["done"], total if total is not None else int(self.total or self.n))
                state["last"] = time.monotonic()

    return Bar
