"""A command of this program in a process of its own, which ends with whoever watches it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from typing import TextIO

from gan_core.home import REPOSITORY


def events(*arguments: str, first: dict, last: str, else_error: str) -> Iterator[dict]:
    """What `python -m gan_core …` reports in JSON, up to its event `last`; closing the iterator ends the process.

    `first` stands for its progress until it reports any. The newest event comes again after every half second without
    one, so that the iterator can be closed at any time. ValueError with the sentence of what went wrong, which is
    `else_error` where the process ends without a word.
    """
    command = [sys.executable, "-m", "gan_core", *arguments, "--json"]
    # A session of its own: what runs in the background lowers the weight of its whole session.
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        event = first
        for event in _events(_patiently(process.stdout), first):
            yield event
        if event["event"] != last:
            raise ValueError(else_error)
    finally:
        process.kill()
        process.wait()


def _events(lines: Iterable[str], event: dict) -> Iterator[dict]:
    for line in lines:
        event = json.loads(line) if line else event
        if event["event"] == "error":
            raise ValueError(event["error"])
        yield event


def _patiently(lines: TextIO) -> Iterator[str]:
    """The lines; an empty one after every half second without any."""
    waiting: Queue[str | None] = Queue()

    def read() -> None:
        with lines:
            for line in lines:
                waiting.put(line)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = waiting.get(timeout=0.5)
        except Empty:
            line = ""
        if line is None:
            return
        yield line
