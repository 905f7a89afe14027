"""The Arithmetic tool: mean(a) - mean(b) + mean(c) of pictures that somebody picked."""

from __future__ import annotations

import io

import numpy as np

from gan_core import pixels
from gan_core.latent import Explorer, Point
from gan_core.latent.arithmetic import NOISE, Sum
from ui.answers import answers, data_uri
from ui.explore.opened import explorer_of
from ui.explore.wishes import items, number, points, to_json

NUM_GROUPS, MOST_EXEMPLARS = 3, 3
MOST_NOISE = 1.0
LONGEST_NAME = 40


@answers
def arithmetic(request: dict) -> dict:
    """The picture of each group's mean, null for an empty one, and the result amid its 8 neighbours, row by row.

    groups = [[points], [points], [points]], {noise, shell}. Without anything to add there is no result.
    """
    explorer = explorer_of(request.get("key"))
    total = asked(request, explorer)
    means = [mean if mean is None else shown(explorer, mean[None])[0] for mean in total.means()]
    if not (len(total.groups[0]) or len(total.groups[2])):
        return {"means": means, "images": [], "points": []}
    around = total.around()
    return {"means": means, "images": shown(explorer, around), "points": [to_json(point_at(key)) for key in around]}


@answers
def arithmetic_figure(request: dict) -> dict:
    """The paper's figure of these groups as a PNG; names = three titles."""
    names = [str(name or "")[:LONGEST_NAME] for name in items(request.get("names"), NUM_GROUPS)]
    names += [""] * (NUM_GROUPS - len(names))
    buffer = io.BytesIO()
    asked(request, explorer_of(request.get("key"))).figure(names).save(buffer, "PNG")
    return {"file": data_uri(buffer.getvalue(), "image/png"), "name": "arithmetic.png"}


def asked(request: dict, explorer: Explorer) -> Sum:
    groups = [points(group, explorer, MOST_EXEMPLARS) for group in items(request.get("groups"), NUM_GROUPS)]
    groups += [[]] * (NUM_GROUPS - len(groups))
    noise = number(request.get("noise", NOISE), 0, MOST_NOISE)
    return Sum(explorer, groups, noise, request.get("shell") is not False)


def point_at(key: np.ndarray) -> Point:
    return Point(z=tuple(key.tolist()))


def shown(explorer: Explorer, keys: np.ndarray) -> list[str]:
    return [data_uri(pixels.jpeg(image), "image/jpeg") for image in explorer.render_z(keys)]
