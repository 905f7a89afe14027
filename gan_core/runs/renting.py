"""A run sent to a rented machine, and what can be trained there: the same for the command line and the app."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from gan_core.config import Config, require
from gan_core.data import absolute
from gan_core.files import replacing
from gan_core.hub import jobs
from gan_core.hub.offers import Offer
from gan_core.runs import job
from gan_core.runs.run_dir import RunDir
from gan_core.training.group import check_shares


def start(
    config: Config, offer: Offer, name: str | None = None, report: Callable[[float, str], object] = jobs.unheard
) -> RunDir:
    """Create a run and start its job, as `send` does."""
    require_possible(config, offer)
    return send(lambda: job.create(config, name), offer, report=report)


def send(
    prepare: Callable[[], RunDir],
    offer: Offer,
    known: RunDir | None = None,
    report: Callable[[float, str], object] = jobs.unheard,
) -> RunDir:
    """Start the job of the run that `prepare` gives: the `known` one with its new goal, or a new one.

    ValueError if it cannot be started; then everything is as it was before. `report` is that of `jobs.submit`.
    """
    with _as_before(known, "config.json") if known else nullcontext():
        run = prepare()
        try:
            require_possible(run.config(), offer)
            with run.claim(), _as_before(run, "status.json"):
                run.write_status(replace(run.status(), state="starting", message="sending it to Hugging Face"))
                run.write_config(offer.bounded(run.config(), run.status().seconds))
                jobs.submit(run, offer, report)
        except BaseException:
            if not run.is_rented and (known is None or run.path != known.path):
                shutil.rmtree(run.path)
            raise
        return run


@contextmanager
def _as_before(run: RunDir, name: str) -> Iterator[None]:
    """That file of the run is put back if something fails within, unless its job was started."""
    path = run.path / name
    before = path.read_bytes() if path.exists() else None
    try:
        yield
    except BaseException:
        if run.is_rented:
            raise
        if before is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != before:
            with replacing(path) as temporary:
                temporary.write_bytes(before)
        raise


def require_possible(config: Config, offer: Offer) -> None:
    """ValueError for what a job on that machine could not train."""
    require_reachable(config.train.data, config.train.data_root)
    check_shares(config.train.batch_size, max(offer.gpus, 1))


def require_reachable(data: str, data_root: str | None = None) -> None:
    """ValueError for pictures that only this computer can see."""
    require(not Path(absolute(data)).is_absolute() and not data_root, unseen(data_root or data))


def unseen(pictures: str) -> str:
    return f"a job cannot see {pictures} on this computer: put the pictures on the Hub and name them as hf:owner/name"
