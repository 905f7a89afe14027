import json

import numpy as np
import torch
from PIL import Image

from benchmarks import restore
from gan_core.config import Config
from gan_core.home import checkpoints
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir


def test_every_job_is_measured_on_photos_and_on_samples(tmp_path, capsys):
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G = build_generator(config.model)
        G.to_image.weight.data.normal_(0, 0.5)
    save_generator(RunDir.create(checkpoints() / "tiny", config).generator, G, config, 0)
    panel = tmp_path / "panel.png"
    restore.main(["tiny", "--data", "drawn:40", "--n", "1", "--samples", "1", "--panel", str(panel)])
    out = capsys.readouterr().out
    found = json.loads(out.splitlines()[-1])
    assert found["n"] == {"photos": 1, "samples": 1}
    assert {tuple(rows) for rows in found["results"].values()} == {restore.JOBS}
    assert found["results"]["samples"]["find"]["off"] <= found["results"]["samples"]["find"]["random_off"]
    assert Image.open(panel).size == (16 * 16 + 15 * 2, 2 * 16 + 2)
    assert "samples denoise" in out


def test_what_is_spoilt_is_judged_where_it_was():
    picture = np.random.default_rng(0).integers(0, 256, (18, 18, 3)).astype(np.uint8)
    spoilt, _, plain, judged = restore.task("hole", picture)
    assert judged.sum() == 36 and not np.array_equal(spoilt[judged], picture[judged])
    assert plain.shape == picture.shape and np.array_equal(plain[~judged], picture[~judged])
