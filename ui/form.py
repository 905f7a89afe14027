"""The form of a new training: its fields, and the config that they ask for."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import gradio as gr

from gan_core.config import IMAGE_SIZES, PRESET_HELP, PRESETS, Config, ModelConfig, TrainConfig, field_type, preset
from gan_core.home import datasets

DRAWN, LOCAL, UPLOAD = "Drawn faces", "Folder or zip", "Upload a zip"
SETTINGS = ("channels", "flip", "batch_size", "lr", "ngf", "ndf", "latent_dim", "ema_kimg", "seed")
# The order in which `config_of` takes the fields' values, followed by those of SETTINGS.
WHAT = ("source", "path", "upload", "preset", "amount", "unit", "image_size")


def build(allowed: bool) -> dict[str, gr.components.Component]:
    """The fields by name; those of a page where nobody may train cannot be used."""
    form = {
        "source": gr.Dropdown([DRAWN, LOCAL, UPLOAD], value=DRAWN, label="Pictures", interactive=allowed),
        "path": gr.Textbox(label="Path", placeholder="/home/me/photos or photos.zip", visible=False),
        "upload": gr.File(label="Zip of pictures", file_types=[".zip"], visible=False, height=110),
        "preset": gr.Dropdown(list(PRESETS), value="dcgan", label="Recipe", info=PRESET_HELP["dcgan"]),
        "image_size": gr.Dropdown([(f"{n} px", n) for n in IMAGE_SIZES], value=64, label="Size"),
    }
    with gr.Row(equal_height=True):
        form["amount"] = gr.Number(10, label="Train for", min_width=80)
        form["unit"] = gr.Dropdown(["minutes", "kimg"], value="minutes", label="Unit", min_width=100)
    form["start"] = gr.Button("Start", variant="primary", interactive=allowed, elem_id="start")
    return form


def build_settings() -> dict[str, gr.components.Component]:
    """Everything that most people leave as it is, by name."""
    with gr.Accordion("All settings", open=False):
        form = {"name": gr.Textbox(label="Name", placeholder="named after the pictures")}
        return form | {name: setting(name) for name in SETTINGS}


def wire(form: dict[str, gr.components.Component], **quiet: object) -> None:
    """Show the fields that fit the source, and the values of a preset that is chosen."""
    form["source"].change(show_source, form["source"], [form["path"], form["upload"]], **quiet)
    settings = [form["preset"], *(form[name] for name in SETTINGS)]
    form["preset"].change(show_preset, form["preset"], settings, **quiet)


def inputs(form: dict[str, gr.components.Component]) -> list[gr.components.Component]:
    """The fields whose values `config_of` takes, in its order."""
    return [form[name] for name in (*WHAT, *SETTINGS)]


def config_of(*values: object) -> Config:
    """The config that the form's values ask for. ValueError with a sentence for what is missing or out of range."""
    form = dict(zip((*WHAT, *SETTINGS), values, strict=True))
    # The page has only one kind of number.
    numbers = {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in form.items()}
    options = {name: numbers[name] for name in SETTINGS}
    missing = [key for key, value in options.items() if value is None]
    if missing:
        raise ValueError(f"fill in {missing[0].replace('_', ' ')} under All settings")
    options |= {"image_size": form["image_size"], **goal(form["amount"], form["unit"])}
    data = pictures(form["source"], form["path"], form["upload"])
    return preset(form["preset"]).with_options(data=data, **options)


def setting(name: str) -> gr.components.Component:
    """The form field of one config field."""
    kind = ModelConfig if name in {f.name for f in fields(ModelConfig)} else TrainConfig
    metadata = next(f.metadata for f in fields(kind) if f.name == name)
    value, label, info = value_of(preset("dcgan"), name), name.replace("_", " "), metadata["help"]
    if metadata["choices"]:
        return gr.Dropdown(list(metadata["choices"]), value=value, label=label, info=info)
    plain, _ = field_type(kind, name)
    if plain is bool:
        return gr.Checkbox(value, label=label, info=info)
    return gr.Number(value, label=label, info=info)


def pictures(source: str, path: str, upload: str | None) -> str:
    """The config's `data` for what the form says. An upload moves where later resumes find it."""
    if source == DRAWN:
        return "drawn"
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


def goal(amount: float | None, unit: str) -> dict[str, float]:
    if not amount or amount <= 0:
        raise ValueError("say how long to train: a number above 0")
    return {"minutes": float(amount)} if unit == "minutes" else {"kimg": float(amount)}


def show_source(source: str):
    return gr.Textbox(visible=source == LOCAL), gr.File(visible=source == UPLOAD)


def show_preset(name: str):
    return [gr.Dropdown(info=PRESET_HELP[name]), *(value_of(preset(name), key) for key in SETTINGS)]


def value_of(config: Config, name: str):
    return getattr(config.model if hasattr(config.model, name) else config.train, name)
