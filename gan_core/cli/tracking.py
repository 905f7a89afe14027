"""The command that writes a run into a tracker after its training."""

from __future__ import annotations

import argparse

from gan_core.cli.commands import DONE
from gan_core.cli.console import say

SEE = {"tensorboard": "tensorboard --logdir {}", "trackio": "trackio show --project dcgan-studio"}


def track(args: argparse.Namespace) -> int:
    from gan_core.runs import library, tracking

    run = library.find_run(args.run)
    steps = tracking.track(run, args.tracker)
    see = SEE[args.tracker].format(run.path)
    values = {"event": "tracked", "run": str(run.path), "tracker": args.tracker, "steps": steps, "see": see}
    say(args.json, values, f"wrote {steps:,} steps of {run.name}; look at them with “{see}”")
    return DONE
