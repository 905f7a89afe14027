import json
from functools import partial

import torch

from benchmarks import directions
from gan_core.attributes import classifier, study
from gan_core.config import Config, ModelConfig
from gan_core.home import checkpoints
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir


def test_a_model_of_drawn_faces_is_measured_by_every_kind_of_direction(monkeypatch, capsys):
    monkeypatch.setattr(classifier, "SEEN", 4_000)
    monkeypatch.setattr(directions, "study", partial(study, num_samples=128))
    monkeypatch.setattr("gan_core.data.sources.DRAWN_COUNT", 400)
    config = Config(model=ModelConfig(image_size=16, ngf=4, latent_dim=16))
    torch.manual_seed(0)
    save_generator(
        RunDir.create(checkpoints() / "drawn", config).generator, build_generator(config.model), config, 9000
    )
    directions.main(["--drawn-model", "drawn", "--n", "16"])
    out = capsys.readouterr().out
    assert "drawn: after 9 kimg, n = 16" in out
    found = json.loads(out.splitlines()[-1])["models"]["drawn"]
    kinds = [each["kind"] for each in found["directions"]]
    assert {"label", "pca", "sefa"} <= set(kinds) and kinds.count("random") == directions.NUM_RANDOM
    assert kinds.count("label") >= kinds.count("apart")
    assert found["accuracy"]["background"] > 0.8


def test_a_table_ranks_what_was_learned_and_says_what_keeping_apart_did():
    rows = [
        {"id": "a", "kind": kind, "name": "Smile", "accuracy": 0.9, "effect": effect, "others": others}
        for kind, effect, others in (("label", 0.6, 0.4), ("apart", 0.5, 0.2))
    ]
    rows += [{"id": "r", "kind": "random", "name": "", "effect": effect, "others": 0.3} for effect in (-0.2, 0.1)]
    text = directions.table({"directions": rows})
    assert [line.split()[-4:] for line in text.splitlines() if line.startswith("random")] == [
        ["2", "0.15", "0.30", "0.20"]
    ]
    assert text.splitlines()[-1].split() == ["Smile", "0.90", "0.60", "0.40", "0.50", "0.20"]
