"""What of a run can be published, as folders of files that are looked at before they go anywhere.

with prepared("model", run, "me/faces") as files:
    files.sizes, files.card
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gan_core.config import require
from gan_core.files import write_json
from gan_core.hub.model_repo import OnShare, prepare_model
from gan_core.hub.spaces import prepare_gradio_space
from gan_core.hub.static_space import prepare_static_space
from gan_core.runs.run_dir import RunDir
from gan_core.words import memory

# The list of all that was published, in the repo itself, by which an update knows what is its own.
MANIFEST, CARD = ".dcgan-studio.json", "README.md"
MOST_BYTES = 25_000_000  # of a page that opens quickly enough on a phone


@dataclass(frozen=True)
class Kind:
    """A way to publish: the type of repo on the Hub, the Space's SDK if it is one, and who writes the files."""

    repo_type: str
    sdk: str | None
    write: Callable[..., None]


KINDS = {
    "model": Kind("model", None, prepare_model),
    "space": Kind("space", "gradio", prepare_gradio_space),
    "static": Kind("space", "static", prepare_static_space),
}


@dataclass(frozen=True)
class Files:
    """A folder that is ready to be published as that kind."""

    kind: str
    folder: Path

    @property
    def sizes(self) -> dict[str, int]:
        """Every file's size in bytes, by its path in the repo."""
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in files}

    @property
    def note(self) -> str:
        """What is to be known of a page that is large for whoever opens it; "" for other kinds and smaller ones."""
        size = sum(self.sizes.values())
        if self.kind != "static" or size <= MOST_BYTES:
            return ""
        return (
            f"this page is {memory(size)}, which takes a phone long to load: fewer feature maps (ngf) make it smaller"
        )

    @property
    def card(self) -> str:
        return (self.folder / CARD).read_text(encoding="utf-8")


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kind_of(name: str) -> Kind:
    """ValueError for a kind that there is not."""
    require(name in KINDS, f"a run can be published as {', '.join(KINDS)}, not as '{name}'")
    return KINDS[name]


def prepare(kind: str, run: RunDir, folder: Path, repo_id: str, report: OnShare | None = None, **more: object) -> Files:
    """Write the files of that kind into a new folder, or an empty one, and the list of them.

    `more` is for the kind's own writer. ValueError if the folder holds anything, or the run has no generator.
    """
    require(not folder.exists() or (folder.is_dir() and not any(folder.iterdir())), f"{folder} is not an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    kind_of(kind).write(run, folder, repo_id, report, **more)
    files = Files(kind, folder)
    manifest = {"program": "DCGAN Studio", "kind": kind, "card": hash_of(folder / CARD)}
    write_json(folder / MANIFEST, manifest | {"files": sorted([*files.sizes, MANIFEST])})
    return files


@contextmanager
def prepared(kind: str, run: RunDir, repo_id: str, report: OnShare | None = None, **more: object) -> Iterator[Files]:
    """The same in a folder of its own, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dcgan-studio-"))
    try:
        yield prepare(kind, run, folder, repo_id, report, **more)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
