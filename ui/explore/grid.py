"""The Grid tool: hundreds of seeds as a few sheets, orders to show them in, and files of them to keep."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from gan_core import pixels
from gan_core.latent import Explorer, Point
from gan_core.latent.ranking import ORDERS, judge_of, look, order
from ui.answers import answers, data_uri
from ui.explore import work
from ui.explore.opened import explorer_of, run_of
from ui.explore.wishes import MAX_SEED, items, number, whole

SHEET, COLUMNS = 64, 8
MOST = 1024
AT_ONCE = 32
# Browsers enlarge and reduce tiles; larger ones would only take longer to arrive.
LARGEST_TILE = 128
LARGEST_SHEET = 6144
LARGEST_FILE = 40_000_000


@answers
def grid_sheet(request: dict) -> dict:
    """The pictures of 64 seeds from `first` on, of one class or any, as one JPEG of 8 by 8.

    `zoom` is how much wider the sheet is than a picture; the gaps let every picture begin with a block of the JPEG.
    """
    explorer = explorer_of(request.get("key"))
    images = explorer.render(seeds_from(request, SHEET, explorer))
    side = images.shape[1]
    sheet = pixels.sheet(images, COLUMNS, gap=-side % 8)
    smaller = np.atleast_3d(pixels.to_pil(sheet).reduce(max(side // LARGEST_TILE, 1)))
    return {"image": data_uri(pixels.jpeg(smaller), "image/jpeg"), "zoom": sheet.shape[1] / side}


@answers
def grid_orders(request: dict) -> dict:
    """Begin to look at `count` seeds from `first` on; the result has their places in every order there is."""
    explorer, run = explorer_of(request.get("key")), run_of(request.get("key"))
    points = seeds_from(request, whole(request.get("count"), 1, MOST), explorer)

    def rank(report: work.Work) -> dict:
        D = judge_of(run.discriminator, explorer.config.model)
        looks = look(explorer, points, D, lambda share: report(share, "looking at them"))
        known = [name for name in ORDERS if name != "real" or D]
        return {"orders": {name: order(name, looks).tolist() for name in known}}

    return work.begin(rank)


@answers
def grid_file(request: dict) -> dict:
    """Begin to write the given seeds, in their order, as a sheet (kind "png") or as files of their own ("zip")."""
    explorer = explorer_of(request.get("key"))
    label = label_of(request, explorer)
    points = [Point(whole(seed, 0, MAX_SEED), label=label) for seed in items(request.get("seeds"), MOST)]
    if not points:
        raise ValueError("Choose at least one picture.")
    return work.begin(partial(zipped if request.get("kind") == "zip" else as_sheet, explorer, points))


def as_sheet(explorer: Explorer, points: Sequence[Point], report: work.Work) -> dict:
    sheet = pixels.sheet(np.concatenate(list(drawn(explorer, points, report))))
    picture, buffer = pixels.to_pil(sheet), io.BytesIO()
    picture.thumbnail((LARGEST_SHEET, LARGEST_SHEET))
    picture.save(buffer, "PNG")
    return download(buffer.getvalue(), "image/png", f"{len(points)}-pictures.png")


def zipped(explorer: Explorer, points: Sequence[Point], report: work.Work) -> dict:
    """PNG files named by their seeds, and points.json."""
    buffer, waiting = io.BytesIO(), iter(points)
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("points.json", json.dumps(listed(explorer, points), indent=2))
        for images in drawn(explorer, points, report):
            for image in images:
                content = io.BytesIO()
                pixels.to_pil(image).save(content, "PNG")
                file.writestr(f"seed-{next(waiting).seed:010d}.png", content.getvalue())
            check_size(buffer.tell())
    return download(buffer.getvalue(), "application/zip", f"{len(points)}-pictures.zip")


def drawn(explorer: Explorer, points: Sequence[Point], report: work.Work) -> Iterator[np.ndarray]:
    """The pictures uint8 [N, H, W, C], some at a time."""
    for start in range(0, len(points), AT_ONCE):
        report(start / len(points), f"{start} of {len(points)} pictures")
        yield explorer.render_many(points[start : start + AT_ONCE])


def listed(explorer: Explorer, points: Sequence[Point]) -> list[dict]:
    classes = explorer.config.model.classes
    if not classes:
        return [{"seed": point.seed} for point in points]
    weights = explorer.keys(points)[:, explorer.config.model.latent_dim :]
    return [{"seed": p.seed, "class": classes[label]} for p, label in zip(points, weights.argmax(1), strict=True)]


def download(content: bytes, media_type: str, name: str) -> dict:
    check_size(len(content))
    return {"file": data_uri(content, media_type), "name": name}


def check_size(size: int) -> None:
    if size > LARGEST_FILE:
        raise ValueError(f"These pictures are more than {LARGEST_FILE // 10**6} MB together: choose fewer of them.")


def seeds_from(request: dict, count: int, explorer: Explorer) -> list[Point]:
    first, label = whole(request.get("first"), 0, MAX_SEED), label_of(request, explorer)
    return [Point((first + i) % (MAX_SEED + 1), label=label) for i in range(count)]


def label_of(request: dict, explorer: Explorer) -> int | None:
    """The place of the class that is wanted; None for any, and for a model that knows none."""
    label, num_classes = request.get("label"), len(explorer.config.model.classes)
    return int(number(label, 0, num_classes - 1)) if num_classes and label is not None else None
