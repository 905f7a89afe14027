import shutil
from pathlib import Path

import pytest
import torch
from foreign_nets import example_D, example_G, named
from gradio.utils import get_upload_folder
from long_work import result_of

from gan_core.home import checkpoints
from gan_core.runs.library import find_run
from ui.explore import opened
from ui.explore.bring import bring_model


@pytest.fixture(autouse=True)
def upload_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))


@pytest.fixture
def upload(tmp_path):
    """upload(value, name): where Gradio has put a file of these weights."""

    def upload(value, name: str) -> Path:
        folder = Path(get_upload_folder()) / f"{len(name):064x}"
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(value, folder / name)
        return folder / name

    return upload


def test_an_uploaded_pair_is_a_model_to_open(upload):
    netG, netD = upload(named(example_G(10, 4, size=32)), "netG.pth"), upload(named(example_D(5, size=32)), "netD_.pth")
    told = result_of(bring_model({"file": str(netG), "discriminator": str(netD)}))
    assert told == {"model": "netG", "note": ""} and find_run("netG").config().model.ndf == 5
    about = opened.open_model({"model": "netG"})
    assert (about["size"], about["latentDim"], about["data"], about["origin"]) == (32, 10, "", "netG.pth")
    assert not netG.parent.exists() and not netD.parent.exists()


def test_a_folder_on_this_computer_under_a_name_of_ones_own(tmp_path):
    (tmp_path / "models").mkdir()
    torch.save(named(example_G(10, 4, size=32)), tmp_path / "models" / "netG.pth")
    request = {"path": str(tmp_path / "models"), "name": " mine "}
    assert result_of(bring_model(request)) == {"model": "mine", "note": ""}
    assert bring_model(request) == {"error": "There is a run 'mine' already: choose another name, or resume it."}
    assert (tmp_path / "models" / "netG.pth").exists()


def test_what_cannot_be_opened_is_one_sentence_and_leaves_nothing(upload):
    netD = upload(named(example_D(5, size=32)), "netD.pth")
    assert result_of(bring_model({"file": str(netD)})) == {
        "error": "netD.pth cannot be opened: this is a discriminator: the generator is wanted."
    }
    assert not list(checkpoints().iterdir()) and not netD.parent.exists()


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({}, "Choose a file, or say where the model is."),
        ({"discriminator": "{file}"}, "Choose the generator's file, too."),
        ({"file": "/etc/passwd"}, "This upload is gone: choose the file again."),
        ({"file": "{file}/../../../outside/netG.pth"}, "This upload is gone: choose the file again."),
        ({"file": "{packs}"}, "This upload is gone: choose the file again."),
        ({"file": ["{file}"]}, "This upload is gone: choose the file again."),
        ({"path": "/nowhere/at/all.pth"}, "There is no file or folder /nowhere/at/all.pth on the computer"),
        ({"hub": "/etc/passwd"}, "Write it as owner/name, or paste the address of its page."),
        ({"hub": "https://huggingface.co/datasets/me/pets"}, "one of the Hub's datasets, and a model is wanted"),
        ({"path": "x", "name": "../x"}, "'../x' is no name for a run"),
    ],
)
def test_only_uploads_and_what_is_named_are_opened(upload, tmp_path, request_, sentence):
    file = upload({}, "netG.pth")
    for folder in (tmp_path / "outside", file.parents[1] / "packs"):
        folder.mkdir()
        shutil.copy(file, folder)
    places = {"{file}": str(file), "{packs}": str(file.parents[1] / "packs" / "netG.pth")}
    for key, value in request_.items():
        for place, path in places.items():
            value = value.replace(place, path) if isinstance(value, str) else value
        request_[key] = value
    assert sentence in bring_model(request_)["error"]
    assert file.exists() and (tmp_path / "outside" / "netG.pth").exists()


def test_a_visitor_of_a_space_cannot_bring_anything(visitor, upload):
    netG = upload(named(example_G(10, 4, size=32)), "netG.pth")
    visitor("somebody-else")
    assert "On this page everybody can explore" in bring_model({"file": str(netG)})["error"]
    visitor("somebody")
    assert result_of(bring_model({"file": str(netG)}))["model"] == "netG"
