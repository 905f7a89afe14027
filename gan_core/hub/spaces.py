"""A run as the files of a Gradio Space: this program's own app, with that one model in it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gan_core.config import require
from gan_core.files import write_json, write_lines
from gan_core.home import REPOSITORY
from gan_core.hub.mirror import VARIABLE
from gan_core.hub.model_repo import OnShare, copy_networks
from gan_core.hub.record import Record, record_of
from gan_core.hub.repo_name import MOST_LETTERS
from gan_core.hub.space_card import space_card
from gan_core.runs.library import NAME
from gan_core.runs.run_dir import RunDir

APP = ("app.py", "LICENSE")
ROOMS = ("ui", "gan_core")
CPU, ZERO_GPU = "cpu-basic", "zero-a10g"
CPU_WHEELS = "--extra-index-url https://download.pytorch.org/whl/cpu"
# What a Space on ZeroGPU takes of PyTorch and Python.
ZERO_GPU_PINS, ZERO_GPU_PYTHON = {"torch": "torch>=2.8,<=2.11", "torchvision": "torchvision"}, "3.12"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<parts>\[[\w,-]+\])?")
SETTINGS = {
    "sdk": "gradio",
    "app_file": "app.py",
    "hf_oauth": True,
    "startup_duration_timeout": "1h",
}
WHERE = "on a computer of Hugging Face: this is the program's whole app"
MORE = (
    "Everybody may explore. Only the owner, logged in with Hugging Face, may train. What is trained here is lost when "
    "the Space restarts, unless the Space's settings have the secret `HF_TOKEN`, a token with the right to write: then "
    f"runs are kept in the private repo that the variable `{VARIABLE}` names."
)


def prepare_gradio_space(
    run: RunDir,
    folder: Path,
    repo_id: str,
    report: OnShare | None = None,
    newest: bool = False,
    model_repo: str | None = None,
    hardware: str = CPU,
) -> None:
    """Write into an empty folder all that the Gradio Space `repo_id` is to hold; it opens with the run's generator.

    `model_repo` is where the same model was published, `hardware` one of the Hub's names. Otherwise as `prepare_model`.
    """
    require(bool(NAME.fullmatch(run.name)), f"'{run.name}' is no name for a run: rename it first")
    report = report or (lambda share, words: None)
    record = record_of(run, newest)
    report(0.0, "copying the app")
    copy_app(folder)
    report(0.5, "copying the model")
    write_run(run, record, folder / "checkpoints" / run.name)
    (folder / "requirements.txt").write_text(requirements(hardware), encoding="utf-8")
    (folder / "README.md").write_text(space_card(record, settings(hardware), model_repo, WHERE, MORE), encoding="utf-8")
    report(1.0, "writing the card")


def variables(repo_id: str) -> list[dict[str, str]]:
    """Of a new Space: the repo, under the name of whoever's token it is given, that keeps its runs."""
    end = "-runs"
    name = repo_id.rpartition("/")[2][: MOST_LETTERS - len(end)].rstrip("-")
    return [{"key": VARIABLE, "value": f"{name}{end}"}]


def copy_app(folder: Path) -> None:
    for path in app_files():
        target = folder / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def app_files() -> Iterator[Path]:
    """The program's own files, told by where they lie: it may have come as a zip, without git."""
    yield from (path for name in APP if (path := REPOSITORY / name).is_file())
    for room in ROOMS:
        for path in sorted((REPOSITORY / room).rglob("*")):
            parts = path.relative_to(REPOSITORY).parts
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in parts):
                yield path


def write_run(run: RunDir, record: Record, folder: Path) -> None:
    """A run directory with one generator and all that the app shows of it."""
    folder.mkdir(parents=True)
    copy_networks(run, record, folder)
    copy = RunDir(folder)
    copy.write_config(record.config)
    copy.write_status(record.status)
    write_json(folder / "data.json", record.data)
    rows = [row for row in record.rows if row["nimg"] <= record.nimg]
    write_lines(folder / "metrics.jsonl", rows)
    if record.history:
        write_lines(folder / "history.jsonl", record.history)
    if record.parent:
        copy.write_parent(record.parent)
    if sheets := [(nimg, path) for nimg, path in run.samples() if nimg <= record.nimg or not record.nimg]:
        copy.add_sample(sheets[-1][0], sheets[-1][1].read_bytes())


def requirements(hardware: str) -> str:
    """The program's requirements, pinned to what is installed here; the comments stay behind."""
    text = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    found = [match for line in text.splitlines() if (match := REQUIREMENT.match(line.strip()))]
    pins = ZERO_GPU_PINS if hardware == ZERO_GPU else {}
    lines = [pins.get(each["name"]) or pin(each["name"], each["parts"] or "") for each in found]
    # Without this a Space that has no GPU would download several gigabytes for one.
    return "\n".join([*([CPU_WHEELS] if hardware.startswith("cpu") else []), *lines]) + "\n"


def pin(name: str, parts: str) -> str:
    try:
        return f"{name}{parts}=={version(name).partition('+')[0]}"
    except PackageNotFoundError:
        return f"{name}{parts}"


def settings(hardware: str) -> dict:
    """The front matter's fields for that hardware."""
    python = ZERO_GPU_PYTHON if hardware == ZERO_GPU else f"{sys.version_info.major}.{sys.version_info.minor}"
    return SETTINGS | {"sdk_version": version("gradio"), "python_version": python, "suggested_hardware": hardware}
