"""The models that visitors have open. The server keeps no session: a key names weights, whoever asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path

from gan_core.latent import Explorer
from gan_core.runs import library
from gan_core.runs.run_dir import RunDir
from gan_core.words import pictures
from ui import copies
from ui.answers import answers

OPEN_MODELS = 4
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
        "latentDim": explorer.config.model.latent_dim,
        "classes": list(explorer.config.model.classes),
        "seen": pictures(explorer.nimg) if explorer.nimg else "",
        "data": data.get("name", ""),
        "terms": run.terms(),
        "origin": data.get("origin", ""),
        "comparable": copies.pictures_of(run, explorer.config.model) is not None,
    }


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


def forget_directions(key: object) -> None:
    """Have every opened model of that run look its saved directions up again."""
    name = str(key or "").partition("@")[0]
    with _lock:
        opened = [explorer for each, explorer in _open.items() if each.partition("@")[0] == name]
    for explorer in opened:
        explorer.forget_directions()
