import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.config import Config, ModelConfig
from gan_core.data import prepare
from gan_core.latent import Explorer, Point
from gan_core.latent.synthetic import folder_names, write_set
from gan_core.models import build_generator

CLASSES = ("T-shirt/top", "Bag")


@pytest.fixture
def explorer() -> Explorer:
    torch.manual_seed(0)
    config = Config(model=ModelConfig("dense", 16, ngf=8, latent_dim=6, classes=CLASSES))
    return Explorer(build_generator(config.model).eval(), config, 0)


def test_every_class_gets_its_pictures_and_their_true_names(explorer, tmp_path):
    shares = []
    assert write_set(explorer, tmp_path / "set", 3, first_seed=5, report=shares.append) == 6
    with (tmp_path / "set" / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["T-shirt/top"] * 3 + ["Bag"] * 3
    for row, point in zip(rows, [Point(seed, label=label) for label in (0, 1) for seed in (5, 6, 7)], strict=True):
        picture = np.asarray(Image.open(tmp_path / "set" / row["file"])).astype(int)
        assert np.abs(picture - explorer.render([point])[0]).max() <= 1
    assert shares[-1] == 1.0


def test_the_set_can_be_trained_on_with_its_classes(explorer, tmp_path):
    write_set(explorer, tmp_path / "set", 4)
    store = prepare(tmp_path / "set", 16, 3, tmp_path / "prepared")
    assert store.classes == ("Bag", "T-shirt/top") and sorted(store.labels) == [0] * 4 + [1] * 4


def test_a_folder_in_use_is_left_alone(explorer, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ValueError, match="not empty"):
        write_set(explorer, tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("per_class", [0, -1, 600_000])
def test_a_senseless_number_is_refused(explorer, tmp_path, per_class):
    with pytest.raises(ValueError, match="from 1 to"):
        write_set(explorer, tmp_path / "set", per_class)
    assert not (tmp_path / "set").exists()


def test_a_model_without_classes_cannot_label(tmp_path):
    config = Config(model=replace(ModelConfig("dense", 16, ngf=8, latent_dim=6), classes=()))
    with pytest.raises(ValueError, match="no classes"):
        write_set(Explorer(build_generator(config.model).eval(), config, 0), tmp_path / "set", 2)


def test_names_that_fall_together_are_numbered():
    assert folder_names(("a/b", "a:b")) == ["000 a-b", "001 a-b"]
    assert folder_names(("../x", "...")) == ["x", "class"]
