import json
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.latent import Explorer, Point
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir

SHORT = ["--seconds", "0.5", "--fps", "20", "--pixels", "64"]


@pytest.fixture
def run(tiny) -> RunDir:
    """A run with two snapshots and its last weights, which draw pictures of some contrast."""
    run = RunDir.create(checkpoints() / "mine", tiny)
    for nimg, path in ((500, run.snapshot_path(500)), (1000, run.snapshot_path(1000)), (1500, run.generator)):
        torch.manual_seed(nimg)
        G = build_generator(tiny.model)
        for _ in range(30):  # batch norm learns what to expect
            G(torch.randn(16, tiny.model.latent_dim))
        G.to_image.weight.data.normal_(0, 0.5)
        save_generator(path, G, tiny, nimg, half=nimg < 1500)
    return run


def written(capsys, *argv: str) -> dict:
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def film(path: Path) -> np.ndarray:
    if path.suffix == ".mp4":
        with av.open(str(path)) as file:
            return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    frames, picture = [], Image.open(path)
    for i in range(getattr(picture, "n_frames", 1)):
        picture.seek(i)
        frames.append(np.asarray(picture.convert("RGB")))
    return np.stack(frames)


@pytest.mark.parametrize("suffix", ["mp4", "gif", "webp"])
@pytest.mark.parametrize("command", ["morph", "learned"])
def test_a_film_has_the_length_and_size_asked_for(run, tmp_path, command, suffix, capsys):
    out = tmp_path / f"film.{suffix}"
    assert written(capsys, command, "mine", "--seeds", "1,5", *SHORT, "--out", str(out)) == {
        "out": str(out),
        "frames": 10,
    }
    frames = film(out)
    side = 64 if command == "morph" else 66
    assert len(frames) == 10 and frames.shape[2] == side


def test_a_strip_begins_and_ends_on_its_seeds(run, tmp_path, capsys):
    out, explorer = tmp_path / "strip.png", Explorer.load(run.generator)
    argv = ["--seeds", "1,5,9", "--open", "--frames", "5", "--pixels", "32", "--path", "spline", "--out", str(out)]
    assert written(capsys, "morph", "mine", *argv)["frames"] == 5
    strip = film(out)[0].astype(int)
    assert strip.shape == (32, 5 * 34 - 2, 3)
    for place, seed in ((0, 1), (2, 5), (4, 9)):
        picture = strip[:, 34 * place : 34 * place + 32]
        assert np.abs(picture - explorer.render([Point(seed)])[0]).max() <= 1
    written(capsys, "morph", "mine", *argv, "--columns", "3")
    assert film(out)[0].shape == (66, 100, 3)


def test_easing_and_the_way_change_the_film(run, tmp_path, capsys):
    strips = []
    for more in ([], ["--easing", "smooth"], ["--path", "spline"], ["--open"]):
        out = tmp_path / f"{len(strips)}.png"
        written(capsys, "morph", "mine", "--frames", "7", "--pixels", "32", *more, "--out", str(out))
        strips.append(out.read_bytes())
    assert len(set(strips)) == 4


def test_how_it_learned_goes_from_the_first_snapshot_to_the_last_weights(run, tmp_path, capsys):
    out = tmp_path / "learned.png"
    argv = ["learned", "mine", "--seeds", "7", "--frames", "3", "--pixels", "32", "--out", str(out)]
    written(capsys, *argv, "--hold")
    strip = film(out)[0].astype(int)
    for place, path in enumerate([*(path for _, path in run.snapshots()), run.generator]):
        expected = Explorer.load(path).render([Point(7)])[0]
        assert np.abs(strip[:, 34 * place : 34 * place + 32] - expected).max() <= 1
    written(capsys, *argv, "--words")
    assert np.abs(film(out)[0].astype(int) - strip).max() > 50


def test_a_run_without_snapshots_says_so(run, tmp_path, capsys):
    for _, path in run.snapshots():
        path.unlink()
    assert main(["learned", "mine", "--out", str(tmp_path / "a.mp4")]) == 2
    assert "no snapshots" in capsys.readouterr().err
