"""Which run the processes of a launcher train: when one of them dies it starts all again, with the same command."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import psutil

from gan_core.files import read_json, write_json
from gan_core.home import checkpoints
from gan_core.runs.run_dir import RunDir


def once(prepare: Callable[[], RunDir]) -> RunDir:
    """The run that `prepare` gives, asked only at this launcher's first start and noted for the next ones."""
    launcher = psutil.Process(os.getppid())
    stem = f".launcher-{socket.gethostname()}-"
    note, began = checkpoints() / f"{stem}{launcher.pid}", launcher.create_time()
    about = read_json(note)
    # Another program had that number before.
    if about and about["began"] == began:
        return RunDir(Path(about["run"]))
    for old in checkpoints().glob(f"{stem}*"):
        if not psutil.pid_exists(int(old.name.removeprefix(stem))):
            old.unlink(missing_ok=True)
    run = prepare()
    write_json(note, {"began": began, "run": str(run.path)})
    return run
