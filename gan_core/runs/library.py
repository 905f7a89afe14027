"""Finding runs and models by name, directory or file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from gan_core import home
from gan_core.home import checkpoints, model_roots
from gan_core.runs.hold import held
from gan_core.runs.run_dir import RunBusy, RunDir

SHIPPED = "faces-64"
SHIPPED_MODELS = (SHIPPED, "clothes-28", "avatars-64")
SECONDS_FOR_A_START = 10
MODEL_FILES = ("best.safetensors", "generator.safetensors")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def find_run(text: str) -> RunDir:
    """The run of that name under checkpoints/, or at that directory. ValueError if there is none."""
    for path in candidates(text):
        if RunDir(path).exists():
            return RunDir(path)
    raise ValueError(f"there is no run '{text}': give a name under {checkpoints()} or a run's directory")


def named_run(name: object) -> RunDir:
    """The run of that name, and of no other place: for names that come from a browser. ValueError if there is none."""
    if isinstance(name, str) and NAME.fullmatch(name):
        for root in model_roots():
            if RunDir(root / name).exists():
                return RunDir(root / name)
    raise ValueError("choose a run first" if not name else "this run is gone")


def find_model(text: str, newest: bool = False) -> Path:
    """The safetensors file of that model: a file, a run or a directory that holds one. ValueError if there is none.

    Of a run it is the best generator if one was measured, else, or with `newest`, the newest.
    """
    for path in candidates(text):
        if path.is_file():
            return path
        for name in MODEL_FILES[newest:]:
            if (path / name).is_file():
                return path / name
        if RunDir(path).exists():
            raise ValueError(f"the run '{path.name}' has no generator yet: train it a little longer")
    raise ValueError(f"there is no model '{text}': give a name under {checkpoints()}, a directory or a file")


def runs() -> list[RunDir]:
    """The user's runs and the shipped ones, the most recently written first."""
    found = {path.name: RunDir(path) for root in reversed(model_roots()) for path in folders(root)}
    return sorted((run for run in found.values() if run.exists()), key=last_written, reverse=True)


def is_shipped(run: RunDir) -> bool:
    """Whether this run came with the code: nobody renames or deletes it."""
    beside_code = home.REPOSITORY / "checkpoints"
    return run.path.parent != checkpoints() or (checkpoints() == beside_code and run.name in SHIPPED_MODELS)


@contextlib.contextmanager
def start_lock() -> Iterator[None]:
    """Hold back every other start of a training. RunBusy if that takes too long."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(checkpoints() / ".start.lock", SECONDS_FOR_A_START))
        except Timeout:
            raise RunBusy("another training is just being started: try again in a moment") from None
        yield


def new_run_path(text: str | None, data_name: str, image_size: int) -> Path:
    """Where a new run goes: a directory if `text` is one, else a free name under checkpoints/. ValueError if taken."""
    if text and ("/" in text or "\\" in text):
        try:
            path = Path(text).expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"there is no home folder for {text}") from error
        if path.exists():
            raise ValueError(f"{path} exists already: choose another folder, or resume that run")
        return path
    if text:
        return named_run_path(text)
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", data_name).strip("-._")[:48] or "run"
    stem, number = f"{base}-{image_size}", 1
    while (path := checkpoints() / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return path


def named_run_path(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name}' is no name for a run: use letters, digits, '.', '_' and '-'")
    if any((root / name).exists() for root in model_roots()):
        raise ValueError(f"there is a run '{name}' already: choose another name, or resume it")
    return checkpoints() / name


def candidates(text: str) -> list[Path]:
    if NAME.fullmatch(text):
        return [*(root / text for root in model_roots()), Path(text)]
    try:
        path = Path(text).expanduser()
        return [path] if path.exists() else []
    except (OSError, RuntimeError, ValueError):  # a name too long, no permission, an unknown ~user
        return []


def folders(root: Path) -> list[Path]:
    """The folders in it but for hidden ones: the bin, and copies under way."""
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]


def last_written(run: RunDir) -> float:
    """When its status or settings were written last (Unix time); 0 for a run that has just been deleted."""
    written = [0.0]
    for name in ("status.json", "config.json"):
        with contextlib.suppress(OSError):
            written.append((run.path / name).stat().st_mtime)
    return max(written)
