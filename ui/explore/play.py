"""The Play tool: pictures of points and of the ways between them, directions, and the training pictures nearby."""

from __future__ import annotations

import numpy as np

from gan_core import pixels
from gan_core.latent import places
from gan_core.latent.directions import SLIDER_RANGE
from ui import copies
from ui.answers import answers, data_uri
from ui.explore.morph import as_learned, at_moment
from ui.explore.opened import explorer_of, run_of
from ui.explore.wishes import number, point, points, to_json

MAX_FACES = 64


@answers
def directions(request: dict) -> dict:
    """Every direction of the model: id, kind, name, share of the variance explained, hidden, measured."""
    found = explorer_of(request.get("key")).directions
    about = ("id", "kind", "name", "explained", "hidden", "measured")
    return {
        "directions": [{name: getattr(each, name) for name in about} for each in found.values()],
        "range": SLIDER_RANGE,
    }


@answers
def face(request: dict) -> dict:
    """The picture of one view, as `picture` knows them."""
    image = picture(request.get("key"), request.get("view"))
    return {"image": data_uri(pixels.jpeg(image, quality=92), "image/jpeg")}


@answers
def nearest(request: dict) -> dict:
    """The training pictures nearest to a view, and how near: 1 is as far as they are from each other, 0 a copy."""
    explorer, run = explorer_of(request.get("key")), run_of(request.get("key"))
    store = copies.pictures_of(run, explorer.config.model)
    if store is None:
        raise ValueError("The pictures that this model was trained on are no longer here.")
    found = copies.closest(picture(request.get("key"), request.get("view")), store, explorer.config.train.flip)
    images = [{"image": data_uri(pixels.jpeg(image), "image/jpeg"), "ratio": ratio} for image, ratio in found]
    return {"near": images, "copy": found[0][1] < copies.COPY, "count": len(store.images)}


@answers
def faces(request: dict) -> dict:
    """One small picture for each point, at most 64."""
    explorer = explorer_of(request.get("key"))
    wanted = points(request.get("points"), explorer, MAX_FACES)
    if not wanted:
        return {"images": []}
    return {"images": [data_uri(pixels.jpeg(image), "image/jpeg") for image in explorer.render(wanted)]}


@answers
def between(request: dict) -> dict:
    """The point at t on the way from a to b, so that one can stay there."""
    explorer = explorer_of(request.get("key"))
    a, b = (point(request.get(end), explorer) for end in "ab")
    return {"point": to_json(places.between(explorer, a, b, number(request.get("t"), 0, 1)))}


@answers
def nearby(request: dict) -> dict:
    """Some points around one, and their small pictures."""
    explorer = explorer_of(request.get("key"))
    around = places.nearby(explorer, point(request.get("point"), explorer))
    images = [data_uri(pixels.jpeg(image), "image/jpeg") for image in explorer.render(around)]
    return {"points": [to_json(each) for each in around], "images": images}


def picture(key: object, view: object) -> np.ndarray:
    """The image of a view, uint8 [H, W, C].

    {at: point} with point = {seed, moves, label, z}, {at: point, stage} as of an earlier stage of the training, or
    {keys, closed, way, t} at a moment of a timeline.
    """
    view = view if isinstance(view, dict) else {}
    if "keys" in view:
        return at_moment(key, view)
    if "stage" in view:
        return as_learned(key, view)
    explorer = explorer_of(key)
    return explorer.render([point(view.get("at"), explorer)])[0]
