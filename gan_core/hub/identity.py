"""What tells a run from others of its name: names are one computer's own, and a repo may keep the runs of several."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.files import replacing
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gan_core.hub.publish import Target

# Hidden, so that no copy of a run takes it over.
FILE = ".identity"


def of(folder: Path) -> str:
    """The identity of the run in that folder; "" before it was first mirrored."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / FILE).read_text(encoding="utf-8").strip()
    return ""


def file_of(run: RunDir) -> Path:
    """The file with the run's identity, which is made if it has none."""
    path = run.path / FILE
    if not of(run.path):
        with replacing(path) as temporary:
            temporary.write_text(secrets.token_hex(16), encoding="utf-8")
    return path


def require_same(api: HfApi, target: Target, name: str, commit: str, known: str) -> None:
    """ValueError if the repo's folder `name` is another run's than the known one's."""
    from gan_core.hub.publish import fetched
    from gan_core.hub.refusals import refusals

    if f"{name}/{FILE}" not in target.own:
        return  # not there yet, or from before runs had an identity
    with refusals(target.repo_id):
        there = fetched(api, target.repo_id, target.kind, f"{name}/{FILE}", commit).read_text(encoding="utf-8")
    same = there.strip() in ("", known)
    require(same, f"{target.repo_id} holds another run called '{name}': choose another name")
