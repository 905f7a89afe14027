"""The commands that train on a rented machine: they say what it costs, start the job and follow it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE, FAILED, STOPPED, settings
from gan_core.cli.console import Reporter, say
from gan_core.cli.process import lower_priority, stop_on_signals
from gan_core.config import require

if TYPE_CHECKING:
    from gan_core.config import Config
    from gan_core.hub.offers import Offer
    from gan_core.runs.run_dir import RunDir


def train_on_job(args: argparse.Namespace) -> int:
    """Train a new run on a machine of Hugging Face Jobs."""
    from gan_core.runs import renting

    config = settings(args)
    return follow_run(renting.start(config, accepted(config, config.train.minutes, args), args.run), args.json)


def resume_on_job(args: argparse.Namespace) -> int:
    """Go on with a run there, or with a new one that begins with its weights, wherever it was trained so far."""
    from gan_core.cli.resuming import intended, known_run, prepared
    from gan_core.runs import renting

    run = known_run(args)
    offer = accepted(*intended(run, args), args)
    return follow_run(renting.send(lambda: prepared(args), offer, run), args.json)


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


def accepted(config: Config, minutes: float | None, args: argparse.Namespace) -> Offer:
    """The machine for so many minutes, once somebody has heard what it costs and said yes. ValueError if not."""
    from gan_core.hub import offers
    from gan_core.runs import renting

    renting.require_reachable(config.train.data, config.train.data_root)
    offer = offers.look().offer(args.hf_job, args.hf_hours, args.hf_repo, minutes)
    renting.require_possible(config, offer)
    say(args.json, {"event": "offer", **vars(offer)}, str(offer))
    if not args.yes:
        require(sys.stdin.isatty() and not args.json, "nothing was started: say --yes to pay for this")
        require(input("Start it? [y/N] ").strip().lower() in ("y", "yes"), "nothing was started")
    return offer
