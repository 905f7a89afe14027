"""Which run the processes of a launcher train: when one of them dies it starts all again, with the same command."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from gan_core.files import read_json, write_json
from gan_core.home import checkpoints
from gan_core.runs.run_dir import RunDir
from gan_core.training.group import RankLost, in_words


@contextmanager
def once(prepare: Callable[[], RunDir]) -> Iterator[RunDir]:
    """The run that `prepare` gives, asked only at this launcher's first start and noted for the next ones.

    An error inside is noted, too, and raised again at the next starts (OSError), since it would only come again.
    """
    launcher = psutil.Process(os.getppid())
    stem = f".launcher-{socket.gethostname()}-"
    note, began = checkpoints() / f"{stem}{launcher.pid}", launcher.create_time()
    about = read_json(note)
    # Another program had that number before.
    if not about or about["began"] != began:
        _sweep(stem)
        about = {"began": began, "run": str(prepare().path)}
        write_json(note, about)
    if "error" in about:
        raise OSError(about["error"])
    try:
        yield RunDir(Path(about["run"]))
    except RankLost:
        raise
    except Exception as error:
        with suppress(OSError):  # a full disk may be why
            write_json(note, about | {"error": in_words(error)})
        raise


def _sweep(stem: str) -> None:
    for old in checkpoints().glob(f"{stem}*"):
        if not psutil.pid_exists(int(old.name.removeprefix(stem))):
            old.unlink(missing_ok=True)
