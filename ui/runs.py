"""The list of runs: what each is, and what can be done with it. Its page asks for pictures and for changes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from gan_core.hub import identity, mirror
from gan_core.runs import library, manage
from gan_core.runs.summary import Summary, summarise
from gan_core.words import distance, kimg, memory
from ui.answers import answers, data_uri
from ui.guard import is_owner, require_owner, sentence
from ui.theme import asset

SHEET_COLUMNS, SHEET_GAP = 8, 2
THUMBNAIL_CELLS, THUMBNAIL_SIZE = ((0, 0), (2, 1), (4, 2), (6, 3)), 96
MOST_THUMBNAILS = 500
BEST_HELP = "Images seen, and the smallest distance so far between samples and pictures."
TONES = {"starting": "good", "preparing": "good", "training": "good", "waiting": "good", "failed": "bad", "died": "bad"}


@dataclass(frozen=True)
class RunList:
    """The component of the list, and the name of the run that the shown one is compared with."""

    view: gr.HTML
    beside: gr.Textbox


def build() -> RunList:
    with gr.Column(elem_classes="card"):
        gr.HTML("<h3 class='head'>Runs</h3>", apply_default_css=False)
        view = gr.HTML(
            {},
            html_template=asset("runs.html"),
            js_on_load=asset("runs.js"),
            server_functions=[thumbnails, sizes, pack, rename, duplicate, delete, restore],
            apply_default_css=False,
            elem_id="runs",
        )
    return RunList(view, gr.Textbox(visible="hidden", container=False))


def chosen(event: gr.EventData) -> tuple[str, str]:
    """The run that was picked, and the one to compare it with, if any."""
    return str(event._data.get("name", "")), str(event._data.get("beside", ""))


def part(listed: list[Summary], name: str) -> tuple[list, Callable[[], dict]]:
    """The list as a part of a snapshot."""
    value = {
        "runs": [row(each) for each in listed],
        "chosen": name,
        "may_change": is_owner(),
        "days": manage.DAYS_IN_BIN,
        "bin": bin_rows() if is_owner() else [],
    }
    # Of a hundred runs it would be long, and the page sends it back every second.
    return [hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]], lambda: value


def row(summary: Summary) -> dict:
    figures = [kimg(summary.nimg)] if summary.nimg else []
    figures += [distance(summary.best)] if summary.best is not None else []
    settings = [summary.preset, f"{summary.image_size} px"] if summary.image_size else ["unreadable settings"]
    return {
        "name": summary.name,
        "state": summary.state,
        "tone": TONES.get(summary.state, ""),
        "figures": "".join(f" · {figure}" for figure in figures),
        "help": BEST_HELP if summary.best is not None else "",
        "settings": " ".join(settings),
        "written": 0 if summary.active else int(summary.written),
        "thumbnail": f"{summary.name}@{summary.sample.stem}" if summary.sample else "",
        "shipped": summary.shipped,
        "active": summary.active,
    }


def bin_rows() -> list[dict]:
    return [{"token": token, "name": name, "deleted": int(deleted)} for token, name, deleted in manage.in_bin()]


@answers
def thumbnails(request: dict) -> dict:
    """A few samples of each of the named runs, as pictures for the page."""
    names, images = request.get("names"), {}
    for name in names[:MOST_THUMBNAILS] if isinstance(names, list) else []:
        with contextlib.suppress(ValueError, FileNotFoundError):  # of a run that is gone meanwhile
            path = summarise(library.named_run(name)).sample
            if path and (image := thumbnail(path, path.stat().st_mtime_ns)):
                images[name] = image
    return {"images": images}


@lru_cache(maxsize=2 * MOST_THUMBNAILS)
def thumbnail(path: Path, _modified: int) -> str:
    """Four samples of a sheet, of different rows and so of different classes; "" if the sheet cannot be read."""
    try:
        with Image.open(path) as sheet:
            side = (sheet.width + SHEET_GAP) // SHEET_COLUMNS
            half = THUMBNAIL_SIZE // 2
            small = Image.new("RGB", (THUMBNAIL_SIZE, THUMBNAIL_SIZE))
            for i, (line, column) in enumerate(THUMBNAIL_CELLS):
                left, top = column * side, line * side
                face = sheet.crop((left, top, left + side - SHEET_GAP, top + side - SHEET_GAP))
                small.paste(face.convert("RGB").resize((half, half), Image.LANCZOS), (i % 2 * half, i // 2 * half))
    except OSError:
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return data_uri(buffer.getvalue(), "image/jpeg")


def in_sentences(function: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A server function whose errors, also those of the disk, are whole sentences."""

    def call(request: dict) -> dict:
        try:
            return function(request)
        except (ValueError, OSError) as error:
            raise ValueError(sentence(str(error))) from error

    call.__name__ = function.__name__
    return answers(call)


def changing(function: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A server function that changes runs or gives them away, which only those may do who may train."""

    def call(request: dict) -> dict:
        require_owner()
        return function(request)

    call.__name__ = function.__name__
    return in_sentences(call)


@changing
def sizes(request: dict) -> dict:
    """How large a download of the run is, and how much its training state adds."""
    run = library.named_run(request.get("run"))
    without, whole = (sum(path.stat().st_size for path in manage.packed(run, state)) for state in (False, True))
    return {"without": memory(without), "state": memory(whole - without) if whole > without else ""}


@changing
def pack(request: dict) -> dict:
    """Where a zip of the run can be fetched; while it is made, nothing else can be done with the run."""
    run = library.named_run(request.get("run"))
    return {"path": str(manage.pack(run, packs(), with_state=request.get("state") is True))}


def packs() -> Path:
    """The folder of zips, from where Gradio serves files."""
    return Path(get_upload_folder()) / "packs"


def tidy() -> None:
    """Let go of what is over: runs deleted long ago, and zips of earlier downloads."""
    manage.empty_bin()
    shutil.rmtree(packs(), ignore_errors=True)


@changing
def rename(request: dict) -> dict:
    run = library.named_run(request.get("run"))
    renamed = manage.rename(run, str(request.get("name", "")))
    mirror.keep_up(renamed, gone=run.name)
    return {"run": renamed.name}


@changing
def duplicate(request: dict) -> dict:
    copy = manage.duplicate(library.named_run(request.get("run")), str(request.get("name", "")))
    mirror.keep_up(copy)
    return {"run": copy.name}


@changing
def delete(request: dict) -> dict:
    """The run goes to the bin; `token` brings it back."""
    run = library.named_run(request.get("run"))
    known = identity.of(run.path)
    token = manage.delete(run)
    mirror.keep_up(gone=run.name, known=known)
    return {"token": token}


@changing
def restore(request: dict) -> dict:
    run = manage.restore(request.get("token"))
    mirror.keep_up(run)
    return {"run": run.name}
