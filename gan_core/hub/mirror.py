"""Runs kept in a private repo on the Hub, for a computer whose disk is lost when it starts anew, as a Space's is.

DCGAN_STUDIO_MIRROR=owner/name python app.py      # with HF_TOKEN, or after “hf auth login”
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.home import checkpoints
from gan_core.runs.library import NAME
from gan_core.runs.manage import packed
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gan_core.hub.publish import Target

VARIABLE = "DCGAN_STUDIO_MIRROR"
MINUTES_VARIABLE, MINUTES = "DCGAN_STUDIO_MIRROR_MINUTES", 10.0
logger = logging.getLogger(__name__)


class Mirror:
    """The newest of each run in the repo `repo_id`: a folder a run, with its newest state, its networks and records.

    The prepared pictures stay behind: a restored run goes on where it can find its pictures again. Everything is
    in one commit at a time, and what has not changed is not sent again.
    """

    def __init__(self, repo_id: str, token: str | None = None, minutes: float = MINUTES):
        self.repo_id, self.token, self.minutes = repo_id, token, minutes
        self._pushed_at = time.monotonic()
        self._thread: threading.Thread | None = None

    def push(self, run: RunDir) -> None:
        """Send the run as it is on disk now. ValueError, in one sentence, if it cannot be, or if all could see it."""
        with tempfile.TemporaryDirectory() as scratch:
            copy(run, Path(scratch) / run.name)
            self.send(run.name, Path(scratch))

    def send(self, name: str, folder: Path) -> None:
        """Make the repo's folder `name` what it is in `folder`. Raises as `push`."""
        from gan_core.hub.prepare import Files
        from gan_core.hub.publish import commit_all, create, send
        from gan_core.hub.refusals import refusals

        api, target = self._look(name)
        with refusals(target.repo_id):
            parent = create(api, target, private=True)
        files = Files("model", folder)
        additions = send(api, target, files, lambda share, words: None)
        with refusals(target.repo_id):
            commit_all(api, target, additions, target.gone(files), parent)
            # Without it every state that ever was would stay.
            api.super_squash_history(target.repo_id)

    def push_sometimes(self, run: RunDir) -> None:
        """The same in the background, unless it was done in the last minutes or is being done; never raises."""
        busy = self._thread and self._thread.is_alive()
        if busy or time.monotonic() - self._pushed_at < self.minutes * 60:
            return
        self._pushed_at = time.monotonic()
        self._thread = threading.Thread(target=self._try_push, args=(run,), daemon=True)
        self._thread.start()

    def finish(self, run: RunDir) -> None:
        """Send the run's last state, after what is under way; never raises."""
        if self._thread:
            self._thread.join()
        self._try_push(run)

    def restore(self, only: str = "") -> list[str]:
        """Bring back the runs that are there and not here, or only one; returns their names. ValueError if it fails."""
        api, target = self._look(only)
        names = sorted({name.partition("/")[0] for name in target.own if name.endswith("/config.json")})
        missing = [name for name in names if NAME.fullmatch(name) and not (checkpoints() / name).exists()]
        for name in missing:
            partial = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".partial", dir=checkpoints()))
            try:
                self.download(api, target.repo_id, name, partial)
                (partial / name).rename(checkpoints() / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        return missing

    @staticmethod
    def download(api: HfApi, repo_id: str, name: str, folder: Path) -> None:
        """Bring the repo's folder `name` into `folder`, but for what is there already."""
        from huggingface_hub import snapshot_download

        from gan_core.hub.refusals import refusals

        with refusals(repo_id):
            snapshot_download(repo_id, allow_patterns=f"{name}/*", local_dir=folder, token=api.token)

    def forget(self, name: str) -> None:
        """Remove a run from there. ValueError if it cannot be."""
        from gan_core.hub.publish import commit_all, create
        from gan_core.hub.refusals import refusals

        api, target = self._look(name)
        if target.own:
            with refusals(target.repo_id):
                commit_all(api, target, [], sorted(target.own), create(api, target, private=True))

    def _try_push(self, run: RunDir) -> None:
        try:
            self.push(run)
        except (ValueError, OSError) as error:
            logger.warning("the run was not mirrored: %s", error)

    def _look(self, name: str) -> tuple[HfApi, Target]:
        """The repo, with the files of that run as its own, or those of all."""
        from huggingface_hub.errors import RepositoryNotFoundError

        from gan_core.hub.prepare import kind_of
        from gan_core.hub.publish import Target, log_in
        from gan_core.hub.refusals import refusals
        from gan_core.hub.repo_name import full_name

        api, user = log_in(self.token)
        repo_id, kind = full_name(self.repo_id, user), kind_of("model")
        with refusals(repo_id):
            try:
                about = api.repo_info(repo_id)
            except RepositoryNotFoundError:
                return api, Target(repo_id, kind)
        require(bool(about.private), f"everybody can see {repo_id}: make it private, or mirror runs into another repo")
        there = (each.rfilename for each in about.siblings or [])
        own = frozenset(file for file in there if "/" in file and (not name or file.startswith(f"{name}/")))
        return api, Target(repo_id, kind, True, True, own)


def copy(run: RunDir, folder: Path) -> None:
    """The run's files at one moment; those that vanish meanwhile were about to be replaced."""
    for path in packed(run, with_state=True):
        target = folder / path.relative_to(run.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path, target)


def wanted() -> Mirror | None:
    """The mirror that the environment asks for."""
    repo_id = os.environ.get(VARIABLE, "").strip()
    return Mirror(repo_id, minutes=float(os.environ.get(MINUTES_VARIABLE, MINUTES))) if repo_id else None


@contextlib.contextmanager
def mirrored(run: RunDir) -> Iterator[Callable[[], None]]:
    """Gives what to call now and then while the run trains; its end is mirrored, too. Nothing where nobody wants it."""
    mirror = wanted()
    if mirror is None:
        yield lambda: None
        return
    try:
        yield lambda: mirror.push_sometimes(run)
    finally:
        mirror.finish(run)


def restore() -> None:
    """Bring back what the mirror has, if there is one; never raises."""
    if mirror := wanted():
        try:
            mirror.restore()
        except (ValueError, OSError) as error:
            logger.warning("the mirrored runs were not restored: %s", error)


def bring_back(name: str) -> None:
    """Bring the run of that name from the mirror if there is one and the run is not here. ValueError if it fails."""
    mirror = wanted()
    if mirror and NAME.fullmatch(name) and not (checkpoints() / name).exists():
        mirror.restore(name)


def keep_up(run: RunDir | None = None, gone: str | None = None) -> None:
    """Mirror a run that is new under its name, forget one that is gone, in the background; nothing without a mirror."""

    def work(mirror: Mirror) -> None:
        if run:
            mirror.finish(run)
        with contextlib.suppress(ValueError, OSError):
            if gone:
                mirror.forget(gone)

    if mirror := wanted():
        threading.Thread(target=work, args=(mirror,), daemon=True).start()
