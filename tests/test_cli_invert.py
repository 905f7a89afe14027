import base64
import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.__main__ import main
from gan_core.config import Config
from gan_core.latent import Explorer, Point
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator

QUICK = ["--starts", "2", "--steps", "10"]


@pytest.fixture
def model(tmp_path) -> str:
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G = build_generator(config.model)
        G.to_image.weight.data.normal_(0, 0.5)
    save_generator(tmp_path / "tiny.safetensors", G, config, 1500)
    return str(tmp_path / "tiny.safetensors")


@pytest.fixture
def photo(model, tmp_path) -> str:
    """A wide photo whose middle the model can make."""
    image = Explorer.load(model).render([Point(5)])[0]
    Image.fromarray(np.pad(image, ((0, 0), (8, 8), (0, 0)))).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def test_a_photo_is_found_and_its_z_makes_the_picture(model, photo, tmp_path, capsys):
    assert main(["invert", model, photo, "--out", str(tmp_path / "x.png"), "--json", *QUICK]) == 0
    told = json.loads(capsys.readouterr().out)
    panel = np.asarray(Image.open(tmp_path / "x.png")).astype(int)
    assert panel.shape == (16, 16 * 3 + 4, 3) and told["off"] < told["random_off"]
    z = np.frombuffer(base64.b64decode(told["z"]), "<f4")
    image = Explorer.load(model).render([Point(z=tuple(z))])[0]
    assert np.abs(image - panel[:, 18:34]).max() <= 1
    assert np.array_equal(panel[:, :16], np.asarray(Image.open(photo))[:, 8:24])


def test_the_result_is_said_in_a_sentence(model, photo, tmp_path, capsys):
    assert main(["invert", model, photo, "--denoise", "--out", str(tmp_path / "x.png"), *QUICK]) == 0
    assert "% in the brightness of a pixel; the nearest of 512 random pictures is off by" in capsys.readouterr().out


def test_a_hole_is_filled_and_the_rest_kept(model, photo, tmp_path):
    mask = Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 16, 32))
    mask.save(tmp_path / "mask.png")
    out = tmp_path / "x.png"
    assert main(["invert", model, photo, "--mask", str(tmp_path / "mask.png"), "--out", str(out), *QUICK]) == 0
    panel = np.asarray(Image.open(out)).astype(int)
    assert np.abs(panel[:, 9:16] - panel[:, 45:52]).max() <= 1


@pytest.mark.parametrize("side", [[], ["5"]])
def test_a_photo_is_enlarged(model, photo, tmp_path, side):
    assert main(["invert", model, photo, "--enlarge", *side, "--out", str(tmp_path / "x.png"), *QUICK]) == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--enlarge", "16"], "2 to 15 pixels"),
        (["--starts", "1000"], "1 to 64 starts"),
        (["--mask", "nowhere.png"], "cannot be read"),
        (["--class", "cat"], "no class 'cat'"),
        (["--out", "x.txt"], "cannot be written as a picture"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(model, photo, tmp_path, capsys, monkeypatch, wrong, words):
    monkeypatch.chdir(tmp_path)
    assert main(["invert", model, photo, *wrong]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "found.png").exists()


def test_what_is_no_photo_is_said(model, tmp_path, capsys):
    (tmp_path / "notes.jpg").write_text("not a picture")
    for name, words in (("notes.jpg", "not an image"), ("gone.jpg", "No such file"), (".", "Is a directory")):
        assert main(["invert", model, str(tmp_path / name)]) == 2
        assert words in capsys.readouterr().err
