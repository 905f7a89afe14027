"""Files of weights that other programs wrote, read as named tensors; nothing in them can execute."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from gan_core.config import require
from gan_core.words import memory

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt")
MAX_BYTES, MAX_ENTRIES, MAX_DEPTH = 2 * 10**9, 20_000, 5
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
# What a file begins with, and what it is.
STRANGERS = {
    b"\x89HDF": "a Keras file",
    b"version https://git-lfs": "only Git LFS's note of where the file is: download the file itself",
    b"<": "a web page: download the file itself",
}
STRANGE_SUFFIXES = {
    ".pkl": "a pickle, and loading that could execute anything",
    ".pickle": "a pickle, and loading that could execute anything",
    ".h5": "a Keras file",
    ".keras": "a Keras file",
    ".pb": "a TensorFlow file",
    ".tflite": "a TensorFlow file",
    ".index": "a TensorFlow file",
    ".meta": "a TensorFlow file",
    ".onnx": "an ONNX file",
    ".npz": "a file of NumPy arrays",
    ".npy": "a file of NumPy arrays",
}
WANTED = "a PyTorch state_dict or a safetensors file can be opened"
UNSAFE = re.compile(r"GLOBAL ([\w.]+)")


def read_tensors(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The tensors by name, in their order, of every dictionary in the file; the outermost one is "".

    ValueError if it is another kind of file, damaged, too large, or holds what could execute.
    """
    size = path.stat().st_size
    require(size > 0, "it is empty")
    require(size <= MAX_BYTES, f"it is too large: {memory(size)}, and {memory(MAX_BYTES)} is the most")
    with path.open("rb") as file:
        start = file.read(32)
    what = next((what for sign, what in STRANGERS.items() if start.lstrip().startswith(sign)), None)
    what = what or STRANGE_SUFFIXES.get(path.suffix.lower())
    require(what is None, f"it is {what}; {WANTED}")
    found = _named(_load(path, start)) if start.startswith((ZIP, PICKLE)) else {"": _safetensors(path)}
    # A tensor may be larger than what is stored of it, its rows all the same.
    numbers = sum(tensor.numel() for tensors in found.values() for tensor in tensors.values())
    require(4 * numbers <= MAX_BYTES, "it holds too many numbers")
    return found


def metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says about itself; empty for every other file."""
    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        with safe_open(path, "pt") as file:
            # The file sorts by text, where 10 comes before 2.
            return {name: file.get_tensor(name) for name in sorted(file.keys(), key=_numbers_by_value)}
    except (OSError, SafetensorError) as error:
        raise ValueError(f"it is damaged, or no file of weights; {WANTED}") from error


def _load(path: Path, start: bytes) -> Any:
    if start.startswith(ZIP):
        _check_zip(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle of garbage fails in a dozen ways, IndexError and KeyError among them
        found = UNSAFE.search(str(error))
        if found:
            raise ValueError(
                f"it holds more than weights, a pickled {found[1]}, and loading that could execute anything; "
                "have it saved as torch.save(netG.state_dict(), …)"
            ) from error
        raise ValueError(f"it is damaged, or no file of weights; {WANTED}") from error


def _check_zip(path: Path) -> None:
    """ValueError for a zip that is no torch file, or larger inside than outside."""
    try:
        with zipfile.ZipFile(path) as file:
            entries = file.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError(f"it is damaged, or no file of weights; {WANTED}") from error
    inside = {entry.filename.rpartition("/")[2] for entry in entries}
    require("constants.pkl" not in inside, f"it is a TorchScript program, which could do anything; {WANTED}")
    require("data.pkl" in inside, f"it is a zip, but not of PyTorch; {WANTED}")
    plain = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    require(
        plain and sum(entry.file_size for entry in entries) <= path.stat().st_size,
        "it is packed as PyTorch packs no file, and might unpack to any size",
    )


def _named(value: Any) -> dict[str, dict[str, torch.Tensor]]:
    """The tensors of every dictionary; a bounded search, for dictionaries may hold each other."""
    found, seen = {}, 0
    todo = [("", value, 0)] if isinstance(value, dict) else []
    while todo:
        name, inner, depth = todo.pop(0)
        seen += len(inner) + 1
        require(seen <= MAX_ENTRIES, f"it has over {MAX_ENTRIES:,} entries, and a DCGAN has a hundred")
        if tensors := {str(key): each for key, each in inner.items() if isinstance(each, torch.Tensor)}:
            found[name] = tensors
        if depth < MAX_DEPTH:
            dicts = ((key, each) for key, each in inner.items() if isinstance(each, dict))
            todo += [(f"{name}.{key}" if name else str(key), each, depth + 1) for key, each in dicts]
    return found


def _numbers_by_value(name: str) -> list:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"[.]", name)]
