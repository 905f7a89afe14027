import io

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core import pixels


def test_every_uint8_value_survives_the_way_to_floats_and_back():
    images = np.arange(256 * 3, dtype=np.int64).reshape(1, 16, 16, 3).astype(np.uint8)
    assert len(np.unique(images)) == 256
    back = pixels.to_uint8(pixels.to_float(torch.from_numpy(images)))
    np.testing.assert_array_equal(back, images)
    assert back.dtype == np.uint8


def test_floats_span_minus_one_to_one_with_channels_first():
    images = torch.zeros(2, 4, 5, 3, dtype=torch.uint8)
    images[1, 2, 3, 0] = 255
    floats = pixels.to_float(images)
    assert floats.shape == (2, 3, 4, 5)
    assert floats[1, 0, 2, 3] == 1
    assert floats.sum() == 1 - (floats.numel() - 1)
    assert floats.is_contiguous(memory_format=torch.channels_last)


def test_floats_are_rounded_to_the_nearest_value_and_clamped():
    floats = torch.tensor([-9.0, -1.0, -1 + 0.9 / 255, -1 + 1.1 / 255, 1.0, 9.0]).view(1, 1, 1, 6)
    assert pixels.to_uint8(floats).ravel().tolist() == [0, 0, 0, 1, 255, 255]


def test_bf16_and_gradients_do_not_disturb_the_way_to_uint8():
    floats = torch.ones(1, 1, 2, 2, dtype=torch.bfloat16, requires_grad=True)
    assert (pixels.to_uint8(floats) == 255).all()


@pytest.mark.parametrize(
    ("count", "columns", "shape"),
    [
        (1, None, (4, 6)),
        (4, None, (10, 14)),
        (5, None, (10, 22)),
        (64, None, (46, 62)),
        (5, 5, (4, 38)),
        (5, 1, (28, 6)),
    ],
)
def test_a_sheet_is_as_square_as_it_goes_or_has_the_columns_asked_for(count, columns, shape):
    images = np.full((count, 4, 6, 3), 255, np.uint8)
    assert pixels.sheet(images, columns).shape == (*shape, 3)


def test_a_sheet_holds_the_images_row_by_row_between_black_gaps():
    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1, 1) * np.ones((1, 2, 2, 1), np.uint8)
    expected = np.zeros((5, 8), np.uint8)
    for number, (top, left) in enumerate([(0, 0), (0, 3), (0, 6), (3, 0), (3, 3)], start=1):
        expected[top : top + 2, left : left + 2] = number
    np.testing.assert_array_equal(pixels.sheet(images, gap=1)[..., 0], expected)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_jpeg_decodes_to_nearly_the_same_picture(channels, mode):
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    image = np.stack([np.tile(ramp, (32, 1)), np.tile(ramp[:, None], 32), np.full((32, 32), 90)], -1)[..., :channels]
    picture = Image.open(io.BytesIO(pixels.jpeg(image.astype(np.uint8))))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", mode, (32, 32))
    assert np.abs(np.asarray(picture).reshape(image.shape).astype(int) - image).max() <= 12
