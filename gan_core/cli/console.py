"""What a command says: sentences or JSON lines on stdout, bars on a terminal's stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_core.runs.run_dir import Status
    from gan_core.training.trainer import Tick

BAR_STYLE = "{desc} {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left"


def say(as_json: bool, values: dict, sentence: str) -> None:
    print(json.dumps(values) if as_json else sentence, flush=True)


def complain(error: object, code: int, as_json: bool) -> int:
    if as_json:
        say(True, {"event": "error", "error": str(error), "code": code}, "")
    print(f"error: {error}", file=sys.stderr)
    return code


class Reporter:
    """Prints ticks; shows progress as a bar on a terminal, elsewhere as lines: few for people, many for programs."""

    def __init__(self, as_json: bool):
        self.as_json, self.printed, self.bar = as_json, None, Bar(as_json)

    def __call__(self, event: Status | Tick) -> None:
        if hasattr(event, "metrics"):
            values = {"nimg": event.nimg, "seconds": round(event.seconds, 3), **event.metrics}
            numbers = "  ".join(f"{name} {value:.3f}" for name, value in event.metrics.items())
            say(self.as_json, {"event": "tick", **values}, f"{event.nimg / 1000:9.2f} kimg  {numbers}")
        elif event.state == "preparing" and event.prepared and self.bar.shown:
            self.bar("preparing the pictures", event.prepared)
        elif event.message and self.printed != (part := self._part(event)):
            self.printed = part
            say(self.as_json, {"event": "status", **asdict(event)}, event.message)

    def _part(self, status: Status) -> tuple:
        """What makes a status worth a line of its own: its message, or in a preparation every hundredth or tenth."""
        if not status.prepared:
            return status.state, status.message
        return status.state, int(status.prepared * (100 if self.as_json else 10))

    def progress(self, state: str, doing: str) -> Callable[[int, int], None]:
        """A function of (done, total) that reports it as a status."""
        from gan_core.runs.run_dir import Status

        def report(done: int, total: int) -> None:
            self(Status(state=state, message=f"{doing}: {done:,} of {total:,}", prepared=done / max(total, 1)))

        return report


class Bar:
    """Progress of several stages on a terminal's stderr, one after the other; elsewhere nothing."""

    def __init__(self, as_json: bool):
        self.shown = sys.stderr.isatty() and not as_json
        self.doing, self.bar = "", None

    def __call__(self, doing: str, share: float) -> None:
        """The stage and the share of it that is done."""
        from tqdm import tqdm

        if doing != self.doing:
            self.doing = doing
            if self.bar is not None:
                self.bar.close()
            self.bar = tqdm(total=1.0, desc=doing, bar_format=BAR_STYLE, disable=not self.shown, leave=False)
        self.bar.update(share - self.bar.n)
        if share >= 1:
            self.bar.close()
