"""How a training process behaves towards its system: signals that stop it, priority below everything else."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path


def stop_on_signals() -> Callable[[], bool]:
    """SIGINT and SIGTERM ask for a stop at the next step; a second SIGINT interrupts at once."""
    asked = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: bool(asked)


def lower_priority() -> None:
    """So that sliders in the app stay smooth beside a training on the same processor; must come before any thread."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(19)
    # Linux may weigh whole sessions against each other, and a background training has one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


def give_way() -> None:
    """Keep sliders smooth like `lower_priority`, but less so: somebody is waiting for the result."""
    if hasattr(os, "nice"):
        os.nice(10)
