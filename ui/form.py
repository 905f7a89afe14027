"""The form of a new training: its fields, and the config that they ask for."""

from __future__ import annotations

import shutil
from pathlib import Path

import gradio as gr

from gan_core.config import DEFAULT_PRESET, PRESET_HELP, PRESETS, Config, preset
from gan_core.data.hub import hub_repo
from gan_core.data.named import NAMES, named
from gan_core.home import datasets
from gan_core.runs import library
from ui import place
from ui.settings import SETTINGS, label_of, presets_shown, sizes, sizes_shown

DRAWN, LOCAL, UPLOAD, KNOWN = "Drawn faces", "Folder or zip", "Upload a zip", "Known set or Hub"
KNOWN_HELP = {
    "fashion-mnist": "60,000 grey clothes of 28 px in 10 classes: try the recipe dcgan-28.",
    "mnist": "60,000 grey digits of 28 px in 10 classes: try the recipe dcgan-28.",
    "cifar-10": "50,000 colour pictures of 32 px in 10 classes.",
    "celeba": "162,770 faces of 178 px, for sizes up to 128 px.",
}
HUB_HELP = "Pictures on the Hub, or a zip of them: hf:owner/name."
# The order in which `config_of` takes the fields' values, followed by those of SETTINGS.
SOURCE = ("source", "path", "upload", "known", "data_root")
WHAT = (*SOURCE, "preset", "amount", "unit", "image_size", "device")


def build() -> dict[str, gr.components.Component]:
    """The fields by name."""
    model = preset(DEFAULT_PRESET).model
    form = build_source(DRAWN) | {
        "preset": gr.Dropdown(list(PRESETS), value=DEFAULT_PRESET, label="Recipe", info=PRESET_HELP[DEFAULT_PRESET]),
        "image_size": sizes(model.architecture, model.image_size),
    }
    with gr.Row(equal_height=True):
        form["amount"] = gr.Number(10, label="Train for", min_width=80)
        form["unit"] = gr.Dropdown(["minutes", "kimg"], value="minutes", label="Unit", min_width=100)
    form["device"] = place.field()
    form["start"] = gr.Button("Start", variant="primary", elem_id="start")
    return form


def build_source(chosen: str) -> dict[str, gr.components.Component]:
    """The fields of SOURCE by name: where the pictures are."""
    return {
        "source": gr.Dropdown([DRAWN, LOCAL, UPLOAD, KNOWN], value=chosen, label="Pictures"),
        "path": gr.Textbox(label="Path", placeholder="/home/me/photos or photos.zip", visible=chosen == LOCAL),
        "upload": gr.File(label="Zip of pictures", file_types=[".zip"], visible=False, height=110),
        "known": gr.Dropdown(
            list(NAMES),
            value="fashion-mnist",
            label="Set, or hf:owner/name",
            info=known_help("fashion-mnist"),
            allow_custom_value=True,
            visible=False,
        ),
        "data_root": gr.Textbox(label="Folder of its files", placeholder="empty: they are downloaded", visible=False),
    }


def wire(form: dict[str, gr.components.Component], **quiet: object) -> None:
    """Show the fields that fit the source, and the values of a preset that is chosen.

    Of presets and sizes the page knows all itself: an answer that came later would undo what was changed meanwhile.
    """
    wire_source(form, **quiet)
    # On input, not on change: a preset sets the architecture and the size together.
    settings = [form["preset"], form["image_size"], *(form[name] for name in SETTINGS)]
    form["preset"].input(None, form["preset"], settings, js=f"(name) => ({presets_shown()})[name]", **quiet)
    js = f"(architecture, size) => ({sizes_shown()})[architecture][size]"
    form["architecture"].input(None, [form["architecture"], form["image_size"]], form["image_size"], js=js, **quiet)


def wire_source(form: dict[str, gr.components.Component], **quiet: object) -> None:
    """Show the fields that fit the source."""
    shown = [form[name] for name in ("path", "upload", "known", "data_root")]
    form["source"].change(show_source, [form["source"], form["known"]], shown, **quiet)
    form["known"].change(show_known, form["known"], [form["known"], form["data_root"]], **quiet)


def inputs(form: dict[str, gr.components.Component]) -> list[gr.components.Component]:
    """The fields whose values `config_of` takes, in its order."""
    return [form[name] for name in (*WHAT, *SETTINGS)]


def config_of(*values: object) -> Config:
    """The config that the form's values ask for. ValueError with a sentence for what is missing or out of range."""
    form = dict(zip((*WHAT, *SETTINGS), values, strict=True))
    # The page has only one kind of number.
    numbers = {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in form.items()}
    settings = {name: numbers[name] for name in SETTINGS}
    missing = [name for name, value in settings.items() if value is None]
    if missing:
        raise ValueError(f"fill in {label_of(missing[0])} under All settings")
    settings |= {"image_size": form["image_size"], **goal(form["amount"], form["unit"])}
    settings["data"] = pictures(form["source"], form["path"], form["upload"], form["known"])
    settings["data_root"] = files_folder(form["source"], form["known"], form["data_root"])
    return preset(form["preset"]).with_options(**settings)


def name_of(text: str | None) -> str | None:
    """The name of the new run, if one was written. ValueError for one that leads elsewhere."""
    name = (text or "").strip() or None
    if name:
        library.named_run_path(name)  # the command line may name any folder, a page may not
    return name


def value_in(values: tuple, name: str) -> object:
    """Of the form's values that of one field of WHAT."""
    return values[WHAT.index(name)]


def pictures(source: str, path: str, upload: str | None, known: str | None = None) -> str:
    """The config's `data` for what the form says. An upload moves where later resumes find it."""
    if source == DRAWN:
        return "drawn"
    if source == KNOWN:
        return known_set(known)
    if source == LOCAL:
        if not (path or "").strip():
            raise ValueError("say where your pictures are: a folder or a zip on this computer")
        return path.strip()
    if not upload:
        raise ValueError("choose a zip of pictures to upload")
    # Gradio's folder is named after the content, so two different zips of one name do not replace each other.
    folder = datasets() / "uploads" / Path(upload).parent.name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / Path(upload).name
    shutil.copy2(upload, kept)
    return str(kept)


def known_set(text: str | None) -> str:
    text = (text or "").strip()
    if not named(text) and not hub_repo(text):
        raise ValueError("choose one of the sets, or write one on the Hub as hf:owner/name")
    return text


def files_folder(source: str, known: str | None, folder: str | None) -> str | None:
    """Where the files of a known set are; what was typed for another source does not count."""
    return (folder or "").strip() or None if source == KNOWN and named(known or "") else None


def goal(amount: float | None, unit: str) -> dict[str, float]:
    if not amount or amount <= 0:
        raise ValueError("say how long to train: a number above 0")
    return {"minutes": float(amount)} if unit == "minutes" else {"kimg": float(amount)}


def needed(source: str, known: str | None) -> dict[str, bool]:
    """Whether a source needs each of the fields beside it."""
    is_known = source == KNOWN
    return {
        "path": source == LOCAL,
        "upload": source == UPLOAD,
        "known": is_known,
        "data_root": is_known and bool(named(known or "")),
    }


def show_source(source: str, known: str | None):
    kinds = {"path": gr.Textbox, "upload": gr.File, "known": gr.Dropdown, "data_root": gr.Textbox}
    return [kinds[name](visible=visible) for name, visible in needed(source, known).items()]


def show_known(known: str | None):
    return gr.Dropdown(info=known_help(known)), gr.Textbox(visible=bool(named(known or "")))


def known_help(known: str | None) -> str:
    return KNOWN_HELP.get(named(known or ""), HUB_HELP)
