"""A new run on a rented machine, and what can be trained there: the same for the command line and the app."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gan_core.config import Config, require
from gan_core.data import absolute
from gan_core.hub import jobs
from gan_core.hub.offers import Offer
from gan_core.runs import job
from gan_core.runs.run_dir import RunDir, Status


def start(
    config: Config, offer: Offer, name: str | None = None, report: Callable[[float, str], object] = jobs.unheard
) -> RunDir:
    """Create a run and start its job; nothing of it stays here if that fails. ValueError if it cannot be started.

    `report` is that of `jobs.submit`.
    """
    require_reachable(config.train.data, config.train.data_root)
    run = job.create(offer.bounded(config), name)
    try:
        with run.claim():
            run.write_status(Status("starting", message="sending it to Hugging Face"))
            jobs.submit(run, offer, report)
            run.write_status(Status("stopped"))  # until it is followed
    except BaseException:
        shutil.rmtree(run.path)
        raise
    return run


def require_reachable(data: str, data_root: str | None = None) -> None:
    """ValueError for pictures that only this computer can see."""
    require(not Path(absolute(data)).is_absolute() and data_root is None, unseen(data_root or data))


def unseen(pictures: str) -> str:
    return f"a job cannot see {pictures} on this computer: put the pictures on the Hub and name them as hf:owner/name"
