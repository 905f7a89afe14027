"""The commands that write films."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.bringing import explorer_of
from gan_core.cli.commands import DONE, label_of, writable
from gan_core.cli.console import Bar, say

if TYPE_CHECKING:
    import numpy as np

    from gan_core.latent import Point


def morph(args: argparse.Namespace) -> int:
    from gan_core.latent.timeline import Piece

    out, num_frames = film_file(args)
    explorer = explorer_of(args.model)
    points = points_of(args, label_of(args.label, explorer))
    if len(points) < 2:
        raise ValueError("a morph needs at least two seeds, e.g. --seeds 1,5")
    seconds = args.seconds / (len(points) - args.open)
    timeline = explorer.timeline(points, [Piece(seconds, args.easing)], closed=not args.open, way=args.path)
    return write(args, out, explorer.frames(timeline, num_frames), num_frames)


def learned(args: argparse.Namespace) -> int:
    from gan_core.latent import Explorer
    from gan_core.latent.learning import Learning
    from gan_core.runs.library import find_model, find_run

    out, num_frames = film_file(args)
    run = find_run(args.model)
    learning = Learning(run.snapshots(), Explorer.load(find_model(str(run.path), newest=True)))
    keys = learning.newest.keys(points_of(args, label_of(args.label, learning.newest)))
    frames = learning.frames(keys, num_frames, fade=not args.hold, size=args.pixels, words=args.words)
    return write(args, out, frames, num_frames)


def film_file(args: argparse.Namespace) -> tuple[Path, int]:
    """Where the film goes and how many frames it has. ValueError, before the work is done, for what cannot be."""
    from gan_core.latent.film import check_film, check_size

    out = writable(args.out)
    if not 0 < args.seconds <= 600:
        raise ValueError("a film lasts up to 600 seconds")
    if out.suffix.lower() == ".png":
        check_size(args.pixels)
        if not 1 <= args.frames <= 256:
            raise ValueError("a strip has 1 to 256 frames")
        return out, args.frames
    num_frames = max(round(args.seconds * args.fps), 1)
    check_film(out, args.fps, args.pixels, num_frames)
    return out, num_frames


def write(args: argparse.Namespace, out: Path, frames: Iterator[np.ndarray], num_frames: int) -> int:
    from gan_core.latent.film import write_film, write_strip

    bar = Bar(args.json)

    def told(done: int) -> None:
        bar("drawing", done / num_frames)

    if out.suffix.lower() == ".png":
        write_strip(out, frames, args.pixels, args.columns, told)
    else:
        write_film(out, frames, args.fps, args.pixels, told)
    say(args.json, {"out": str(out), "frames": num_frames}, f"wrote {out}: {num_frames} frames")
    return DONE


def points_of(args: argparse.Namespace, label: int | None) -> list[Point]:
    from gan_core.latent import Point, parse_seeds

    return [Point(seed, label=label) for seed in parse_seeds(args.seeds)]
