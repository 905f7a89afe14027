"""The commands that train on a rented machine: they say what it costs, start the job and follow it."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE, FAILED, STOPPED, settings
from gan_core.cli.console import Reporter, say
from gan_core.cli.process import lower_priority, stop_on_signals
from gan_core.config import Config, require

if TYPE_CHECKING:
    from gan_core.hub.jobs import Offer
    from gan_core.runs.run_dir import RunDir


def train_on_job(args: argparse.Namespace) -> int:
    """Train a new run on a machine of Hugging Face Jobs."""
    from gan_core.hub import jobs
    from gan_core.runs import job

    config = settings(args)
    require_reachable(config)
    offer = jobs.ask(args.hf_job, args.hf_hours, args.hf_repo, config.train.minutes)
    confirm(offer, args)
    run = job.create(offer.bounded(config), args.run)
    try:
        jobs.submit(run, offer)
    except BaseException:
        shutil.rmtree(run.path)
        raise
    return follow_run(run, args.json)


def resume_on_job(args: argparse.Namespace) -> int:
    """Go on with a run there, wherever it was trained so far."""
    from gan_core.cli.resuming import prepared
    from gan_core.hub import jobs
    from gan_core.runs import library

    require_reachable(library.find_run(args.model).config())
    offer = jobs.ask(args.hf_job, args.hf_hours, args.hf_repo, args.minutes)
    confirm(offer, args)
    run = prepared(args)
    run.write_config(offer.bounded(run.config(), run.status().seconds))
    jobs.submit(run, offer)
    return follow_run(run, args.json)


def follow(args: argparse.Namespace) -> int:
    from gan_core.runs import library

    if args.background:
        lower_priority()
    return follow_run(library.find_run(args.run), args.json)


def follow_run(run: RunDir, as_json: bool) -> int:
    from gan_core.hub.following import Follower

    follower = Follower(run, stop_on_signals(), Reporter(as_json))
    url = run.job()["url"]
    values = {"event": "job", "run": str(run.path), "url": url}
    say(as_json, values, f"run {run.name} trains at {url}; Ctrl-C cancels it")
    status = follower.follow()
    summary = {"event": status.state, "run": str(run.path), "nimg": status.nimg, "seconds": round(status.seconds, 1)}
    say(
        as_json,
        summary,
        f"{status.state} at {status.nimg / 1000:.1f} kimg after {status.seconds:.0f} s {status.message}",
    )
    return {"done": DONE, "stopped": STOPPED}.get(status.state, FAILED)


def require_reachable(config: Config) -> None:
    """ValueError for pictures that only this computer can see."""
    from gan_core.data import absolute

    data, root = config.train.data, config.train.data_root
    require(
        not Path(absolute(data)).is_absolute() and root is None,
        f"a job cannot see {root or data} on this computer: put the pictures on the Hub and name them as hf:owner/name",
    )


def confirm(offer: Offer, args: argparse.Namespace) -> None:
    """Say what it costs and hear yes. ValueError if there is none."""
    say(args.json, {"event": "offer", **vars(offer)}, str(offer))
    if args.yes:
        return
    require(sys.stdin.isatty() and not args.json, "nothing was started: say --yes to pay for this")
    require(input("Start it? [y/N] ").strip().lower() in ("y", "yes"), "nothing was started")
