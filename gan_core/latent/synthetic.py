"""A labelled set of generated pictures, for whoever trains a classifier on too few real ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from gan_core import pixels
from gan_core.config import require
from gan_core.latent.explorer import Explorer, Point

AT_ONCE = 64
MOST = 1_000_000


def write_set(
    explorer: Explorer, out: Path, per_class: int, first_seed: int = 0, report: Callable[[float], None] | None = None
) -> int:
    """Write `per_class` pictures of every class as PNG, a folder a class, and labels.csv; returns how many there are.

    Seed first_seed + i makes picture i of every class. `report` hears the share done. ValueError for a model without
    classes, a folder that is not empty, or a senseless number.
    """
    classes = explorer.config.model.classes
    require(bool(classes), "this model knows no classes: train one on labelled pictures first")
    require(1 <= per_class <= MOST // len(classes), f"the set must hold from 1 to {MOST:,} pictures")
    require(not out.exists() or (out.is_dir() and not any(out.iterdir())), f"{out} is not empty: choose a new folder")
    rows = []
    for label, (name, folder) in enumerate(zip(classes, folder_names(classes), strict=True)):
        (out / folder).mkdir(parents=True)
        for start in range(0, per_class, AT_ONCE):
            seeds = range(first_seed + start, first_seed + min(start + AT_ONCE, per_class))
            images = explorer.render_many([Point(seed, label=label) for seed in seeds])
            for seed, image in zip(seeds, images, strict=True):
                rows.append((f"{folder}/{seed:06d}.png", name))
                pixels.to_pil(image).save(out / rows[-1][0])
            if report:
                report(len(rows) / (per_class * len(classes)))
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
    return len(rows)


def folder_names(classes: tuple[str, ...]) -> list[str]:
    """A name for each class's folder that any disk can hold."""
    plain = [re.sub(r"[^\w -]+", "-", name).strip(" -") or "class" for name in classes]
    alike = len({name.lower() for name in plain}) < len(plain)
    return [f"{i:03d} {name}" for i, name in enumerate(plain)] if alike else plain
