import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from skimage import data as photographs

from gan_core.data.doctor import examine
from gan_core.data.doctor.duplicates import find_copies
from gan_core.data.doctor.look import SKETCH
from gan_core.data.drawn import draw, factors


def crops(count: int = 30) -> list[Image.Image]:
    """Different pieces of real photographs, all of one size."""
    found = []
    for name in ("astronaut", "chelsea", "coffee"):
        picture = Image.fromarray(getattr(photographs, name)())
        for i in range(count // 3):
            left, top = (i % 5) * (picture.width - 128) // 5, (i // 5) * (picture.height - 128) // 3
            found.append(picture.crop((left, top, left + 128, top + 128)))
    return found


def again(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def examined(tmp_path, files: dict[str, bytes]):
    for name, content in files.items():
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    return examine(tmp_path / "set", tmp_path / "root")


SAVED_AGAIN = {
    "q90.jpg": lambda image: again(image, "JPEG", quality=90),
    "q40.jpg": lambda image: again(image, "JPEG", quality=40),
    "half.jpg": lambda image: again(image.resize((64, 64)), "JPEG", quality=85),
    "twice.png": lambda image: again(image.resize((256, 256)), "PNG"),
    "brighter.png": lambda image: again(ImageEnhance.Brightness(image).enhance(1.04), "PNG"),
    "small.webp": lambda image: again(image, "WEBP", quality=50),
}


@pytest.mark.parametrize("form", SAVED_AGAIN)
def test_pictures_saved_again_are_found(tmp_path, form):
    images = crops()
    files = {f"{i:02d}.png": again(image, "PNG") for i, image in enumerate(images)}
    files |= {f"{i:02d}-{form}": SAVED_AGAIN[form](image) for i, image in enumerate(images)}
    copies = examined(tmp_path, files).copies
    assert len(copies) >= 0.95 * len(images) and not any(copy.exact for copy in copies)
    assert all(copy.name[:2] == copy.of_name[:2] for copy in copies)
    if form in ("half.jpg", "twice.png"):
        assert all(copy.of_name.endswith("twice.png") == (form == "twice.png") for copy in copies), "the largest stays"


def test_the_very_same_pixels_are_told_from_the_nearly_same(tmp_path):
    first, second, *_ = crops()
    report = examined(tmp_path, {
        "a.png": again(first, "PNG"), "b.png": again(first, "PNG", compress_level=1), "c.bmp": again(first, "BMP"),
        "d.jpg": again(first, "JPEG", quality=90), "e.png": again(second, "PNG"),
    })  # fmt: skip
    assert [(copy.name, copy.of_name, copy.exact) for copy in report.copies] == [
        ("b.png", "a.png", True), ("c.bmp", "a.png", True), ("d.jpg", "a.png", False),
    ]  # fmt: skip
    assert report.exact_copies == 2 and [len(group) for group in report.groups] == [3]


def test_different_pictures_are_none(tmp_path):
    assert examined(tmp_path, {f"{i}.png": again(image, "PNG") for i, image in enumerate(crops(45))}).copies == []


def test_drawn_faces_are_all_different(tmp_path):
    assert examine("drawn:400", tmp_path).copies == []


def test_another_expression_of_one_drawn_face_is_another_picture(tmp_path):
    face = Image.fromarray(draw(factors(3), 128))
    other = face.copy()
    ImageDraw.Draw(other).arc((48, 84, 80, 104), 0, 180, "black", 4)
    assert examined(tmp_path, {"a.png": again(face, "PNG"), "b.png": again(other, "PNG")}).copies == []


def test_a_mirrored_picture_is_another(tmp_path):
    image = crops()[0]
    files = {"a.png": again(image, "PNG"), "b.png": again(ImageOps.mirror(image), "PNG")}
    assert examined(tmp_path, files).copies == []


def test_a_chain_of_small_changes_does_not_make_one_group():
    levels = np.arange(0, 240, 8, dtype=np.uint8)
    sketches = np.repeat(levels[:, None], SKETCH, axis=1)
    found = find_copies(sketches, np.ones(len(levels)))
    assert len(set(levels) - {levels[index] for index in found}) > 10
    for index, kept in found.items():
        assert abs(int(levels[index]) - int(levels[kept])) <= 14 and kept not in found


def test_many_plain_pictures_take_no_time():
    rng = np.random.default_rng(0)
    sketches = np.repeat(rng.integers(0, 256, (20_000, 1), np.uint8), SKETCH, axis=1)
    found = find_copies(sketches, np.ones(len(sketches)))
    assert len(found) > 19_700 and not set(found.values()) & set(found)


def test_of_nothing_and_of_one():
    for count in (0, 1):
        assert find_copies(np.zeros((count, SKETCH), np.uint8), np.ones(count)) == {}
