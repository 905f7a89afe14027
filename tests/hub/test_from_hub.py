"""Models from the Hub, over real HTTP."""

import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from foreign_nets import example_D, example_G, named
from hub_double import SHA, Hub

from gan_core.config import Config, ModelConfig
from gan_core.latent import Explorer, Point
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator

CLIENT = """
import hashlib, json, os, sys
from gan_core.hub import from_pretrained
from gan_core.hub.bring import bring
from gan_core.latent import Point
seen = []
def report(*progress):
    seen.append(progress)
    if "CANCEL" in os.environ:
        raise KeyError("cancelled")
for wish in sys.argv[1:]:
    way, source = wish.split(" ")
    seen.clear()
    try:
        if way == "bring":
            run = bring(source, on_download=report)
            files = sorted(path.name for path in run.path.iterdir() if path.is_file())
            print(json.dumps([run.name, run.config().model.ngf, run.data(), files, seen]))
        else:
            explorer = from_pretrained(source)
            faces = explorer.render([Point(seed) for seed in range(8)])
            loaded = [name for name in sys.modules if name.startswith(("gan_core.training", "gan_core.data", "gradio"))]
            print(json.dumps([hashlib.sha256(faces).hexdigest(), list(explorer.directions)[-1], loaded]))
    except (ValueError, KeyError) as error:
        print(json.dumps(str(error)))
"""


def saved(value) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    config = Config(model=ModelConfig(image_size=32, ngf=4, ndf=4, latent_dim=8))
    save_generator(folder / "generator.safetensors", build_generator(config.model), config, 5000)
    save_generator(folder / "best.safetensors", build_generator(config.model), replace(config, preset="fast"), 4000)
    smile = [{"id": "smile", "kind": "own", "name": "smile", "vector": [1.0] + [0.0] * 7}]
    (folder / "directions.json").write_text(json.dumps(smile), encoding="utf-8")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hub(published):
    netG, netD = saved(named(example_G(ngf=5))), saved(named(example_D(ndf=5)))
    repos = {
        "me/faces": {path.name: path.read_bytes() for path in published.iterdir()} | {"model.onnx": b"onnx"},
        "me/theirs": {"netG.pth": netG, "netD.pth": netD, "config.json": b"{}", "x/netG_old.pth": b"?" * 99},
        "me/style": {"g_ema.pt": saved({"g_ema": {"style.1.weight": torch.zeros(9, 9)}}), "d.pt": netD},
        "me/only-d": {"netD.pth": netD},
        "me/text": {"notes.txt": b"hi", "model.h5": b"x"},
        "me/gated": {"netG.pth": netG},
    }
    hub = Hub(repos)
    yield hub
    hub.close()


@pytest.fixture
def ask(hub, tmp_path, home_folder):
    """ask(*wishes) brings or opens models in a process of its own that takes `endpoint` for the Hub."""

    def ask(*wishes: str, endpoint: str = hub.endpoint, **more: str) -> list:
        env = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"} | more
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, *wishes], env=env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_from_pretrained_downloads_what_it_needs_and_shows_the_same_pictures(hub, ask, published):
    hub.asked.clear()
    [[digest, direction, loaded]] = ask("open me/faces")
    faces = Explorer.load(published / "best.safetensors").render([Point(seed) for seed in range(8)])
    assert digest == hashlib.sha256(faces).hexdigest() and direction == "smile" and loaded == []
    assert sorted(hub.asked) == ["best.safetensors", "directions.json"]
    hub.asked.clear()
    assert ask("open hf:me/faces")[0][0] == digest and hub.asked == []
    assert ask("open me/faces", endpoint="http://127.0.0.1:9")[0][0] == digest


def test_a_published_run_and_other_peoples_weights_are_brought(hub, ask):
    hub.asked.clear()
    ours, theirs, again = ask("bring me/faces", f"bring https://huggingface.co/me/theirs/tree/{SHA}", "bring me/theirs")
    name, ngf, data, files, seen = ours
    assert (name, ngf, data["origin"], data["terms"]) == ("faces", 4, "hf:me/faces", "licence mit")
    assert {"best.safetensors", "generator.safetensors", "directions.json", "README.md"} <= set(files)
    assert seen and all(0 < done <= total for done, total in seen)
    name, ngf, data, files, _ = theirs
    assert (name, ngf, data["terms"]) == ("theirs", 5, "licence not stated")
    assert data["origin"] == f"hf:me/theirs@{SHA} (netG.pth)" and "discriminator.safetensors" in files
    assert again[0] == "theirs-2"
    assert not {"model.onnx", "config.json", "x/netG_old.pth"} & set(hub.asked)


def test_one_file_of_a_repo_can_be_meant(ask):
    assert ask(
        "bring https://huggingface.co/me/theirs/blob/main/x/netG_old.pth", "bring hf:me/theirs/blob/main/no.pth"
    ) == [
        "netG_old.pth cannot be opened: it is damaged, or no file of weights; "
        "a PyTorch state_dict or a safetensors file can be opened",
        "hf:me/theirs has no file no.pth",
    ]


def test_a_download_can_be_cancelled_and_done_again(ask, home_folder):
    assert ask("bring me/theirs", CANCEL="1") == ["'cancelled'"]
    assert not list(home_folder.glob("checkpoints/*"))
    assert ask("bring me/theirs")[0][0] == "theirs"


def test_what_cannot_be_had_is_one_sentence_each(ask):
    wishes = ["style", "only-d", "text", "gated", "none", "broken", "theirs/tree/v9"]
    assert ask(*(f"bring https://huggingface.co/me/{name}" for name in wishes)) == [
        "g_ema.pt cannot be opened: it is a StyleGAN, which is another network than a DCGAN",
        "netD.pth cannot be opened: this is a discriminator: the generator is wanted",
        "hf:me/text holds no file of weights that could be opened (.safetensors, .pth, .pt, .bin, .ckpt)",
        "hf:me/gated wants its terms to be accepted: do so at https://huggingface.co/me/gated, "
        "then log in here with “hf auth login”.",
        "There is no model me/none on the Hub, or it is private and needs “hf auth login”.",
        "hf:me/broken could not be downloaded: the Hub answered with error 418.",
        "hf:me/theirs has no such revision.",
    ]


def test_no_network_is_one_sentence(ask):
    assert ask("open me/faces", endpoint="http://127.0.0.1:9") == [
        "hf:me/faces could not be downloaded: no connection to the Hub."
    ]
