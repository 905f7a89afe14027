"""What each command does; heavy imports come late, so that --help and bad input are answered at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.bringing import explorer_of
from gan_core.cli.console import Bar, Reporter, say
from gan_core.cli.process import lower_priority, stop_on_signals
from gan_core.config import Config, ModelConfig, TrainConfig, options, preset

if TYPE_CHECKING:
    from gan_core.latent import Explorer, Point
    from gan_core.runs.run_dir import RunDir, Status
    from gan_core.training.group import Group

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3


def train(args: argparse.Namespace) -> int:
    from gan_core.cli.renting import train_on_job
    from gan_core.runs import job
    from gan_core.training.group import check_shares, num_launched

    if args.hf_job:
        return train_on_job(args)

    def prepare() -> RunDir:
        config = settings(args)
        check_shares(config.train.batch_size, num_launched())
        return job.create(config, args.run)

    return work(prepare, args.json)


def preflight(args: argparse.Namespace) -> int:
    from gan_core import memory
    from gan_core.data import prepare
    from gan_core.home import datasets
    from gan_core.training.preflight import STEPS, preflight

    memory.keep_freed()
    if args.background:
        lower_priority()
    config, report = settings(args), Reporter(args.json)
    model, reading = config.model, report.progress("preparing", "reading the pictures")
    downloading = report.progress("preparing", "downloading the pictures, bytes")
    store = prepare(
        config.train.data,
        model.image_size,
        model.channels,
        datasets(),
        reading,
        labels=config.train.labels,
        data_root=config.train.data_root,
        on_download=downloading,
        duplicates=config.train.duplicates,
    )
    trying = report.progress("probing", "trying out a step")
    trying(0, STEPS)
    config = config.with_options(classes=store.classes)
    found = preflight(config, store.images, trying, store.labels)
    values = {"event": "preflight", **asdict(found), "sentences": found.sentences()}
    say(args.json, values, "\n".join(found.sentences()))
    return DONE


def sample(args: argparse.Namespace) -> int:
    from gan_core import pixels
    from gan_core.latent import Point, parse_seeds
    from gan_core.runs.library import find_model
    from gan_core.runs.run_dir import RunDir

    seeds, model = parse_seeds(args.seeds), find_model(args.model)
    explorer = explorer_of(args.model)
    label, out = label_of(args.label, explorer), writable(args.out)
    points = ranked(args, explorer, RunDir(model.parent), [Point(seed, label=label) for seed in seeds])
    try:
        pixels.to_pil(pixels.sheet(explorer.render(points))).save(out)
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"'{out.name}' cannot be written as a picture: give a name that ends in .png or .jpg"
        ) from error
    values, words = {"out": str(out), "seeds": len(points), "kimg": explorer.nimg / 1000}, f"wrote {out}"
    if args.rank or args.best:
        values["order"] = [point.seed for point in points]
        words += f"; its seeds are {', '.join(map(str, values['order']))}"
    say(args.json, values, words)
    return DONE


def ranked(args: argparse.Namespace, explorer: Explorer, run: RunDir, points: list[Point]) -> list[Point]:
    """The points in the order asked for, and the best of them; typical ones are best unless an order is given."""
    from gan_core.latent.ranking import judge_of, look, order

    if args.best is not None and not 1 <= args.best <= len(points):
        raise ValueError(f"--best takes from 1 to {len(points)} of these seeds, not {args.best}")
    if not (args.rank or args.best):
        return points
    bar, D = Bar(args.json), judge_of(run.discriminator, explorer.config.model)
    looks = look(explorer, points, D, lambda share: bar("looking at them", share))
    return [points[i] for i in order(args.rank or "typical", looks)][: args.best]


def evaluate(args: argparse.Namespace) -> int:
    from gan_core import pixels
    from gan_core.data import prepare
    from gan_core.home import datasets
    from gan_core.metrics import nearest, panel
    from gan_core.metrics.evaluation import evaluate, sampler, table

    explorer = explorer_of(args.model)
    out = picture_file(args.nearest) if args.nearest else None
    bar, config = Bar(args.json), explorer.config
    store = prepare(
        args.data,
        config.model.image_size,
        config.model.channels,
        datasets(),
        lambda done, total: bar("reading the pictures", done / max(total, 1)),
        labels=config.train.labels if config.model.classes else "none",
        data_root=args.data_root,
        duplicates=config.train.duplicates,
    )
    reals, labels = store.images, store.labels if store.classes == config.model.classes else None
    sample = cache(sampler(explorer, lambda share: bar("sampling", share), labels))
    results = evaluate(
        sample,
        reals,
        args.n,
        [name.strip() for name in args.metrics.split(",") if name.strip()],
        weights=Path(args.weights).expanduser() if args.weights else None,
        fetch=args.fetch,
        flip=config.train.flip,
        on_progress=bar,
    )
    if out is not None:
        found = nearest(sample(args.n), reals, config.train.flip)
        pixels.to_pil(panel(sample(args.n), reals, found)).save(out)
    values = {"model": args.model, "data": args.data, "kimg": explorer.nimg / 1000, "n": args.n}
    say(args.json, {**values, "results": [asdict(result) for result in results]}, table(results))
    return DONE


def augment(args: argparse.Namespace) -> int:
    from gan_core.latent.synthetic import write_set

    explorer, out, bar = explorer_of(args.model), writable(args.out), Bar(args.json)
    if args.seed < 0:
        raise ValueError(f"seeds start at 0, so {args.seed} is not one")
    count = write_set(explorer, out, args.per_class, args.seed, lambda share: bar("generating", share))
    say(args.json, {"out": str(out), "pictures": count}, f"wrote {count:,} pictures into {out}")
    return DONE


def work(prepare: Callable[[], RunDir], as_json: bool) -> int:
    """Train the run that `prepare` gives in this process, or with others where a launcher started several.

    It is reported on stdout.
    """
    from gan_core import memory
    from gan_core.training.group import is_launched, launched

    if not is_launched():
        run = prepare()
        memory.keep_freed()
        status = work_on(run, stop_on_signals(), as_json)
        return DONE if status.state == "done" else STOPPED
    from gan_core.runs.follower import follow
    from gan_core.runs.launch import once

    memory.keep_freed()
    stop = stop_on_signals()
    with launched() as group:
        if group.rank:
            follow(group)
        else:
            with once(prepare) as run:
                work_on(run, stop, as_json, group)
    # Of anything else a launcher would make a failure, and start a training again that was stopped.
    return DONE


def work_on(run: RunDir, stop: Callable[[], bool], as_json: bool, group: Group | None = None) -> Status:
    """The final status of the run's training, as rank 0 if there is a group."""
    from gan_core.hub.mirror import mirrored
    from gan_core.runs.worker import Worker
    from gan_core.training.group import ALONE

    report = Reporter(as_json)
    say(as_json, {"event": "run", "run": str(run.path)}, f"run {run.name} in {run.path}")
    with mirrored(run) as push:
        status = Worker(run, os.getpid(), stop, lambda event: (report(event), push()), group or ALONE).work()
    summary = {"event": status.state, "run": str(run.path), "nimg": status.nimg, "seconds": round(status.seconds, 1)}
    say(as_json, summary, f"{status.state} at {status.nimg / 1000:.1f} kimg after {status.seconds:.0f} s")
    return status


def settings(args: argparse.Namespace) -> Config:
    names = {spec.name for kind in (TrainConfig, ModelConfig) for spec in options(kind)}
    base = Config.load(Path(args.config).expanduser()) if args.config else preset(args.preset)
    return base.with_options(**{name: value for name, value in vars(args).items() if name in names})


def label_of(name: str | None, explorer: Explorer) -> int | None:
    """The place of a class among the model's. ValueError if it is none of them."""
    classes = explorer.config.model.classes
    if name is None:
        return None
    if name not in classes:
        known = f"it knows {', '.join(classes)}" if classes else "it knows no classes"
        raise ValueError(f"this model has no class '{name}': {known}")
    return classes.index(name)


def writable(path: str) -> Path:
    try:
        out = Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f"there is no home folder for {path}") from error
    if not out.parent.is_dir():
        raise ValueError(f"there is no folder {out.parent} to write {out.name} into")
    return out


def picture_file(path: str) -> Path:
    """ValueError, before the work is done, for a name that no picture can have."""
    from PIL import Image

    out = writable(path)
    if out.suffix.lower() not in Image.registered_extensions():
        raise ValueError(f"'{out.name}' cannot be written as a picture: give a name that ends in .png or .jpg")
    return out
