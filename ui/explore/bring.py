"""The dialog "Bring a model…": a file of weights from the visitor, a repo on the Hub, or a file on this computer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from gradio.utils import get_upload_folder

from gan_core.hub.bring import bring
from gan_core.hub.shelf import HUB, hub_address
from gan_core.runs.library import candidates, named_run_path
from gan_core.words import memory
from ui.explore import work
from ui.guard import sentence
from ui.runs import changing

# Gradio names the folder of an upload after what is in it.
OWN_FOLDER = re.compile("[0-9a-f]{32,}")
LONGEST = 500  # letters of a name or path
# The share of the work that the download is; the rest is opening and drawing.
DOWNLOAD = 0.8


@changing
def bring_model(request: dict) -> dict:
    """Begin to bring the model of `file` (uploaded, with `discriminator` perhaps), on the `hub` or at `path`.

    The result has the new model's name, and a note if something was left out.
    """
    name = text(request, "name") or None
    if name:
        named_run_path(name)  # fails at once where it cannot be had
    uploads = [uploaded(request[key]) for key in ("file", "discriminator") if request.get(key)]
    if request.get("discriminator") and not request.get("file"):
        raise ValueError("Choose the generator's file, too.")
    source = str(uploads[0]) if uploads else from_hub(text(request, "hub")) or on_computer(text(request, "path"))
    return work.begin(lambda report: brought(report, source, name, uploads))


def brought(report: work.Work, source: str, name: str | None, uploads: list[Path]) -> dict:
    def on_download(done: int, total: int) -> None:
        report(DOWNLOAD * done / max(total, 1), f"downloading {memory(done)} of {memory(total)}")

    try:
        report(0.0, "looking at it")
        run = bring(source, name, *uploads[1:], on_download=on_download)
    except (ValueError, OSError) as error:
        raise ValueError(sentence(str(error))) from error
    finally:
        for path in uploads:
            shutil.rmtree(path.parent, ignore_errors=True)
    return {"model": run.name, "note": run.status().message}


def uploaded(path: object) -> Path:
    """A file that a page has uploaded: in a folder of its own among the uploads, and nowhere else."""
    root, found = Path(get_upload_folder()).resolve(), Path(str(path)).resolve()
    if found.parent.parent != root or not OWN_FOLDER.fullmatch(found.parent.name) or not found.is_file():
        raise ValueError("This upload is gone: choose the file again.")
    return found


def from_hub(address: str) -> str:
    """The address, unmistakably of the Hub; "" if none is given."""
    if not address:
        return ""
    if hub_address(address) is None:
        raise ValueError("Write it as owner/name, or paste the address of its page.")
    return address if HUB.fullmatch(address) else f"hf:{address}"


def on_computer(path: str) -> str:
    if not path:
        raise ValueError("Choose a file, or say where the model is.")
    if not any(found.exists() for found in candidates(path)):
        raise ValueError(f"There is no file or folder {path} on the computer where this app runs.")
    return path


def text(request: dict, key: str) -> str:
    value = request.get(key)
    return value.strip()[:LONGEST] if isinstance(value, str) else ""
