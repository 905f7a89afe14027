import csv
import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.__main__ import main
from gan_core.attributes import classifier
from gan_core.config import Config, ModelConfig
from gan_core.latent import catalogue
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator


@pytest.fixture
def model(tmp_path):
    """A generator whose first axis of z makes its pictures bright."""
    config = Config(model=ModelConfig("mlp", 16, 1, latent_dim=6, ngf=8, ndf=8))
    torch.manual_seed(0)
    G = build_generator(config.model).requires_grad_(False)
    for weight in (G.project[0].weight, G.blocks[0][0].weight, G.blocks[1][0].weight, G.to_image.weight):
        weight.normal_(0, 0.02)
    G.project[0].weight[0, 0] = G.blocks[0][0].weight[0, 0] = G.blocks[1][0].weight[0, 0] = 1
    G.project[0].bias[0] = 3
    G.to_image.bias.fill_(-3)
    G.to_image.weight[:, 0] = 1
    save_generator(tmp_path / "generator.safetensors", G, config, 0)
    return tmp_path / "generator.safetensors"


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Dark and bright pictures, told by a labels.csv that also knows what cannot be seen."""
    monkeypatch.setattr(classifier, "SEEN", 4_000)
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    rows = [("file", "light", "luck")]
    for i in range(200):
        bright = rng.random() < 0.5
        shade = rng.integers(140, 250) if bright else rng.integers(5, 115)
        Image.new("L", (16, 16), int(shade)).save(tmp_path / "pictures" / f"{i}.png")
        rows.append((f"{i}.png", "bright" if bright else "dark", "good" if rng.random() < 0.5 else "bad"))
    with (tmp_path / "pictures" / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "pictures"


def test_directions_are_listed_with_their_shares(model, capsys):
    assert main(["directions", str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["direction", "name", "share"]
    assert [line.split()[0] for line in lines[1:]] == [f"{kind}-{i}" for kind in ("pca", "sefa") for i in range(1, 7)]


def test_learned_ones_are_measured_and_saved_with_the_model(model, pictures, capsys):
    assert main(["directions", str(model), "--labels", str(pictures), "--save", "--json"]) == 0
    *found, saved = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    first = found[0]
    assert first["kind"] == "label" and first["id"] in ("label-light-bright", "label-light-dark")
    assert first["measured"]["effect"] > 0.8 and first["measured"]["accuracy"] > 0.95
    assert abs(first["vector"][0]) > 0.9, "the axis that makes pictures bright"
    assert [each["kind"] for each in found] == ["label"] + 6 * ["pca"] + 6 * ["sefa"]
    strongest = next(each for each in found if each["id"] == "pca-1")
    assert strongest["measured"]["factor"].startswith("Light")
    kept = catalogue.read(model.with_name("directions.json"), 6)
    assert saved == {"saved": str(model.with_name("directions.json"))}
    assert [each.id for each in kept] == [each["id"] for each in found]


def test_the_table_says_what_its_numbers_mean_and_what_cannot_be_told(model, pictures, capsys):
    assert main(["directions", str(model), "--labels", str(pictures)]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[1].startswith("label-light-") and "Light: " in text
    assert "effect: share of pictures" in text and "cannot be told from the pictures: Luck: " in text
    assert not model.with_name("directions.json").exists()


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["--factor", "light"], "--labels"),
        (["--labels", "{pictures}", "--factor", "nose"], "no factor 'nose'"),
        (["--labels", "{pictures}", "--factor", "luck"], "cannot be told"),
        (["--labels", "/there/is/nothing"], "no /there/is/nothing"),
    ],
)
def test_what_is_wrong_is_one_sentence(model, pictures, capsys, options, sentence):
    assert main(["directions", str(model), *(text.format(pictures=pictures) for text in options)]) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
