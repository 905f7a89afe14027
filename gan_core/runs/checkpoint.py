"""Weights on disk; nothing in them can execute when it is loaded.

A generator is a safetensors file that carries its config; a training state is a torch file read with weights_only.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from gan_core.config import Config
from gan_core.files import replacing
from gan_core.models import Generator, build_generator


def save_generator(path: Path, G: Generator, config: Config, nimg: int) -> None:
    """Write G's weights with its config and the images it has seen as metadata."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in G.state_dict().items()}
    metadata = {"config": json.dumps(config.to_dict()), "nimg": str(nimg)}
    with replacing(path) as temporary:
        save_file(weights, temporary, metadata)


def load_generator(path: Path) -> tuple[Generator, Config, int]:
    """The generator in eval mode on the CPU, its config and the images it has seen. ValueError if it is not one."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path.name} cannot be read as a safetensors file ({error})") from error
    if "config" not in metadata:
        raise ValueError(f"{path.name} holds no generator of this program: its metadata has no config")
    config = Config.from_dict(json.loads(metadata["config"]))
    G = build_generator(config.model)
    try:
        G.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"the weights in {path.name} do not fit its config") from error
    return G.eval().requires_grad_(False).to(memory_format=torch.channels_last), config, int(metadata.get("nimg", 0))


def save_state(path: Path, state: dict) -> None:
    with replacing(path) as temporary:
        torch.save(state, temporary)


def load_state(path: Path) -> dict:
    """A training state. ValueError if the file is damaged or holds anything but tensors and plain values."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle of garbage fails in a dozen ways, IndexError and KeyError among them
        raise ValueError(f"the state {path.name} is damaged and cannot be loaded") from error
