"""The command that goes on with a run, and never under other settings or on other pictures unless somebody chose to."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from gan_core.cli.commands import work
from gan_core.cli.console import say
from gan_core.cli.process import lower_priority
from gan_core.config import NOT_OF_WEIGHTS, TrainConfig, options, require

if TYPE_CHECKING:
    from gan_core.config import Config
    from gan_core.runs.changes import Changed
    from gan_core.runs.run_dir import RunDir

# The settings that a run cannot take over half-way without becoming another one.
OTHER_SETTINGS = [spec for spec in options(TrainConfig) if spec.name not in NOT_OF_WEIGHTS]


def resume(args: argparse.Namespace) -> int:
    from gan_core.cli.renting import resume_on_job

    if args.hf_job:
        return resume_on_job(args)
    if args.background:
        lower_priority()
    return work(lambda: prepared(args), args.json)


def prepared(args: argparse.Namespace) -> RunDir:
    """The run to go on with, or a new one that begins with its weights; in the background all that has been done."""
    from gan_core.runs import job
    from gan_core.runs.changes import Changed

    run, asked = known_run(args), asked_settings(args)
    if args.background:
        return run
    if args.as_it_was and (asked or args.fine_tune is not None):
        raise ValueError("--as-it-was goes with no other settings and not with --fine-tune")
    try:
        if asked or args.fine_tune is not None:
            run = fine_tuned(run, asked, args)
        else:
            job.prepare_resume(run, args.kimg, args.minutes, args.as_it_was)
    except Changed as error:
        raise refusal(error, args.json) from error
    return run


def known_run(args: argparse.Namespace) -> RunDir:
    """The run that is meant. ValueError if it trains elsewhere."""
    from gan_core.hub.mirror import bring_back
    from gan_core.runs import library

    bring_back(args.model)
    run = library.find_run(args.model)
    require(
        not run.is_rented, f"'{run.name}' trains on a rented machine: “python -m gan_core follow {run.name}” shows it"
    )
    return run


def asked_settings(args: argparse.Namespace) -> dict:
    return {spec.name: getattr(args, spec.name) for spec in OTHER_SETTINGS if hasattr(args, spec.name)}


def intended(run: RunDir, args: argparse.Namespace) -> tuple[Config, float | None]:
    """The settings that it would go on with, and for how many minutes if its goal says so; nothing is changed."""
    from gan_core.runs.changes import as_it_was

    asked = asked_settings(args)
    config = as_it_was(run) if args.as_it_was else run.config().with_options(**asked)
    if args.kimg or args.minutes or not config.train.minutes:
        return config, args.minutes
    is_new = bool(asked) or args.fine_tune is not None
    return config, config.train.minutes - (0 if is_new else run.status().seconds / 60)


def fine_tuned(run: RunDir, asked: dict, args: argparse.Namespace) -> RunDir:
    """A new run with the settings that were asked for; Changed if something else has changed unasked."""
    from gan_core.runs import job
    from gan_core.runs.changes import Changed, changes

    if args.fine_tune is None and (unasked := changes(run)):
        raise Changed(run.name, unasked)
    found = changes(run, **asked)
    new = job.prepare_fine_tune(run, args.fine_tune or None, args.kimg, args.minutes, **asked)
    values = {
        "event": "fine-tune",
        "run": str(new.path),
        "parent": run.name,
        "changes": [asdict(each) for each in found],
    }
    words = "; ".join(map(str, found)) or "its settings and pictures are the same"
    say(args.json, values, f"{new.name} is a new run that begins with the weights of {run.name}: {words}")
    return new


def refusal(error: Changed, as_json: bool) -> ValueError:
    """The differences, in JSON as data, and the flags to choose by."""
    if as_json:
        say(True, {"event": "changes", "changes": [asdict(each) for each in error.changes]}, "")
    return ValueError(
        f"{error}. Choose --as-it-was to go on with what it was trained with, or --fine-tune NAME to begin a new run"
    )
