"""The command that takes a model from elsewhere into the library, and what the others make of such a model's file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.console import Bar, say

if TYPE_CHECKING:
    from gan_core.latent import Explorer


def bring(args: argparse.Namespace) -> int:
    from gan_core.hub.bring import bring

    bar = Bar(args.json)
    discriminator = Path(args.discriminator).expanduser() if args.discriminator else None
    if discriminator and not discriminator.is_file():
        raise ValueError(f"there is no file {args.discriminator}")
    run = bring(
        args.source,
        args.name,
        discriminator,
        args.revision,
        lambda done, total: bar("downloading", done / max(total, 1)),
    )
    model, note = run.config().model, run.status().message
    values = {"run": str(run.path), "name": run.name, "size": model.image_size, "latent_dim": model.latent_dim}
    words = f"{run.name} is in {run.path}: {model.image_size} px, z of {model.latent_dim}"
    say(args.json, values | {"note": note}, f"{words}; {note}" if note else words)
    return 0


def explorer_of(model: str) -> Explorer:
    """The explorer of a model by its name, folder or file, which may hold other people's weights."""
    from gan_core.hub.model import open_path
    from gan_core.runs.library import find_model

    return open_path(find_model(model)).explorer()
