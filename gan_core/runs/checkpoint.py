"""Weights on disk; nothing in them can execute when it is loaded.

A generator or discriminator is a safetensors file that carries its config; a training state is a torch file read with
weights_only.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from gan_core.config import FORMAT_VERSION, Config, NewerFormat
from gan_core.files import replacing
from gan_core.models import Discriminator, Generator, build_discriminator, build_generator

Network = TypeVar("Network", bound=nn.Module)


def save_generator(path: Path, G: Generator, config: Config, nimg: int, half: bool = False) -> None:
    """Write G's weights with its config and the images it has seen as metadata.

    With `half` the large ones, of two or more dimensions, take half the room, as fp16.
    """
    _save_network(path, G, config, nimg, half)


def save_discriminator(path: Path, D: Discriminator, config: Config, nimg: int, half: bool = False) -> None:
    """The same for D."""
    _save_network(path, D, config, nimg, half)


def load_generator(path: Path) -> tuple[Generator, Config, int]:
    """The generator in eval mode on the CPU, its config and the images it has seen. ValueError if it is not one."""
    return _load_network(path, lambda config: build_generator(config.model))


def load_discriminator(path: Path) -> tuple[Discriminator, Config, int]:
    """The same for a discriminator."""
    return _load_network(path, lambda config: build_discriminator(config.model, config.d_norm))


def copy_network(source: Path, target: Path, change: Callable[[Config], Config]) -> None:
    """Write a network's file anew, the same weights with a changed config. ValueError if it is not one."""
    weights, metadata = _open_network(source)
    config = change(Config.from_dict(json.loads(metadata["config"])))
    _write_network(target, weights, config, int(metadata.get("nimg", 0)))


def save_state(path: Path, state: dict) -> None:
    """Write a training state. FloatingPointError, before anything is written, if a number in it is not finite."""
    if not _finite(state):
        raise FloatingPointError("the networks' weights are no longer finite numbers: this state is not worth saving")
    with replacing(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # PyTorch's way to say that a write failed
            raise OSError(f"the state {path.name} could not be written; the disk may be full") from error


def load_state(path: Path) -> dict:
    """A training state. ValueError if it is damaged, not finite, or holds anything but tensors and plain values."""
    try:
        with zipfile.ZipFile(path) as file:
            # PyTorch writes checksums, but does not look at them.
            if damaged := file.testzip():
                raise pickle.UnpicklingError(damaged)
        state = torch.load(path, map_location="cpu", weights_only=True)
        version = state.get("format_version", FORMAT_VERSION)
    except Exception as error:  # a pickle of garbage fails in a dozen ways, IndexError and KeyError among them
        raise ValueError(f"the state {path.name} is damaged and cannot be loaded") from error
    if version > FORMAT_VERSION:
        raise NewerFormat(version)
    if not _finite(state):
        raise ValueError(f"the state {path.name} holds weights that are not finite numbers")
    return state


def read_config(path: Path) -> Config:
    """The config that a network or a training state was written with. ValueError if there is none."""
    if path.suffix == ".safetensors":
        return Config.from_dict(json.loads(_open_network(path)[1]["config"]))
    return Config.from_dict(load_state(path).get("config"))


def read_nimg(path: Path) -> int:
    """The images that a network had seen. ValueError if it is not one."""
    return int(_open_network(path)[1].get("nimg", 0))


def _save_network(path: Path, net: nn.Module, config: Config, nimg: int, half: bool) -> None:
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    if half:
        weights = {name: tensor.half() if tensor.dim() >= 2 else tensor for name, tensor in weights.items()}
    _write_network(path, weights, config, nimg)


def _write_network(path: Path, weights: dict[str, torch.Tensor], config: Config, nimg: int) -> None:
    metadata = {"config": json.dumps(config.to_dict()), "nimg": str(nimg)}
    with replacing(path) as temporary:
        temporary.write_bytes(_in_order(save(weights, metadata)))


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its metadata sorted, which come in any order, so that equal networks are equal files."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def _load_network(path: Path, build: Callable[[Config], Network]) -> tuple[Network, Config, int]:
    weights, metadata = _open_network(path)
    config = Config.from_dict(json.loads(metadata["config"]))
    net = build(config)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"the weights in {path.name} do not fit its config") from error
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last), config, int(metadata.get("nimg", 0))


def _open_network(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The weights of a network and its metadata, which has a config."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path.name} cannot be read as a safetensors file ({error})") from error
    if "config" not in metadata:
        raise ValueError(f"{path.name} holds no network of this program: its metadata has no config")
    return weights, metadata


def _finite(state: Any) -> bool:
    tensors = (tensor for tensor in _tensors(state) if tensor.is_floating_point() and tensor.numel())
    return all(bound.isfinite() for tensor in tensors for bound in tensor.aminmax())


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _tensors(each)
