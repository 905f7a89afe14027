"""The command `invert`: a photo put into latent space, or mended by what the model knows."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.cli.commands import DONE, label_of, picture_file
from gan_core.cli.console import Bar, say

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from gan_core.config import ModelConfig
    from gan_core.latent.damage import Whole


def invert(args: argparse.Namespace) -> int:
    import numpy as np

    from gan_core import pixels
    from gan_core.data.photo import open_photo
    from gan_core.latent import Explorer
    from gan_core.latent.restore import STARTS, STEPS, mended, search
    from gan_core.runs.library import find_model

    out, bar = picture_file(args.out), Bar(args.json)
    explorer = Explorer.load(find_model(args.model))
    photo, damage = wish(args, open_photo(read(args.photo)), explorer.config.model)
    starts, steps = args.starts or STARTS, args.steps or STEPS
    label = label_of(args.label, explorer)
    for found in search(explorer.G, photo, damage, starts=starts, steps=steps, seed=args.seed, label=label):
        bar("looking", found.share)
    result = mended(found.image, photo, damage)
    panel = np.stack([as_large(photo, found.image), found.image, result])
    pixels.to_pil(pixels.sheet(panel, columns=3)).save(out)
    values = {"out": str(out), "off": found.off, "psnr": found.psnr, "random_off": found.random_off}
    z = base64.b64encode(found.z.astype("<f4").tobytes()).decode("ascii")
    say(args.json, values | {"z": z}, f"{found.sentence()}\nwrote {out}: photo | found | result")
    return DONE


def wish(args: argparse.Namespace, photo: Image.Image, model: ModelConfig) -> tuple[np.ndarray, Whole]:
    """The photo as the model sees it, and what is wrong with it."""
    from gan_core.data.photo import open_photo, square
    from gan_core.latent.damage import Hole, Noisy, Small, Whole

    size, damage = model.image_size, Noisy() if args.denoise else Whole()
    if args.mask:
        damage = Hole.painted(square(open_photo(read(args.mask)), size, 1)[..., 0])
    if args.enlarge is not None:
        size = args.enlarge or min(min(photo.size), size // 4)
        if not 1 < size < model.image_size:
            raise ValueError(f"--enlarge takes from 2 to {model.image_size - 1} pixels, not {size}")
        damage = Small(size)
    return square(photo, size, model.channels), damage


def read(path: str) -> bytes:
    """The bytes of a file, as far as any photo goes. ValueError if there is none."""
    from gan_core.data.photo import MOST_BYTES

    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def as_large(photo: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The photo with every pixel enlarged, as large as the image."""
    import numpy as np
    from PIL import Image

    from gan_core.pixels import to_pil

    large = to_pil(photo).resize(image.shape[1::-1], Image.Resampling.NEAREST)
    return np.asarray(large).reshape(image.shape)
