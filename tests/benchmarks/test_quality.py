import numpy as np
import pytest
from PIL import Image

from benchmarks import quality
from benchmarks.reference import lay_out

SCRIPT = """
def features(images):
    return images.reshape(len(images), -1).mean(1)

def frechet(a, b):
    return float((a.mean() - b.mean()) ** 2)
"""


@pytest.fixture
def args(tmp_path):
    (tmp_path / "distance.py").write_text(SCRIPT)
    options = ["--size", "32", "--kimg", "0.32", "--n", "64", "--fd", str(tmp_path / "distance.py")]
    return quality.parser().parse_args([*options, "--sheets", str(tmp_path), "--device", "cpu"])


@pytest.fixture
def scratch(tmp_path):
    lay_out("drawn:80", tmp_path / "pictures" / "all")
    return tmp_path


@pytest.mark.parametrize("recipe", [quality.REFERENCE, "fast"])
def test_a_recipe_is_measured_at_every_mark(recipe, args, scratch):
    rows = quality.course(recipe, scratch, args)
    batch = quality.config_of(recipe, args).train.batch_size
    for row, share in zip(rows, quality.MARKS, strict=True):
        assert share * 0.32 <= row["kimg"] < share * 0.32 + batch / 1000
        assert row["swd"] > 0 and row["fd"] >= 0
    assert rows[0]["minutes"] < rows[-1]["minutes"]
    assert rows[0]["swd"] != rows[-1]["swd"], "the samples are of the networks at that mark"
    assert Image.open(scratch / f"{recipe}.jpg").size == (8 * 34 - 2, 8 * 34 - 2)


def test_the_floor_is_measured_between_different_pictures(args, scratch):
    floors = quality.floors(scratch, args)
    assert set(floors) == {"swd", "fd"} and floors["swd"] > 0


def test_a_preset_that_cannot_make_the_size_is_left_out():
    assert quality.fits("fast", 64) and quality.fits("mlp-28", 64) and quality.fits(quality.REFERENCE, 64)
    assert not quality.fits("dcgan-28", 64) and not quality.fits("modern", 28)


def test_the_table_gives_shares_of_the_reference_and_the_picture_is_drawn(tmp_path):
    rows = {"reference": [10.0, 8.0], "fast": [6.0, 2.0]}
    result = {
        "n": 64,
        "floors": {"swd": 1.0},
        "recipes": {
            name: [{"kimg": i + 1.0, "minutes": i + 1.0, "swd": swd} for i, swd in enumerate(values)]
            for name, values in rows.items()
        },
    }
    last = quality.table(result).splitlines()[2].split()
    assert last == ["fast", "2.0", "2.00", "17", "2.0", "0.25"]
    quality.draw(result, tmp_path / "quality.png")
    assert np.asarray(Image.open(tmp_path / "quality.png")).std() > 0
