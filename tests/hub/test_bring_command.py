"""The command `bring`, and the others on a file that somebody else trained."""

import json

import pytest
import torch
from foreign_nets import example_D, example_G, named
from PIL import Image

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.runs.library import find_run


@pytest.fixture
def netG(tmp_path):
    torch.save(named(example_G(10, 4, size=32)), tmp_path / "netG.pth")
    torch.save(named(example_D(6, size=32)), tmp_path / "netD.pth")
    return tmp_path / "netG.pth"


def test_bring_makes_a_run_and_tells_of_it(netG, capsys):
    other = str(netG.with_name("netD.pth"))
    assert main(["bring", str(netG), "--name", "theirs", "--discriminator", other, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["size"], told["latent_dim"], told["note"]) == ("theirs", 32, 10, "")
    assert find_run("theirs").config().model.ndf == 6
    assert main(["bring", str(netG)]) == 0
    assert capsys.readouterr().out == f"netG is in {checkpoints() / 'netG'}: 32 px, z of 10\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["netD.pth"], "netD.pth cannot be opened: this is a discriminator: the generator is wanted"),
        (["netG.pth", "--name", "a b"], "'a b' is no name for a run"),
        (["netG.pth", "--discriminator", "no.pth"], "there is no file no.pth"),
        (["no.pth"], "there is no file or folder no.pth, and it names no repo on the Hub"),
    ],
)
def test_bad_input_is_one_sentence(netG, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(netG.parent)
    assert main(["bring", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_foreign_file_can_be_sampled_without_being_brought(netG, tmp_path):
    assert main(["sample", str(netG), "--seeds", "0-3", "--out", str(tmp_path / "grid.png")]) == 0
    with Image.open(tmp_path / "grid.png") as sheet:
        assert sheet.size == (66, 66)
    assert not list(checkpoints().iterdir())


def test_a_brought_model_is_not_resumed_and_not_fine_tuned_without_pictures(netG, capsys):
    main(["bring", str(netG), "--name", "theirs"])
    assert main(["resume", "theirs"]) == 2
    assert "'theirs' is a finished model without its training state" in capsys.readouterr().err
    assert main(["resume", "theirs", "--fine-tune", "mine"]) == 2
    assert "'theirs' came without its pictures: name some with --data" in capsys.readouterr().err
    assert main(["resume", "theirs", "--fine-tune", "mine", "--data", "drawn:40"]) == 2
    assert (
        "'theirs' has no training state whose weights a new run could begin with, and no disc"
        in capsys.readouterr().err
    )
    assert not (checkpoints() / "mine").exists()


def test_with_its_discriminator_it_can_be_fine_tuned(netG, capsys):
    main(["bring", str(netG), "--name", "theirs", "--discriminator", str(netG.with_name("netD.pth"))])
    more = ["--data", "drawn:40", "--batch-size", "8", "--kimg", "0.04"]
    assert main(["resume", "theirs", "--fine-tune", "mine", *more]) == 0
    assert "it began with 100% of the weights of 'theirs'" in capsys.readouterr().out
    assert find_run("mine").config().parent == "theirs" and find_run("mine").generator.exists()
