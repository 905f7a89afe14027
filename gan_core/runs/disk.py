"""Whether the disk has room for what is about to be written."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_core.config import Config
from gan_core.runs.pruning import MOST_SAMPLES, MOST_SNAPSHOTS, MOST_STATES
from gan_core.words import memory

# Left free for everybody else, and for what is written beside the large files.
MARGIN_BYTES, MARGIN_SHARE = 64 * 2**20, 0.1
SHEET_IMAGES, JPEG_BYTES_A_PIXEL = 64, 0.5


def shortage(path: Path, need: float) -> str | None:
    """What is wrong, as a sentence, if `need` bytes would not fit on the disk of `path` with room to spare."""
    free = shutil.disk_usage(path).free
    if free >= need * (1 + MARGIN_SHARE) + MARGIN_BYTES:
        return None
    return (
        f"the disk of {path} is nearly full: {memory(need)} are needed and {memory(free)} are free; make room there, "
        "for instance by emptying checkpoints/.bin, and try again"
    )


def require_room(path: Path, need: float, what: str) -> None:
    """ValueError unless `need` bytes for `what` fit."""
    if problem := shortage(path, need):
        raise ValueError(f"there is no room for {what}: {problem}")


def run_bytes(config: Config) -> float:
    """About what a run takes on disk in the end, its prepared pictures left out."""
    G, _ = _network_bytes(config)
    kept = MOST_SNAPSHOTS * G / 2 + MOST_SAMPLES * _sheet_bytes(config)
    return (MOST_STATES + 1) * save_bytes(config) + kept


def save_bytes(config: Config) -> float:
    """About what one save writes: a training state, the discriminator, the generator, the best one, and a snapshot."""
    G, D = _network_bytes(config)
    # Adam keeps two more numbers for each weight; a state has G's average, too, and both generator files are it again.
    return 3 * (G + D) + G + 2 * G + D + G / 2 + _sheet_bytes(config)


def _network_bytes(config: Config) -> tuple[int, int]:
    """What the weights of G and D take."""
    import torch

    from gan_core.models import build_discriminator, build_generator

    with torch.device("meta"):
        return _bytes(build_generator(config.model)), _bytes(build_discriminator(config.model, config.d_norm))


def _bytes(net) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in net.state_dict().values())


def _sheet_bytes(config: Config) -> float:
    return SHEET_IMAGES * config.model.image_size**2 * JPEG_BYTES_A_PIXEL
