"""The settings of a training as fields, and what recipes and architectures make of them."""

from __future__ import annotations

import json
from dataclasses import fields

import gradio as gr

from gan_core.config import (
    ARCHITECTURES,
    DEFAULT_PRESET,
    PRESET_HELP,
    PRESETS,
    Config,
    ModelConfig,
    TrainConfig,
    field_type,
    options,
    preset,
)

GROUPS = {
    "Networks": ("architecture", "latent_dim", "ngf", "ndf", "dropout", "d_norm"),
    "Game": ("loss", "label_smoothing", "r1_gamma", "r2_gamma", "d_steps", "batch_size"),
    "Images": ("channels", "labels", "duplicates", "augment", "held_out", "flip"),
    "Optimiser": ("lr", "auto_heal", "beta1", "beta2", "ema_kimg", "precision", "seed", "tracker"),
}
SETTINGS = tuple(name for group in GROUPS.values() for name in group)
LABELS = {
    "ngf": "G's width (ngf)",
    "ndf": "D's width (ndf)",
    "latent_dim": "length of z",
    "d_norm": "D's norm",
    "r1_gamma": "R1 gamma",
    "r2_gamma": "R2 gamma",
    "d_steps": "D steps",
    "augment": "augmentation",
    "held_out": "held out",
    "lr": "learning rate (lr)",
    "ema_kimg": "averaging (kimg)",
}
# Where the form has less room than `--help`, or the label says it all.
HELP = {
    "architecture": "",
    "latent_dim": "",
    "lr": "",
    "ngf": "channels at the last hidden layer",
    "ndf": "channels at the first layer",
    "dropout": "in D; not for dcgan and residual",
    "d_norm": "auto: what suits the loss",
    "r1_gamma": "penalty on D at real images",
    "r2_gamma": "the same at generated images",
    "label_smoothing": "D's target for real images below 1",
    "loss": "bce is the paper's",
    "batch_size": "images a step",
    "labels": "auto, none or a column of labels.csv",
    "duplicates": "pictures that are there twice",
    "augment": "of all that D sees, for few pictures",
    "held_out": "share of pictures that D never sees",
    "flip": "mirror every other image",
    "auto_heal": "treats a training that falls ill",
    "precision": "auto: bf16 where that is fast",
    "ema_kimg": "half-life of G's moving average",
    "seed": "of weights, z and order",
    "tracker": "metrics and samples there, too",
}


def build() -> dict[str, gr.components.Component]:
    """Everything that most people leave as it is, by name."""
    with gr.Accordion("All settings", open=False, elem_id="settings"):
        form = {"name": gr.Textbox(label="Name", placeholder="named after the pictures")}
        for title, names in GROUPS.items():
            gr.HTML(f"<h3 class='head'>{title}</h3>", apply_default_css=False)
            with gr.Row(elem_classes="settings"):
                form |= {name: setting(name) for name in names}
        return form


def setting(name: str) -> gr.components.Component:
    """The form field of one config field."""
    kind = ModelConfig if name in {spec.name for spec in fields(ModelConfig)} else TrainConfig
    metadata = next(spec.metadata for spec in options(kind) if spec.name == name)
    common = {"value": value_of(preset(DEFAULT_PRESET), name), "label": label_of(name), "min_width": 120}
    common["info"] = HELP.get(name, metadata["help"]) or None
    if metadata["choices"]:
        return gr.Dropdown(list(metadata["choices"]), **common)
    plain, _ = field_type(kind, name)
    return {bool: gr.Checkbox, str: gr.Textbox}.get(plain, gr.Number)(**common)


def label_of(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def sizes(architecture: str, size: int | None) -> gr.Dropdown:
    """The sizes that an architecture makes, the nearest to the one so far chosen."""
    return gr.Dropdown(**sizes_of(architecture, size))


def sizes_of(architecture: str, size: int | None) -> dict[str, object]:
    made = ARCHITECTURES[architecture]
    value = min(made, key=lambda each: abs(each - (size or 64)))
    return {
        "choices": [(f"{each} px", each) for each in made],
        "value": value,
        "label": "Size",
        "interactive": len(made) > 1,
    }


def show_preset(name: str) -> list:
    """A preset's help, its sizes and its settings."""
    return [gr.Dropdown(**each) if isinstance(each, dict) else each for each in preset_of(name)]


def preset_of(name: str) -> list:
    config = preset(name)
    size = sizes_of(config.model.architecture, config.model.image_size)
    return [{"info": PRESET_HELP[name]}, size, *(value_of(config, key) for key in SETTINGS)]


def presets_shown() -> str:
    """What `show_preset` gives for each preset, in JSON, as the page takes it."""
    return json.dumps({name: [update(each) for each in preset_of(name)] for name in PRESETS})


def sizes_shown() -> str:
    """What `sizes` gives for each architecture and each size so far, in JSON, as the page takes it."""
    every = sorted({size for made in ARCHITECTURES.values() for size in made})
    return json.dumps({name: {size: update(sizes_of(name, size)) for size in every} for name in ARCHITECTURES})


def update(value: object) -> object:
    """A field's new value or new look, as the page takes it."""
    return {"__type__": "update", **value} if isinstance(value, dict) else value


def value_of(config: Config, name: str):
    return getattr(config.model if hasattr(config.model, name) else config.train, name)
