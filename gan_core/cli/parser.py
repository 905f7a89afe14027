"""The flags of every command; those of a training are the fields of its config."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import Field

from gan_core.cli import (
    bringing,
    checkup,
    commands,
    directions,
    films,
    inverting,
    listing,
    paper,
    publishing,
    renting,
    resuming,
    tracking,
)
from gan_core.config import DEFAULT_PRESET, PRESETS, TRACKERS, ModelConfig, TrainConfig, field_type, options

MODEL_HELP = "a name under checkpoints/, a directory or a file of weights, also one that others trained"
FILM_FILE = "the film to write: .mp4, .gif or .webp, or .png for a strip of its frames"


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m gan_core", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    doctor_ = add_command(
        subparsers, checkup.doctor, "look at pictures before a training: what is wrong, what would help"
    )
    doctor_.add_argument("--data", metavar="PATH", required=True, help=data_help())
    doctor_.add_argument("--data-root", metavar="DIR", help="folder that holds the files of mnist and the like")
    doctor_.add_argument("--labels", default="auto", help="auto, none or a column of labels.csv (default auto)")
    add_background(doctor_)

    train_ = add_command(subparsers, commands.train, "train a new run")
    # torchrun takes any --run for one of its own options.
    train_.add_argument(
        "--run", "--name", metavar="NAME|DIR", help="the new run's name under checkpoints/, or its directory"
    )
    add_settings(train_)
    add_renting(train_)
    follow_ = add_command(subparsers, renting.follow, "show here a run that trains on a rented machine")
    follow_.add_argument("run", metavar="RUN", help="a name under checkpoints/ or a run's directory")
    add_background(follow_)
    preflight_ = add_command(
        subparsers, commands.preflight, "try a training for 20 steps: its speed, its memory, its duration"
    )
    add_background(preflight_)
    add_settings(preflight_)

    resume_ = add_command(subparsers, resuming.resume, "go on with a run, exactly where it stopped")
    resume_.add_argument("model", metavar="RUN", help="a name under checkpoints/ or a run's directory")
    resume_.add_argument("--kimg", type=float, help="train that many thousand images more")
    resume_.add_argument("--minutes", type=float, help="train that many minutes more")
    resume_.add_argument(
        "--as-it-was",
        action="store_true",
        help="whatever has changed since, go on with the settings and pictures it had",
    )
    resume_.add_argument(
        "--fine-tune",
        nargs="?",
        const="",
        metavar="NAME",
        help="leave it as it is, and begin a new run of that name with its weights under the settings below",
    )
    add_background(resume_)
    add_renting(resume_)
    settings = resume_.add_argument_group("other settings", "these begin a new run, as --fine-tune does")
    for spec in resuming.OTHER_SETTINGS:
        add_option(settings, TrainConfig, spec, with_default=False)

    add_command(subparsers, listing.runs, "list the runs and models: state, progress, best distance, settings")

    track_ = add_command(subparsers, tracking.track, "write a run's metrics and samples into a tracker")
    track_.add_argument("run", metavar="RUN", help="a name under checkpoints/ or a run's directory")
    track_.add_argument("--tracker", required=True, choices=TRACKERS[1:], help="which, if it is installed")

    bring_ = add_command(subparsers, bringing.bring, "take a model from elsewhere into the list: a DCGAN of anybody's")
    add_source(bring_)

    sample_ = add_command(subparsers, commands.sample, "write a sheet of samples")
    add_model(sample_, seeds="0-63", out="grid.png")
    add_class(sample_)
    sample_.add_argument(
        "--rank",
        choices=("typical", "real", "different"),
        help="typical: what has most like it comes first, broken pictures last; real: what D takes for real; "
        "different: typical ones that differ most",
    )
    sample_.add_argument("--best", type=int, metavar="N", help="only the first N in that order (default: typical)")
    morph_ = add_command(subparsers, films.morph, "write a film that morphs from seed to seed and back")
    add_model(morph_, seeds="1,5,9", out="morph.mp4", made=FILM_FILE)
    add_class(morph_)
    add_film(morph_)
    morph_.add_argument("--easing", default="linear", help="linear, smooth, in, out or hold (default linear)")
    morph_.add_argument("--path", default="slerp", help="slerp: arcs; spline: a curve without corners (default slerp)")
    morph_.add_argument("--open", action="store_true", help="end on the last seed, and not on the first")
    learned_ = add_command(subparsers, films.learned, "write a film of how a run learned to draw some seeds")
    add_model(learned_, seeds="0-8", out="learned.mp4", made=FILM_FILE)
    add_class(learned_)
    add_film(learned_)
    learned_.add_argument("--hold", action="store_true", help="show one snapshot after the other, without fading")
    learned_.add_argument("--words", action="store_true", help="write the images seen into the corner")
    invert_ = add_command(
        subparsers, inverting.invert, "find the model's nearest picture to a photo, or mend the photo"
    )
    add_photo(invert_)
    evaluate_ = add_command(
        subparsers, commands.evaluate, "measure how good, diverse and original a model's samples are"
    )
    evaluate_.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    evaluate_.add_argument("--data", metavar="PATH", required=True, help="the pictures to measure against")
    evaluate_.add_argument("--data-root", metavar="DIR", help="folder that holds the files of mnist and the like")
    evaluate_.add_argument("--n", type=int, default=2048, help="how many samples to measure (default 2048)")
    add_metrics(evaluate_)
    directions_ = add_command(
        subparsers,
        directions.directions,
        "list a model's directions; learn them from labelled pictures and measure them",
    )
    add_directions(directions_)
    paper_ = add_command(subparsers, paper.paper, "make the figures of the DCGAN paper with a model, as a report")
    paper_.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    paper_.add_argument(
        "--figures",
        metavar="LIST",
        help="which, of walk, arithmetic, turn, filters, features, drop and, with --labels, classify (default: all)",
    )
    paper_.add_argument("--labels", metavar="DATA", help="labelled pictures for classify: a path, or mnist and such")
    paper_.add_argument("--data-root", metavar="DIR", help="folder that holds the files of mnist and the like")
    paper_.add_argument("--out", required=True, metavar="DIR", help="the folder to write report.html and pictures into")
    augment_ = add_command(subparsers, commands.augment, "write a labelled set of generated pictures")
    augment_.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    augment_.add_argument("--per-class", type=int, required=True, metavar="N", help="pictures of each class")
    augment_.add_argument("--out", required=True, metavar="DIR", help="a new folder")
    augment_.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    publish_ = add_command(subparsers, publishing.publish, "publish a run on Hugging Face, or show what would go up")
    add_publishing(publish_)
    return parser


def add_command(subparsers, function: Callable, help: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(function.__name__, help=help, description=help)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, for programs")
    parser.set_defaults(command=function)
    return parser


def data_help() -> str:
    return next(spec.metadata["help"] for spec in options(TrainConfig) if spec.name == "data")


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


def add_renting(parser: argparse.ArgumentParser) -> None:
    rented = parser.add_argument_group("a rented machine", "the same training, on Hugging Face Jobs")
    rented.add_argument("--hf-job", metavar="FLAVOR", help="train there on such a machine, e.g. a10g-small")
    rented.add_argument(
        "--hf-hours", type=float, metavar="H", help="the job ends by then (default: as the goal needs, or 3)"
    )
    rented.add_argument("--hf-repo", metavar="REPO", help="private repo that keeps the run (default dcgan-studio-runs)")
    rented.add_argument("--yes", action="store_true", help="start it without asking again what it may cost")


def add_option(parser: argparse.ArgumentParser, kind: type, spec: Field, with_default: bool = True) -> None:
    """One flag for one config field; absent from the result unless it is given, so that the preset decides."""
    plain, _ = field_type(kind, spec.name)
    flag = "--" + (spec.metadata["flag"] or spec.name).replace("_", "-")
    default = "" if spec.default is None or not with_default else f" (default {spec.default})"
    common = {"dest": spec.name, "default": argparse.SUPPRESS, "help": spec.metadata["help"] + default}
    if plain is bool:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
    else:
        parser.add_argument(flag, type=plain, choices=spec.metadata["choices"], **common)


def add_model(parser: argparse.ArgumentParser, seeds: str, out: str, made: str = "the file to write") -> None:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--seeds", default=seeds, help=f"e.g. 0-63 or 1,5,9 (default {seeds})")
    parser.add_argument("--out", default=out, help=f"{made} (default {out})")


def add_film(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the film (default 6)")
    parser.add_argument("--fps", type=int, default=30, help="frames a second (default 30)")
    parser.add_argument("--pixels", type=int, default=256, help="side of a frame, in pixels (default 256)")
    parser.add_argument("--frames", type=int, default=8, help="frames of a strip (default 8)")
    parser.add_argument("--columns", type=int, help="columns of a strip (default: all frames in one row)")


def add_class(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--class", dest="label", metavar="NAME", help="only pictures of that class (default: any)")


def add_directions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument(
        "--labels",
        metavar="PATH",
        help="labelled pictures: with folders or a labels.csv, or 'drawn' for the factors of the drawn faces",
    )
    parser.add_argument("--data-root", metavar="DIR", help="folder that holds the files of mnist and the like")
    parser.add_argument(
        "--factor",
        action="append",
        metavar="NAME[=VALUE]",
        help="learn only this column of labels.csv, or this value of it; may be given several times",
    )
    parser.add_argument(
        "--keep-apart",
        action="store_true",
        help="take from each learned direction its part along those of other factors",
    )
    parser.add_argument("--save", action="store_true", help="keep them with the model, in its directions.json")


def add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="SOURCE", help="a file of weights, a folder, owner/name on the Hub or the address of its page"
    )
    parser.add_argument("--name", help="what to call it (default: as its file or repo is called)")
    parser.add_argument("--discriminator", metavar="FILE", help="its discriminator, if that lies in another file")
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit of the repo (default: its newest)")


def add_photo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("photo", metavar="PHOTO", help="a picture, of which the middle square is looked at")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--mask", metavar="FILE", help="a picture, white where the photo has a hole to fill")
    what.add_argument(
        "--enlarge",
        nargs="?",
        type=int,
        const=0,
        metavar="SIDE",
        help="the photo is small: SIDE pixels (default: as many as it has, but at most a quarter of the model's)",
    )
    what.add_argument("--denoise", action="store_true", help="the photo is noisy")
    parser.add_argument("--starts", type=int, help="how many random pictures to start from (default 8)")
    parser.add_argument("--steps", type=int, help="how many steps to take from them all (default 80)")
    parser.add_argument("--seed", type=int, default=0, help="of those random pictures (default 0)")
    parser.add_argument("--out", default="found.png", help="the panel photo | found | result (default found.png)")
    add_class(parser)


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


def add_publishing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a name under checkpoints/ or a run's directory")
    parser.add_argument("repo", metavar="REPO", help="owner/name on Hugging Face, or a name alone under your own")
    parser.add_argument(
        "--as",
        dest="kind",
        choices=("static", "model", "space"),
        default="static",
        help="static: a page that draws in the visitor's own browser, free (default); model: the weights with a card, "
        "for everybody to load; space: this app with that model, for accounts with a paid plan",
    )
    parser.add_argument("--private", action="store_true", help="nobody but you sees it")
    parser.add_argument("--preview", action="store_true", help="send nothing: print files, sizes and the card")
    parser.add_argument("--out", metavar="DIR", help="send nothing: write the files into a new folder")
    parser.add_argument("--token-from", metavar="VARIABLE", help="the environment variable that holds the token")
    parser.add_argument(
        "--newest",
        action="store_true",
        help="the newest generator (default: the best that was measured, if it was kept)",
    )
    parser.add_argument(
        "--terms", metavar="TEXT", help="the terms of your pictures, which are kept with the run; “” forgets them"
    )
    parser.add_argument("--model", metavar="REPO", help="of a page or space: where the model itself was published")
    parser.add_argument("--hardware", default="cpu-basic", help="of a space: e.g. zero-a10g (default cpu-basic)")
