"""Long work of the explorer, as a page waits for it."""

import time

from ui.explore import work


def ended(begun: dict, seconds: float = 300) -> dict:
    """What a page hears in the end; an answer that began no work is that already."""
    deadline = time.monotonic() + seconds
    while "work" in begun:
        told = work.progress(begun)
        if "error" in told or "result" in told:
            return told
        assert 0 <= told["share"] <= 1
        assert time.monotonic() < deadline, "it never ended"
        time.sleep(0.01)
    return begun


def result_of(begun: dict) -> dict:
    """The same, without a "result" around it."""
    told = ended(begun)
    return told.get("result", told)
