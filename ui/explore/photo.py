"""The tool From a photo: a picture that somebody brings is looked for in latent space, or mended. Nothing is kept."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from gan_core import pixels
from gan_core.data.photo import MOST_BYTES, SMALLEST, open_photo, square
from gan_core.latent import Explorer, Point
from gan_core.latent.damage import Hole, Noisy, Small, Whole
from gan_core.latent.places import average
from gan_core.latent.restore import mended, search
from ui.answers import answers, data_uri
from ui.explore import work
from ui.explore.opened import explorer_of
from ui.explore.wishes import MAX_SEED, choice, number, point, to_json, whole

JOBS = ("find", "fill", "enlarge", "denoise")
LOSSLESS = 256  # pixels; a preview up to that size loses nothing on its way
MOST_PIXELS = 1e6


@answers
def photo_open(request: dict) -> dict:
    """A picture of any kind, upright and at most 1024 pixels wide and high, as every browser can show it."""
    photo = open_photo(content_of(request.get("photo")))
    buffer = io.BytesIO()
    photo.save(buffer, "PNG") if max(photo.size) <= LOSSLESS else photo.save(buffer, "JPEG", quality=95)
    kind = "image/png" if max(photo.size) <= LOSSLESS else "image/jpeg"
    return {"photo": data_uri(buffer.getvalue(), kind), "width": photo.width, "height": photo.height}


@answers
def photo_average(request: dict) -> dict:
    """What the model's pictures have in common, to frame a photo by; null where that is nothing to be seen."""
    image = average(explorer_of(request.get("key")))
    return {"image": None if image is None else data_png(image)}


@answers
def photo_search(request: dict) -> dict:
    """Begin to look for the photo; shows the best picture so far, and ends with its point and the mended picture."""
    explorer = explorer_of(request.get("key"))
    photo, damage = wish(request, explorer)
    events = search(explorer.G, photo, damage, seed=whole(request.get("seed"), 0, MAX_SEED))

    def look(report: work.Work) -> dict:
        for found in events:
            report(found.share, image=data_png(found.image), percent=found.percents()[0])
        numbers = {"sentence": found.sentence(), "psnr": found.psnr, "off": found.off}
        return answer(found.image, photo, damage) | numbers | {"point": to_json(Point(z=tuple(found.z.tolist())))}

    return work.begin(look)


@answers
def photo_mend(request: dict) -> dict:
    """The photo mended by another picture of the model, such as the one found after a slider has moved."""
    explorer = explorer_of(request.get("key"))
    photo, damage = wish(request, explorer)
    return answer(explorer.render([point(request.get("point"), explorer)])[0], photo, damage)


def wish(request: dict, explorer: Explorer) -> tuple[np.ndarray, Whole]:
    """The photo as the model would see it, uint8 [h, w, C], and what is wrong with it."""
    model = explorer.config.model
    job = choice(request.get("job"), JOBS, "job")
    photo, size = open_photo(content_of(request.get("photo"))), model.image_size
    crop = request.get("crop") if isinstance(request.get("crop"), dict) else {}
    frame = tuple(number(crop.get(name), -MOST_PIXELS, MOST_PIXELS) for name in ("left", "top", "side"))
    damage = Noisy() if job == "denoise" else Whole()
    if job == "fill":
        damage = Hole.painted(square(open_photo(content_of(request.get("hole"))), size, 1)[..., 0])
    elif job == "enlarge":
        size = whole(request.get("side"), SMALLEST, model.image_size - 1)
        damage = Small(size)
    return square(photo, size, model.channels, frame if crop else None), damage


def answer(image: np.ndarray, photo: np.ndarray, damage: Whole) -> dict:
    """The picture to keep, the model's own, and the photo as the model saw it."""
    plain = np.asarray(pixels.to_pil(photo).resize(image.shape[:2], Image.Resampling.BICUBIC)).reshape(image.shape)
    kept = mended(image, photo, damage)
    return {"mended": data_png(kept), "found": data_png(image), "photo": data_png(plain)}


def data_png(image: np.ndarray) -> str:
    buffer = io.BytesIO()
    pixels.to_pil(image).save(buffer, "PNG")
    return data_uri(buffer.getvalue(), "image/png")


def content_of(value: object) -> bytes:
    """The bytes of a data URI. ValueError for anything else, and for more than a photo may have."""
    if not isinstance(value, str) or not value.startswith("data:"):
        raise ValueError("Choose a picture first.")
    if len(value) > MOST_BYTES * 4 // 3 + 100:
        raise ValueError(f"This file is larger than {MOST_BYTES // 10**6} MB: choose a smaller picture.")
    try:
        return base64.b64decode(value.partition(",")[2], validate=True)
    except ValueError:
        raise ValueError("This picture did not arrive whole: choose it again.") from None
