"""The one place where images change between floats in [-1, 1] and uint8, and become sheets and files."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 [N, H, W, C] to floats in [-1, 1], [N, C, H, W] in channels_last layout."""
    return images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_uint8(images: torch.Tensor) -> np.ndarray:
    """Floats in [-1, 1], [N, C, H, W], to uint8 [N, H, W, C] on the host."""
    scaled = images.detach().float().mul(127.5).add_(128).clamp_(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def sheet(images: np.ndarray, columns: int | None = None, gap: int = 2) -> np.ndarray:
    """One picture [H, W, C] of uint8 images [N, h, w, C] side by side, row by row; as square as it goes by default."""
    count, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    canvas = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def to_pil(image: np.ndarray) -> Image.Image:
    """A Pillow image of one uint8 [H, W, C] array with 1 or 3 channels."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def jpeg(image: np.ndarray, quality: int = 90) -> bytes:
    """One uint8 [H, W, C] array as a JPEG file's bytes; full colour resolution, since faces are small."""
    buffer = io.BytesIO()
    to_pil(image).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
