import io

import numpy as np
import pytest
from PIL import Image

from gan_core.data.photo import LONGEST, MOST_BYTES, open_photo, square


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_a_photo_of_any_kind_is_opened_in_colour(kind):
    photo = open_photo(saved(Image.new("RGB", (60, 40), "white"), kind))
    assert photo.mode == "RGB" and photo.size == (60, 40) and np.asarray(photo).min() > 250


def test_a_large_photo_is_made_smaller_and_a_small_one_left_alone():
    assert open_photo(saved(Image.new("L", (3000, 1500)))).size == (LONGEST, LONGEST // 2)
    assert open_photo(saved(Image.new("L", (9, 8)))).size == (9, 8)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"GIF89a", "cannot be used"), (b"x" * (MOST_BYTES + 1), "larger than 20 MB")],
)
def test_what_is_no_photo_is_refused_in_a_sentence(content, words):
    with pytest.raises(ValueError, match=words):
        open_photo(content)


def test_a_square_is_the_middle_or_the_part_that_was_chosen():
    ramp = Image.fromarray(np.tile(np.arange(40, dtype=np.uint8) * 6, (20, 1))).convert("RGB")
    assert square(ramp, 20, 1)[0, :, 0].tolist() == list(range(60, 180, 6))
    assert square(ramp, 8, 3, crop=(2, 4, 8))[0, :, 1].tolist() == list(range(12, 60, 6))


@pytest.mark.parametrize("crop", [(-50, -50, 8), (90, 90, 8), (0, 0, 1e9), (0, 0, 0)])
def test_a_square_always_lies_within_the_photo(crop):
    assert (square(Image.new("RGB", (40, 20), "white"), 8, 3, crop) == 255).all()
