"""What the Explore page asks for: models, pictures and films. The server keeps no session."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from gan_core import pixels
from gan_core.home import home
from gan_core.latent import Explorer, Point
from gan_core.latent.directions import SLIDER_RANGE
from gan_core.latent.film import write_film
from gan_core.runs import library
from gan_core.runs.run_dir import RunDir
from gan_core.words import kimg
from ui import copies
from ui.answers import answers, data_uri

OPEN_MODELS = 4
MAX_SEED = 2**31 - 1
MAX_FACES = 64
MAX_AMOUNTS = 64
FILM = {"mp4": {"fps": 30, "size": 512, "type": "video/mp4"}, "gif": {"fps": 20, "size": 256, "type": "image/gif"}}
FILM_SECONDS = 3
BEST, NEWEST = "best", "newest"

_open: OrderedDict[str, Explorer] = OrderedDict()
_opening: dict[str, Future[Explorer]] = {}
_lock = threading.Lock()


@answers
def models(_request: dict) -> dict:
    """Every model there is to explore, the most recently trained first."""
    return {"models": [about(run) for run in with_models()]}


@answers
def open_model(request: dict) -> dict:
    """Load a model as it is on disk now, by default the first to show; its key names these weights from here on."""
    run = library.named_run(request["model"]) if "model" in request else first_model()
    found = about(run)
    which = request.get("which")
    which = which if isinstance(which, str) and which in found["keys"] else found["which"]
    explorer, data = explorer_of(found["keys"][which]), run.data()
    return found | {
        "key": found["keys"][which],
        "which": which,
        "size": explorer.config.model.image_size,
        "classes": list(explorer.config.model.classes),
        "seen": kimg(explorer.nimg),
        "data": data.get("name", ""),
        "terms": data.get("terms", ""),
        "comparable": copies.pictures_of(run, explorer.config.model) is not None,
    }


@answers
def directions(request: dict) -> dict:
    """The names of the principal directions and the share of the variance that each explains."""
    found = explorer_of(request.get("key")).directions
    explained = [float(share) for share in found.explained]
    return {"names": list(found.names), "explained": explained, "range": SLIDER_RANGE}


@answers
def face(request: dict) -> dict:
    """The picture of one view: {at: point} or {a: point, b: point, t}, point = {seed, amounts, label}."""
    image = picture(explorer_of(request.get("key")), request.get("view"))
    return {"image": data_uri(pixels.jpeg(image, quality=92), "image/jpeg")}


@answers
def nearest(request: dict) -> dict:
    """The training pictures nearest to a view, and how near: 1 is as far as they are from each other, 0 a copy."""
    explorer, run = explorer_of(request.get("key")), run_of(request.get("key"))
    store = copies.pictures_of(run, explorer.config.model)
    if store is None:
        raise ValueError("The pictures that this model was trained on are no longer here.")
    found = copies.closest(picture(explorer, request.get("view")), store, explorer.config.train.flip)
    images = [{"image": data_uri(pixels.jpeg(image), "image/jpeg"), "ratio": ratio} for image, ratio in found]
    return {"near": images, "copy": found[0][1] < copies.COPY, "count": len(store.images)}


@answers
def faces(request: dict) -> dict:
    """One small picture for each point, at most 64."""
    explorer = explorer_of(request.get("key"))
    points = [point(value, classes_of(explorer)) for value in items(request.get("points"), MAX_FACES)]
    if not points:
        return {"images": []}
    return {"images": [data_uri(pixels.jpeg(image), "image/jpeg") for image in explorer.render(points)]}


@answers
def film(request: dict) -> dict:
    """A morph from face a to face b and back, as a file to download."""
    kind = str(request.get("kind"))
    if kind not in FILM:
        raise ValueError("a film is an mp4 or a gif")
    explorer = explorer_of(request.get("key"))
    settings = FILM[kind]
    ends = [point(request.get(end), classes_of(explorer)) for end in "ab"]
    frames = explorer.frames(ends, settings["fps"] * FILM_SECONDS, ease=True)
    folder = home() / ".cache"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / f"morph.{kind}"
        write_film(path, frames, fps=settings["fps"], size=settings["size"])
        return {"file": data_uri(path.read_bytes(), settings["type"]), "name": f"morph.{kind}"}


def with_models() -> list[RunDir]:
    return [run for run in library.runs() if run.generator.exists()]


def first_model() -> RunDir:
    """The shipped model, else the newest that is finished, else the newest."""
    runs = with_models()
    if not runs:
        raise ValueError("There is no model yet: train one, and it appears here after a few seconds.")
    return min(runs, key=lambda run: (run.name != library.SHIPPED, run.status().active))


def about(run: RunDir) -> dict:
    """A model's name, the key of each of its weights, and `which` of them to show unless somebody chooses.

    While it trains that is the newest, so that one sees it learn.
    """
    training = run.status().active
    keys = {BEST: key_of(run, BEST)} if run.best.exists() else {}
    keys[NEWEST] = key_of(run, NEWEST)
    which = NEWEST if training else next(iter(keys))
    return {"name": run.name, "keys": keys, "which": which, "training": training}


def key_of(run: RunDir, which: str) -> str:
    """Names a model's weights as they are now: a training model gets new ones at every tick."""
    return f"{run.name}@{which}@{model_file(run, which).stat().st_mtime_ns}"


def model_file(run: RunDir, which: str) -> Path:
    return library.find_model(str(run.path), newest=which == NEWEST)


def run_of(key: object) -> RunDir:
    return library.named_run(str(key or "").partition("@")[0])


def explorer_of(key: object) -> Explorer:
    """The opened model; one that was closed meanwhile, or belongs to an earlier start of the app, is opened anew."""
    key = str(key or "")
    with _lock:
        if key in _open:
            _open.move_to_end(key)
            return _open[key]
        opening = _opening.setdefault(key, mine := Future())
    if opening is mine:
        load(key, opening)
    return opening.result()


def load(key: str, opening: Future[Explorer]) -> None:
    """Open a model outside the lock: only who wants this one waits for it."""
    try:
        opening.set_result(Explorer.load(model_file(run_of(key), key.partition("@")[2].partition("@")[0])))
    except BaseException as error:
        opening.set_exception(error)
    with _lock:
        del _opening[key]
        if not opening.exception():
            _open[key] = opening.result()
            while len(_open) > OPEN_MODELS:
                _open.popitem(last=False)


def picture(explorer: Explorer, view: object) -> np.ndarray:
    """The image of a view, uint8 [H, W, C]: at one point, or at t on the way from a to b."""
    view, num_classes = view if isinstance(view, dict) else {}, classes_of(explorer)
    if "t" not in view:
        return explorer.render([point(view.get("at"), num_classes)])[0]
    a, b = (point(view.get(end), num_classes) for end in "ab")
    return explorer.morph(a, b, number(view["t"], 0, 1))


def classes_of(explorer: Explorer) -> int:
    return len(explorer.config.model.classes)


def point(value: object, num_classes: int = 0) -> Point:
    """A point from the page, with every number clamped; only models that know classes are asked for one."""
    value = value if isinstance(value, dict) else {}
    amounts = tuple(number(amount, -SLIDER_RANGE, SLIDER_RANGE) for amount in items(value.get("amounts"), MAX_AMOUNTS))
    label = value.get("label") if num_classes else None
    label = None if label is None else int(number(label, 0, num_classes - 1))
    return Point(int(number(value.get("seed"), 0, MAX_SEED)), amounts, label)


def items(value: object, most: int) -> list:
    return value[:most] if isinstance(value, list) else []


def number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return max(low, 0.0)
    return min(max(float(value), low), high)
