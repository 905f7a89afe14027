"""The Morph tool: a timeline of pictures as a film, and how a point looked while the model learned."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gan_core.latent import Explorer, Point
from gan_core.latent.learning import MOST_POINTS, Learning
from gan_core.latent.timeline import EASINGS, WAYS, Piece, Timeline
from gan_core.words import pictures
from ui.answers import answers
from ui.explore import work
from ui.explore.films import order, written
from ui.explore.opened import NEWEST, explorer_of, key_of, run_of
from ui.explore.wishes import choice, items, number, point, points, to_json, whole

MOST_KEYS = 24
SHORTEST, LONGEST = 0.1, 60.0
MOST_IMAGES = 10**12


@answers
def morph_moment(request: dict) -> dict:
    """The point at t of a timeline, so that one can stay there."""
    explorer = explorer_of(request.get("key"))
    return {"point": to_json(Point(z=tuple(timeline(request, explorer).at(moment(request)).tolist())))}


@answers
def morph_film(request: dict) -> dict:
    """Begin to write a timeline as a file: kind, size, fps, or frames and columns of a strip."""
    explorer = explorer_of(request.get("key"))
    path = timeline(request, explorer)
    wanted = order(request, path.seconds)
    return work.begin(lambda report: written(wanted, explorer.frames(path, wanted.num_frames), report))


@answers
def learned_stages(request: dict) -> dict:
    """The stages of the model's training that are kept: the images seen, and in words; none without snapshots."""
    try:
        seen = learning(request.get("key")).seen
    except ValueError:
        seen = []
    return {"seen": seen, "words": [pictures(each) for each in seen]}


@answers
def learned_film(request: dict) -> dict:
    """Begin to write how points looked from the first stage to the newest weights: seconds, fade, words, and a file."""
    explorer, stages = explorer_of(request.get("key")), learning(request.get("key"))
    keys = explorer.keys(points(request.get("points"), explorer, MOST_POINTS))
    wanted = order(request, number(request.get("seconds"), SHORTEST, LONGEST))
    fade, words = request.get("fade") is not False, request.get("words") is True
    frames = stages.frames(keys, wanted.num_frames, fade=fade, size=wanted.size, words=words)
    return work.begin(lambda report: written(wanted, frames, report))


def at_moment(key: object, view: dict) -> np.ndarray:
    """The picture [H, W, C] at t of a timeline."""
    explorer = explorer_of(key)
    return explorer.render_z(timeline(view, explorer).at(moment(view))[None])[0]


def as_learned(key: object, view: dict) -> np.ndarray:
    """The picture [H, W, C] of a point as of the stage nearest to so many images seen."""
    explorer = explorer_of(key)
    keys = explorer.keys([point(view.get("at"), explorer)])
    return learning(key).render(keys, whole(view["stage"], 0, MOST_IMAGES))[0]


def timeline(value: dict, explorer: Explorer) -> Timeline:
    """keys = [{point, seconds, easing}], closed, way. ValueError without keys."""
    keys = [each for each in items(value.get("keys"), MOST_KEYS) if isinstance(each, dict)]
    if not keys:
        raise ValueError("Add a picture to the timeline first.")
    found = [point(each.get("point"), explorer) for each in keys]
    way = choice(value.get("way", WAYS[0]), WAYS, "path")
    return explorer.timeline(found, [piece(each) for each in keys], closed=value.get("closed") is not False, way=way)


def piece(key: dict) -> Piece:
    return Piece(
        number(key.get("seconds", 1.0), SHORTEST, LONGEST), choice(key.get("easing", "linear"), EASINGS, "easing")
    )


def moment(value: dict) -> float:
    return number(value.get("t"), 0, 1)


def learning(key: object) -> Learning:
    return learning_of(key_of(run_of(key), NEWEST))


@lru_cache(maxsize=2)
def learning_of(key: str) -> Learning:
    """The stages up to these weights, the newest of their run."""
    return Learning(run_of(key).snapshots(), explorer_of(key))
