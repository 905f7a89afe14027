"""A model from elsewhere taken into the library: a run of its own, which shows in every list like one's own."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from gan_core import pixels
from gan_core.config import require
from gan_core.download import OnProgress
from gan_core.files import read_json, write_json
from gan_core.home import checkpoints, model_roots
from gan_core.hub.model import DATA, Model, find
from gan_core.latent import Point
from gan_core.runs import disk
from gan_core.runs.checkpoint import save_discriminator, save_generator
from gan_core.runs.library import candidates, named_run_path
from gan_core.runs.run_dir import RunDir, Status

SAMPLES, COLUMNS = 64, 8
SMALL_CHANGE = 10**6  # bytes that settings and a sheet of samples take


def bring(
    source: str,
    name: str | None = None,
    discriminator: Path | None = None,
    revision: str | None = None,
    on_download: OnProgress | None = None,
) -> RunDir:
    """A new run with the model that a path, "owner/name" on the Hub or an address stands for.

    Its name is `name`, which must be free, or one made of the source's. `on_download(done, total)` counts bytes and
    may raise to cancel. ValueError with the reason if there is no such model or it cannot be opened.
    """
    path = named_run_path(name) if name else None
    here = any(each.is_dir() and each.resolve().parent in model_roots() for each in candidates(source.strip()))
    require(not here, f"'{source.strip()}' is in your list already")
    return keep(find(source, discriminator, revision, on_download), path)


def keep(model: Model, path: Path | None = None) -> RunDir:
    """Write a model as a run, there or under a free name; what is there already is never touched."""
    need = sum(file.stat().st_size for file in _files(model).values()) or 4 * _numbers(model)
    disk.require_room(checkpoints(), need + SMALL_CHANGE, "this model")
    partial = Path(tempfile.mkdtemp(prefix=".brought.", suffix=".partial", dir=checkpoints()))
    try:
        _write(RunDir(partial), model)
        partial.chmod(0o755)
        # A name may have been taken while the model was on its way.
        target = named_run_path(path.name) if path else next(_free_paths(model.name))
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return RunDir(target)


def _write(run: RunDir, model: Model) -> None:
    for name, file in _files(model).items():
        shutil.copyfile(file, run.path / name)
    if model.generator is None:
        save_generator(run.generator, model.G, model.config, model.nimg)
        if model.D is not None:
            save_discriminator(run.discriminator, model.D, model.config, model.nimg)
    elif not run.generator.exists():
        shutil.copyfile(model.generator, run.generator)
    write_json(run.path / DATA, _about(model))
    samples = model.explorer().render_many([Point(seed) for seed in range(SAMPLES)])
    run.add_sample(model.nimg, pixels.jpeg(pixels.sheet(samples, COLUMNS)))
    run.write_config(model.config)
    run.write_status(Status("done", model.note, nimg=model.nimg))


def _files(model: Model) -> dict[str, Path]:
    return {name: file for name, file in model.files.items() if name != DATA and file.is_file()}


def _about(model: Model) -> dict:
    """What is known of its pictures, and where it came from; no path in it is believed."""
    theirs = read_json(model.files[DATA]) if DATA in model.files else None
    theirs = theirs if isinstance(theirs, dict) else {}
    count_, name = theirs.get("count"), theirs.get("name")
    return {
        "name": name[:200] if isinstance(name, str) else "",
        "count": count_ if type(count_) is int and count_ > 0 else 0,
        "skipped": [],
        "origin": model.origin,
        "terms": model.terms,
    }


def _numbers(model: Model) -> int:
    nets = [model.G, *([model.D] if model.D is not None else [])]
    return sum(tensor.numel() for net in nets for tensor in net.state_dict().values())


def _free_paths(text: str) -> Iterator[Path]:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:48] or "model"
    for number in count(1):
        try:
            yield named_run_path(stem if number == 1 else f"{stem}-{number}")
        except ValueError:
            continue
