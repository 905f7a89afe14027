import io

import numpy as np
import pytest
from PIL import Image

from gan_core.data.decode import decode

RED = (255, 0, 0)
Turn = Image.Transpose
AS_STORED = {  # how a camera held that way stores an upright picture
    2: Turn.FLIP_LEFT_RIGHT, 3: Turn.ROTATE_180, 4: Turn.FLIP_TOP_BOTTOM, 5: Turn.TRANSPOSE,
    6: Turn.ROTATE_90, 7: Turn.TRANSVERSE, 8: Turn.ROTATE_270,
}  # fmt: skip


def saved(image: Image.Image, kind: str = "PNG", **options) -> Image.Image:
    """The picture as it comes back from a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def flat(image: Image.Image, channels: int = 3) -> list[int]:
    """The one colour of a picture; fails where it has more than one."""
    pixels = decode(image, 16, channels).reshape(-1, channels)
    assert np.ptp(pixels, axis=0).max() == 0
    return pixels[0].tolist()


def palette_picture() -> Image.Image:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, *RED, 0, 255, 0])
    return image


def test_shapes_and_type():
    for channels in (1, 3):
        pixels = decode(Image.new("RGB", (40, 50)), 16, channels)
        assert pixels.shape == (16, 16, channels) and pixels.dtype == np.uint8


def test_palette():
    assert flat(saved(palette_picture())) == [255, 0, 0]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
def test_a_transparent_palette_entry_is_white(transparency):
    assert flat(saved(palette_picture(), transparency=transparency)) == [255, 255, 255]
    assert flat(saved(palette_picture(), transparency=transparency), 1) == [255]


def test_transparency_is_white():
    assert flat(saved(Image.new("RGBA", (32, 32), (10, 20, 30, 0)))) == [255, 255, 255]
    assert flat(saved(Image.new("LA", (32, 32), (0, 0)))) == [255, 255, 255]
    assert flat(saved(Image.new("RGB", (32, 32), RED), transparency=RED)) == [255, 255, 255]
    assert flat(Image.new("RGBA", (32, 32), (255, 0, 0, 128)))[1] == pytest.approx(127, abs=1)


def test_cmyk_red_is_red():
    image = saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95)
    assert image.mode == "CMYK"
    assert flat(image) == pytest.approx([255, 0, 0], abs=6)
    assert flat(saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "TIFF")) == pytest.approx([255, 0, 0], abs=6)


def test_16_bit_mid_grey_is_mid_grey():
    image = saved(Image.fromarray(np.full((32, 32), 32768, np.uint16)))
    assert image.mode.startswith("I")
    assert flat(image) == pytest.approx([128] * 3, abs=1)
    assert flat(image, 1) == pytest.approx([128], abs=1)


@pytest.mark.parametrize(
    ("values", "grey"),
    [(np.int32(32768), 128), (np.int32(100), 100), (np.float32(0.5), 128), (np.float32(100), 100)],
)
def test_deep_grey(values, grey):
    assert flat(Image.fromarray(np.full((32, 32), values))) == pytest.approx([grey] * 3, abs=1)


def test_floats_of_any_range_keep_their_order():
    ramp = np.linspace(-5000, 9000, 32, dtype=np.float32).repeat(32).reshape(32, 32)
    ramp[0, 0] = np.nan
    column = decode(saved(Image.fromarray(ramp), "TIFF"), 32, 1)[:, 5, 0].astype(int)
    assert column[0] == 0 and column[-1] == 255 and (np.diff(column) > 0).all()


def test_one_bit_and_grey():
    assert flat(saved(Image.new("1", (32, 32), 1))) == [255] * 3
    assert flat(saved(Image.new("L", (32, 32), 77))) == [77] * 3
    assert flat(Image.new("RGB", (32, 32), RED), 1) == [76]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_ends_upright(orientation):
    upright = np.zeros((48, 48, 3), np.uint8)
    upright[:24, :24], upright[:24, 24:], upright[24:, :24] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    image = Image.fromarray(upright)
    if orientation in AS_STORED:
        image = image.transpose(AS_STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind, options in (("JPEG", {"quality": 95, "subsampling": 0}), ("PNG", {}), ("WEBP", {"lossless": True})):
        pixels = decode(saved(image, kind, exif=exif, **options), 16, 3).astype(int)
        assert pixels[3, 3] == pytest.approx([255, 0, 0], abs=9), kind
        assert pixels[3, 12] == pytest.approx([0, 255, 0], abs=9), kind
        assert pixels[12, 3] == pytest.approx([0, 0, 255], abs=9), kind


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_is_no_reason_to_lose_a_picture():
    assert flat(saved(Image.new("RGB", (32, 32), RED), exif=b"Exif\0\0MM\0*garbage")) == [255, 0, 0]


@pytest.mark.parametrize(("size", "left", "top"), [((16, 21), 0, 2), ((21, 16), 2, 0), ((16, 16), 0, 0)])
def test_the_crop_is_the_middle(size, left, top):
    pattern = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert (decode(Image.fromarray(pattern), 16, 3) == pattern[top : top + 16, left : left + 16]).all()


def test_celeba_geometry():
    ramp = np.broadcast_to(np.arange(218, dtype=np.uint8)[:, None], (218, 178))
    column = decode(Image.fromarray(ramp.copy()), 64, 1)[:, 30, 0].astype(float)
    rows = (np.arange(64) + (78 - 64) // 2 + 0.5) * 218 / 78 - 0.5  # 178×218 becomes 64×78
    assert np.abs(column - rows).max() < 1


@pytest.mark.parametrize("size", [128, 1024])
def test_a_fine_checkerboard_becomes_mid_grey(size):
    board = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = decode(Image.fromarray(board), 16, 1)[2:-2, 2:-2].astype(int)
    assert np.abs(pixels - 127.5).max() < 6


def test_a_big_jpeg_is_reduced_while_decoding_and_looks_the_same():
    ramp = np.linspace(0, 255, 1600, dtype=np.uint8)[None].repeat(1200, 0)
    image = saved(Image.fromarray(np.dstack([ramp, ramp[:, ::-1], ramp])), "JPEG", quality=95)
    decoded = decode(image, 64, 3).astype(int)
    assert max(image.size) < 1600
    reference = decode(Image.fromarray(np.dstack([ramp, ramp[:, ::-1], ramp])), 64, 3)
    assert np.abs(decoded - reference).max() <= 6


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    image = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image.seek(2)
    assert flat(image) == [255, 0, 0]
    assert flat(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)) == [255, 0, 0]


def refusal(image: Image.Image, size: int = 64) -> str:
    with pytest.raises(ValueError) as caught:
        decode(image, size, 3)
    return str(caught.value)


def test_tiny_pictures_are_refused():
    assert refusal(Image.new("RGB", (9, 12))) == "only 9×12 pixels"
    assert refusal(Image.new("RGB", (7, 400)), 16) == "only 7×400 pixels"
    assert decode(Image.new("RGB", (16, 16)), 64, 3).shape == (64, 64, 3)


def test_absurd_sizes_are_refused_before_any_pixel_is_read():
    class Huge(Image.Image):
        size = (20_000, 20_000)

        def load(self):
            raise AssertionError("pixels were read")

    assert refusal(Huge()) == "20000×20000 is more than 200 megapixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_file_that_ends_early_says_so(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    file = io.BytesIO()
    noise.save(file, kind)
    half = file.getvalue()[: len(file.getvalue()) // 2]
    try:
        image = Image.open(io.BytesIO(half))
    except OSError:  # WebP already refuses to open
        return
    assert refusal(image) == "the file ends early"


def test_a_phone_picture_with_two_frames_is_a_jpeg():
    image = saved(Image.new("RGB", (32, 32), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 32))])
    assert image.format == "MPO" and flat(image) == pytest.approx([255, 0, 0], abs=2)
