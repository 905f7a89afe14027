"""The command line: the same functions as the app.

    python -m gan_core preflight --data photos.zip --size 64 --minutes 10
    python -m gan_core train --data photos.zip --size 64 --minutes 10
    python -m gan_core resume photos-64 --minutes 10
    python -m gan_core sample photos-64 --seeds 0-63 --out grid.png
    python -m gan_core morph photos-64 --seeds 1,5,9 --out morph.mp4
    python -m gan_core evaluate photos-64 --data photos.zip --n 2048
    python -m gan_core augment clothes-28 --per-class 500 --out synthetic

Ctrl-C or SIGTERM stop a training at the next step, with everything saved. Exit codes: 0 done, 1 the training failed,
2 bad input, 3 stopped early and saved.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import Field, asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import DEFAULT_PRESET, PRESETS, Config, ModelConfig, TrainConfig, field_type, options, preset

if TYPE_CHECKING:
    from tqdm import tqdm

    from gan_core.latent import Explorer
    from gan_core.runs.run_dir import RunDir, Status
    from gan_core.training.trainer import Tick

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3
MODEL_HELP = "a name under checkpoints/, a directory or a safetensors file"
BAR_STYLE = "{desc} {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left"


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Every user error is one sentence on stderr."""
    args = build_parser().parse_args(argv)
    try:
        return args.command(args)
    except ValueError as error:
        return complain(error, BAD_INPUT, args.json)
    except (FloatingPointError, MemoryError, OSError) as error:
        return complain(error, FAILED, args.json)
    except KeyboardInterrupt:
        return complain("interrupted", STOPPED, args.json)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m gan_core", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train_ = add_command(commands, train, "train a new run")
    train_.add_argument("--run", metavar="NAME|DIR", help="the new run's name under checkpoints/, or its directory")
    add_settings(train_)
    preflight_ = add_command(commands, preflight, "try a training for 20 steps: its speed, its memory, its duration")
    add_background(preflight_)
    add_settings(preflight_)

    resume_ = add_command(commands, resume, "go on with a run, exactly where it stopped")
    resume_.add_argument("model", metavar="RUN", help="a name under checkpoints/ or a run's directory")
    resume_.add_argument("--kimg", type=float, help="train that many thousand images more")
    resume_.add_argument("--minutes", type=float, help="train that many minutes more")
    add_background(resume_)

    sample_ = add_command(commands, sample, "write a sheet of samples")
    add_model(sample_, seeds="0-63", out="grid.png")
    add_class(sample_)
    morph_ = add_command(commands, morph, "write a film that morphs from seed to seed and back")
    add_model(morph_, seeds="1,5,9", out="morph.mp4")
    add_class(morph_)
    morph_.add_argument("--seconds", type=float, default=6.0, help="length of the film (default 6)")
    morph_.add_argument("--fps", type=int, default=30, help="frames a second (default 30)")
    morph_.add_argument("--pixels", type=int, default=256, help="side of the film, in pixels (default 256)")
    evaluate_ = add_command(commands, evaluate, "measure how good, diverse and original a model's samples are")
    evaluate_.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    evaluate_.add_argument("--data", metavar="PATH", required=True, help="the pictures to measure against")
    evaluate_.add_argument("--data-root", metavar="DIR", help="folder that holds the files of mnist and the like")
    evaluate_.add_argument("--n", type=int, default=2048, help="how many samples to measure (default 2048)")
    add_metrics(evaluate_)
    augment_ = add_command(commands, augment, "write a labelled set of generated pictures")
    augment_.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    augment_.add_argument("--per-class", type=int, required=True, metavar="N", help="pictures of each class")
    augment_.add_argument("--out", required=True, metavar="DIR", help="a new folder")
    augment_.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    return parser


def train(args: argparse.Namespace) -> int:
    from gan_core.runs import job

    return work(job.create(settings(args), args.run), args.json)


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
    )
    trying = report.progress("probing", "trying out a step")
    trying(0, STEPS)
    config = config.with_options(classes=store.classes)
    found = preflight(config, store.images, trying, store.labels)
    values = {"event": "preflight", **asdict(found), "sentences": found.sentences()}
    say(args.json, values, "\n".join(found.sentences()))
    return DONE


def resume(args: argparse.Namespace) -> int:
    from gan_core.runs import job, library

    run = library.find_run(args.model)
    if args.background:
        lower_priority()
    else:
        job.prepare_resume(run, args.kimg, args.minutes)
    return work(run, args.json)


def sample(args: argparse.Namespace) -> int:
    from gan_core import pixels
    from gan_core.latent import Explorer, Point, parse_seeds
    from gan_core.runs.library import find_model

    seeds = parse_seeds(args.seeds)
    explorer = Explorer.load(find_model(args.model))
    label, out = label_of(args.label, explorer), writable(args.out)
    try:
        pixels.to_pil(pixels.sheet(explorer.render([Point(seed, label=label) for seed in seeds]))).save(out)
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"'{out.name}' cannot be written as a picture: give a name that ends in .png or .jpg"
        ) from error
    say(args.json, {"out": str(out), "seeds": len(seeds), "kimg": explorer.nimg / 1000}, f"wrote {out}")
    return DONE


def morph(args: argparse.Namespace) -> int:
    from gan_core.latent import Explorer, Point, parse_seeds
    from gan_core.latent.film import write_film
    from gan_core.runs.library import find_model

    if not (0 < args.seconds <= 600 and 1 <= args.fps <= 120 and 16 <= args.pixels <= 2048):
        raise ValueError("a film lasts up to 600 seconds, has 1 to 120 frames a second and 16 to 2048 pixels a side")
    seeds = parse_seeds(args.seeds)
    if len(seeds) < 2:
        raise ValueError("a morph needs at least two seeds, e.g. --seeds 1,5")
    explorer = Explorer.load(find_model(args.model))
    label = label_of(args.label, explorer)
    points = [Point(seed, label=label) for seed in seeds]
    out = writable(args.out)
    count = max(round(args.seconds * args.fps), 1)
    write_film(out, explorer.frames(points, count, closed=True), fps=args.fps, size=args.pixels)
    say(args.json, {"out": str(out), "frames": count}, f"wrote {out}: {count} frames")
    return DONE


def evaluate(args: argparse.Namespace) -> int:
    from gan_core import pixels
    from gan_core.data import prepare
    from gan_core.home import datasets
    from gan_core.latent import Explorer
    from gan_core.metrics import nearest, panel
    from gan_core.metrics.evaluation import evaluate, sampler, table
    from gan_core.runs.library import find_model

    explorer = Explorer.load(find_model(args.model))
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
    from gan_core.latent import Explorer
    from gan_core.latent.synthetic import write_set
    from gan_core.runs.library import find_model

    explorer, out, bar = Explorer.load(find_model(args.model)), writable(args.out), Bar(args.json)
    if args.seed < 0:
        raise ValueError(f"seeds start at 0, so {args.seed} is not one")
    count = write_set(explorer, out, args.per_class, args.seed, lambda share: bar("generating", share))
    say(args.json, {"out": str(out), "pictures": count}, f"wrote {count:,} pictures into {out}")
    return DONE


def work(run: RunDir, as_json: bool) -> int:
    """Train a run in this process and report it on stdout."""
    from gan_core import memory
    from gan_core.runs.worker import Worker

    memory.keep_freed()
    stop = stop_on_signals()
    say(as_json, {"event": "run", "run": str(run.path)}, f"run {run.name} in {run.path}")
    status = Worker(run, os.getpid(), stop, Reporter(as_json)).work()
    summary = {"event": status.state, "run": str(run.path), "nimg": status.nimg, "seconds": round(status.seconds, 1)}
    say(as_json, summary, f"{status.state} at {status.nimg / 1000:.1f} kimg after {status.seconds:.0f} s")
    return DONE if status.state == "done" else STOPPED


class Reporter:
    """Prints ticks; shows progress as a bar on a terminal, elsewhere as lines: few for people, many for programs."""

    def __init__(self, as_json: bool):
        self.as_json, self.printed = as_json, None
        self.bar: tqdm | None = None

    def __call__(self, event: Status | Tick) -> None:
        if hasattr(event, "metrics"):
            values = {"nimg": event.nimg, "seconds": round(event.seconds, 2), **event.metrics}
            numbers = "  ".join(f"{name} {value:.3f}" for name, value in event.metrics.items())
            say(self.as_json, {"event": "tick", **values}, f"{event.nimg / 1000:9.2f} kimg  {numbers}")
        elif event.state == "preparing" and event.prepared and sys.stderr.isatty() and not self.as_json:
            self.draw(event.prepared)
        elif event.message and self.printed != (
            part := (event.state, int(event.prepared * (100 if self.as_json else 10)))
        ):
            self.printed = part
            say(self.as_json, {"event": "status", **asdict(event)}, event.message)

    def progress(self, state: str, doing: str) -> Callable[[int, int], None]:
        """A function of (done, total) that reports it as a status."""
        from gan_core.runs.run_dir import Status

        def report(done: int, total: int) -> None:
            self(Status(state=state, message=f"{doing}: {done:,} of {total:,}", prepared=done / max(total, 1)))

        return report

    def draw(self, share: float) -> None:
        from tqdm import tqdm

        style = "reading the pictures {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left"
        self.bar = self.bar or tqdm(total=1.0, bar_format=style)
        self.bar.update(share - self.bar.n)
        if share >= 1:
            self.bar.close()


class Bar:
    """Progress of several stages on a terminal's stderr, one after the other; elsewhere nothing."""

    def __init__(self, as_json: bool):
        self.shown = sys.stderr.isatty() and not as_json
        self.doing, self.bar = "", None

    def __call__(self, doing: str, share: float) -> None:
        """The stage and the share of it that is done."""
        from tqdm import tqdm

        if doing != self.doing:
            self.doing = doing
            if self.bar is not None:
                self.bar.close()
            self.bar = tqdm(total=1.0, desc=doing, bar_format=BAR_STYLE, disable=not self.shown, leave=False)
        self.bar.update(share - self.bar.n)
        if share >= 1:
            self.bar.close()


def add_command(commands, function: Callable, help: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(function.__name__, help=help, description=help)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, for programs")
    parser.set_defaults(command=function)
    return parser


def add_background(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--background", action="store_true", help="yield the processor to everything else")


def add_settings(parser: argparse.ArgumentParser) -> None:
    base = parser.add_mutually_exclusive_group()
    base.add_argument(
        "--preset", choices=PRESETS, default=DEFAULT_PRESET, help=f"settings to start from (default {DEFAULT_PRESET})"
    )
    base.add_argument("--config", metavar="FILE", help="start from the config.json of another run instead")
    for kind in (TrainConfig, ModelConfig):
        for spec in options(kind):
            add_option(parser, kind, spec)


def settings(args: argparse.Namespace) -> Config:
    names = {spec.name for kind in (TrainConfig, ModelConfig) for spec in options(kind)}
    base = Config.load(Path(args.config).expanduser()) if args.config else preset(args.preset)
    return base.with_options(**{name: value for name, value in vars(args).items() if name in names})


def add_option(parser: argparse.ArgumentParser, kind: type, spec: Field) -> None:
    """One flag for one config field; absent from the result unless it is given, so that the preset decides."""
    plain, _ = field_type(kind, spec.name)
    flag = "--" + (spec.metadata["flag"] or spec.name).replace("_", "-")
    default = "" if spec.default is None else f" (default {spec.default})"
    common = {"dest": spec.name, "default": argparse.SUPPRESS, "help": spec.metadata["help"] + default}
    if plain is bool:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
    else:
        parser.add_argument(flag, type=plain, choices=spec.metadata["choices"], **common)


def add_model(parser: argparse.ArgumentParser, seeds: str, out: str) -> None:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--seeds", default=seeds, help=f"e.g. 0-63 or 1,5,9 (default {seeds})")
    parser.add_argument("--out", default=out, help=f"the file to write (default {out})")


def add_class(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--class", dest="label", metavar="NAME", help="only pictures of that class (default: any)")


def label_of(name: str | None, explorer: Explorer) -> int | None:
    """The place of a class among the model's. ValueError if it is none of them."""
    classes = explorer.config.model.classes
    if name is None:
        return None
    if name not in classes:
        known = f"it knows {', '.join(classes)}" if classes else "it knows no classes"
        raise ValueError(f"this model has no class '{name}': {known}")
    return classes.index(name)


def add_metrics(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--metrics",
        default="swd,diversity,memorisation",
        help="which to measure, of swd, diversity, memorisation, fid, kid, is, precision, recall "
        "(default swd,diversity,memorisation)",
    )
    parser.add_argument("--weights", metavar="FILE", help="torch-fidelity's Inception weights, for the last five")
    parser.add_argument("--fetch", action="store_true", help="download those weights, 91 MB, if they are not there")
    parser.add_argument("--nearest", metavar="FILE", help="write a picture of samples beside their training pictures")


def stop_on_signals() -> Callable[[], bool]:
    """SIGINT and SIGTERM ask for a stop at the next step; a second SIGINT interrupts at once."""
    asked = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: bool(asked)


def lower_priority() -> None:
    """So that sliders in the app stay smooth beside a training on the same processor; must come before any thread."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(19)
    # Linux may weigh whole sessions against each other, and a background training has one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


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


def say(as_json: bool, values: dict, sentence: str) -> None:
    print(json.dumps(values) if as_json else sentence, flush=True)


def complain(error: object, code: int, as_json: bool) -> int:
    if as_json:
        say(True, {"event": "error", "error": str(error), "code": code}, "")
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
