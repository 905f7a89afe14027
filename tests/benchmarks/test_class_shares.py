import json

import numpy as np
import torch
from PIL import Image

from benchmarks import class_shares
from gan_core.config import Config, ModelConfig
from gan_core.home import checkpoints
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir

COLOURS = {"black": 0, "white": 255}


def test_a_classifier_learns_what_tells_its_classes_apart():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    images = (100 * labels[:, None, None, None] + rng.integers(0, 90, (400, 16, 16, 1))).astype(np.uint8)
    net = class_shares.train(images[:300], labels[:300], 2, epochs=3)
    assert (class_shares.classify(net, images[300:]) == labels[300:]).mean() > 0.95


def test_a_model_that_makes_one_class_only_is_found_out(tmp_path, capsys):
    for name, grey in COLOURS.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(60):
            Image.new("L", (16, 16), abs(grey - i)).save(tmp_path / "data" / name / f"{i}.png")
    config = Config(model=ModelConfig("dense", 16, 1, ngf=4, latent_dim=4))
    G = build_generator(config.model).eval()
    torch.nn.init.constant_(G.to_image.bias, 9.0)  # white, whatever z is
    save_generator(RunDir.create(checkpoints() / "white", config).generator, G, config, 0)
    options = ["white", "--data", str(tmp_path / "data"), "--n", "50", "--epochs", "20"]
    class_shares.main(options)
    out = capsys.readouterr().out
    found = json.loads(out.splitlines()[-1])
    assert found["classifier_accuracy"] == 1.0
    assert found["classes"]["white"] == {"true": 0.5, "share": 1.0, "ratio": 2.0}
    assert found["classes"]["black"]["ratio"] == 0.0 and found["within_factor_two"] == 1
    assert "1 of 2 classes within a factor of two" in out
