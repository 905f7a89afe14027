"""What is ready to be published: prepared folders, kept for an hour, so that what goes up is what was looked at."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.home import home
from gan_core.runs.run_dir import RunDir
from ui.runs import packs

if TYPE_CHECKING:
    from gan_core.hub.prepare import Files

KEPT_SECONDS = 3600
PACK = "publish-"
# What of a run decides what is published of it.
NETWORKS = tuple(f"{name}.safetensors" for name in ("generator", "best", "discriminator"))
DECIDING = (*NETWORKS, "directions.json", "metrics.jsonl", "history.jsonl", "config.json", "data.json")
Report = Callable[[float, str], None]
_preparing = threading.Lock()


@dataclass(frozen=True)
class Wish:
    """What is to be published, as what, under which name, and on which terms of its pictures."""

    run: RunDir
    kind: str
    newest: bool
    repo_id: str
    terms: str

    @property
    def choice(self) -> str:
        """The same for the same choices, whatever has become of the run since."""
        return digest([str(self.run.path), self.kind, self.newest, self.repo_id, self.terms])

    @property
    def key(self) -> str:
        """The name of the folder of its files, as the run is now."""
        files = [self.run.path / name for name in DECIDING]
        stats = [(path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None for path in files]
        return f"{self.choice}-{digest(stats)}"


def digest(value: list) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:24]


def folder() -> Path:
    return home() / ".cache" / "publish"


def files_of(wish: Wish, looked_at: str, report: Report) -> Files:
    """The files of that wish: those that were looked at, under that key, else those of the run as it is now.

    `report(share, words)` may raise to cancel. ValueError if they cannot be prepared.
    """
    while not _preparing.acquire(timeout=0.5):
        report(0.0, "waiting for its turn")
    try:
        forget_old()
        return found(wish, looked_at) or found(wish, wish.key) or prepared(wish, report)
    finally:
        _preparing.release()


def found(wish: Wish, key: str) -> Files | None:
    """The folder of that key if there is one and it is of this wish."""
    from gan_core.hub.prepare import Files

    if not re.fullmatch(rf"{wish.choice}-[0-9a-f]+", key) or not (folder() / key).is_dir():
        return None
    files = Files(wish.kind, folder() / key)
    touch(files)
    return files


def prepared(wish: Wish, report: Report) -> Files:
    from gan_core.hub.prepare import Files, prepare

    folder().mkdir(parents=True, exist_ok=True)
    target, partial = folder() / wish.key, Path(tempfile.mkdtemp(prefix=".", dir=folder()))
    try:
        prepare(wish.kind, wish.run, partial, wish.repo_id, report, newest=wish.newest)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    forget_later()
    return Files(wish.kind, target)


def zipped(files: Files, name: str) -> Path:
    """A zip of the folder, from where Gradio serves files, under an address that nobody guesses."""
    packs().mkdir(parents=True, exist_ok=True)
    target = Path(tempfile.mkdtemp(prefix=PACK, dir=packs())) / f"{name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files.sizes:
            archive.write(files.folder / path, f"{name}/{path}")
    forget_later()
    return target


def touch(files: Files) -> None:
    """They are still needed."""
    os.utime(files.folder)


def forget_later() -> None:
    timer = threading.Timer(KEPT_SECONDS + 60, forget_old)
    timer.daemon = True
    timer.start()


def forget_old() -> None:
    for path in [*folder().glob("*"), *packs().glob(f"{PACK}*")]:
        if path.exists() and time.time() - path.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def tidy() -> None:
    """At the start: what an earlier app has left."""
    shutil.rmtree(folder(), ignore_errors=True)
