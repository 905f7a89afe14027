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
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.home import checkpoints
from gan_core.hub import identity
from gan_core.runs.library import NAME
from gan_core.runs.manage import packed
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gan_core.hub.publish import Target

VARIABLE = "DCGAN_STUDIO_MIRROR"
MINUTES_VARIABLE, MINUTES = "DCGAN_STUDIO_MIRROR_MINUTES", 10.0
# In seconds, before the last state is tried again: a rented machine is gone after it.
PAUSES = (3.0, 10.0, 30.0, 60.0)
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
        """Send the run as it is on disk now. ValueError, in one sentence, if it cannot be, or if all could see it.

        Another run that has its name there is left as it is: that is a ValueError, too.
        """
        with tempfile.TemporaryDirectory() as scratch:
            copy(run, Path(scratch) / run.name)
            self.send(run.name, Path(scratch))

    def send(self, name: str, folder: Path) -> bool:
        """Make the repo's folder `name` what it is in `folder`; returns whether it is new there. Raises as `push`."""
        from gan_core.hub.prepare import Files
        from gan_core.hub.publish import commit_all, create, send
        from gan_core.hub.refusals import refusals

        known, files = identity.of(folder / name), Files("model", folder)
        api, target, _ = self._look_to_write(name, known)
        with refusals(target.repo_id):
            if not target.exists:
                create(api, target, private=True)
        additions = send(api, target, files, lambda share, words: None)
        # Others may have written to the repo while the files were sent.
        api, target, newest = self._look_to_write(name, known)
        with refusals(target.repo_id):
            commit_all(api, target, additions, target.gone(files), newest)
            # Without it every state that ever was would stay.
            api.super_squash_history(target.repo_id)
        return not target.own

    def push_surely(self, run: RunDir) -> None:
        """As `push`, but tried again for a while where that may help."""
        from gan_core.hub.refusals import may_pass

        for pause in PAUSES:
            try:
                return self.push(run)
            except ValueError as error:
                if not may_pass(error):
                    raise
                logger.warning("the run is not mirrored yet: %s", error)
            time.sleep(pause)
        return self.push(run)

    def push_sometimes(self, run: RunDir) -> None:
        """The same in the background, unless it was done in the last minutes or is being done; never raises."""
        busy = self._thread and self._thread.is_alive()
        if busy or time.monotonic() - self._pushed_at < self.minutes * 60:
            return
        self._pushed_at = time.monotonic()
        self._thread = threading.Thread(target=warned(self.push), args=(run,), daemon=True)
        self._thread.start()

    def finish(self, run: RunDir) -> None:
        """Send the run's last state, after what is under way; never raises."""
        if self._thread:
            self._thread.join()
        warned(self.push_surely)(run)

    def move(self, run: RunDir | None, gone: str | None, known: str = "") -> None:
        """Send a run, and only once it is there forget the one called `gone`, which is `known`, or was this run."""
        if run:
            self.push_surely(run)
        if gone:
            self.forget(gone, identity.of(run.path) if run else known)

    def restore(self, only: str = "") -> list[str]:
        """Bring back the runs that are there and not here, or only one; returns their names. ValueError if it fails."""
        _, target, _ = self._look(only)
        names = sorted({name.partition("/")[0] for name in target.own if name.endswith("/config.json")})
        missing = [name for name in names if NAME.fullmatch(name) and not (checkpoints() / name).exists()]
        for name in missing:
            partial = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".partial", dir=checkpoints()))
            try:
                self.fetch(name, partial)
                (partial / name).rename(checkpoints() / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        return missing

    def fetch(self, name: str, folder: Path, known: str = "") -> str:
        """Make `folder`/`name` what the repo's folder `name` is, and return the commit; ValueError if that fails.

        Nothing is done, and the `known` commit returned, if that is the newest or has no such run.
        """
        from huggingface_hub import snapshot_download

        from gan_core.hub.refusals import BROKE_OFF, refusals

        api, target, newest = self._look(name)
        if newest == known or f"{name}/config.json" not in target.own:
            return known
        with refusals(target.repo_id):
            snapshot_download(
                target.repo_id, allow_patterns=f"{name}/*", local_dir=folder, token=api.token, revision=newest
            )
        here = {path.relative_to(folder).as_posix(): path for path in (folder / name).rglob("*") if path.is_file()}
        # Where the Hub does not answer, huggingface_hub is content with what is here.
        require(target.own <= set(here), BROKE_OFF)
        for gone in set(here) - target.own:
            here[gone].unlink()
        return newest

    def forget(self, name: str, known: str) -> None:
        """Remove the run with that name and identity from there. ValueError if it cannot be, or if it is another."""
        from gan_core.hub.publish import commit_all
        from gan_core.hub.refusals import refusals

        api, target, newest = self._look_to_write(name, known)
        if target.own:
            with refusals(target.repo_id):
                commit_all(api, target, [], sorted(target.own), newest)

    @cached_property
    def _account(self) -> tuple[HfApi, str]:
        from gan_core.hub.publish import log_in

        return log_in(self.token)

    def _look(self, name: str) -> tuple[HfApi, Target, str]:
        """The repo, with the files of that run as its own, or those of all, and its newest commit."""
        from huggingface_hub.errors import RepositoryNotFoundError

        from gan_core.hub.prepare import kind_of
        from gan_core.hub.publish import Target
        from gan_core.hub.refusals import refusals
        from gan_core.hub.repo_name import full_name

        api, user = self._account
        repo_id, kind = full_name(self.repo_id, user), kind_of("model")
        with refusals(repo_id):
            try:
                about = api.repo_info(repo_id)
            except RepositoryNotFoundError:
                return api, Target(repo_id, kind), ""
        there = (each.rfilename for each in about.siblings or [])
        own = frozenset(file for file in there if "/" in file and (not name or file.startswith(f"{name}/")))
        return api, Target(repo_id, kind, True, bool(about.private), own), about.sha

    def _look_to_write(self, name: str, known: str) -> tuple[HfApi, Target, str]:
        """The same. ValueError if everybody would see what is written, or if another run has that name there."""
        api, target, newest = self._look(name)
        seen = target.exists and not target.private
        require(not seen, f"everybody can see {target.repo_id}: make it private, or mirror runs into another repo")
        identity.require_same(api, target, name, newest, known)
        return api, target, newest


def warned(task: Callable[..., None]) -> Callable[..., None]:
    """The task, of whose failing there is only a warning."""

    def attempt(*values: object) -> None:
        try:
            task(*values)
        except (ValueError, OSError) as error:
            logger.warning("the run was not mirrored: %s", error)

    return attempt


def copy(run: RunDir, folder: Path) -> None:
    """The run's files at one moment; those that vanish meanwhile were about to be replaced."""
    for path in [identity.file_of(run), *packed(run, with_state=True)]:
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


def keep_up(run: RunDir | None = None, gone: str | None = None, known: str = "") -> threading.Thread | None:
    """`Mirror.move` in the background, in the thread that is returned; nothing without a mirror."""
    if (mirror := wanted()) is None:
        return None
    thread = threading.Thread(target=warned(mirror.move), args=(run, gone, known), daemon=True)
    thread.start()
    return thread
