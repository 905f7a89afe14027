"""Models from elsewhere become runs of their own, and what is there already stays as it is."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_nets import example_D, example_G, named
from PIL import Image

from gan_core import pixels
from gan_core.config import Config
from gan_core.files import write_json
from gan_core.home import checkpoints
from gan_core.hub import from_pretrained
from gan_core.hub.bring import bring
from gan_core.hub.names import likely, partner
from gan_core.hub.shelf import Address, hub_address
from gan_core.latent import Explorer, Point, z_from_seeds
from gan_core.models import build_discriminator, build_generator
from gan_core.runs import job, library
from gan_core.runs.checkpoint import load_discriminator, save_discriminator, save_generator
from gan_core.runs.library import find_model
from gan_core.runs.run_dir import RunDir
from gan_core.runs.summary import summarise

FACES = [Point(seed) for seed in range(9)]


@pytest.fixture
def theirs(tmp_path) -> Path:
    """A folder with the example's files of several epochs."""
    folder = tmp_path / "someone's dcgan"
    folder.mkdir()
    for epoch, ngf in {0: 4, 9: 8, 24: 6}.items():
        torch.save(named(example_G(20, ngf)), folder / f"netG_epoch_{epoch}.pth")
        torch.save(named(example_D(ngf)), folder / f"netD_epoch_{epoch}.pth")
    return folder


@pytest.fixture
def published(tiny: Config, tmp_path) -> Path:
    """The files of one of this program's runs, elsewhere."""
    folder = tmp_path / "drawn-faces"
    folder.mkdir()
    for name, nimg in {"generator.safetensors": 80_000, "best.safetensors": 64_000}.items():
        save_generator(folder / name, build_generator(tiny.model), tiny, nimg)
    save_discriminator(folder / "discriminator.safetensors", build_discriminator(tiny.model), tiny, 80_000)
    vector = [1.0] + [0.0] * 7
    write_json(folder / "directions.json", [{"id": "smile", "kind": "own", "name": "smile", "vector": vector}])
    write_json(
        folder / "data.json", {"name": "pets", "count": 40, "skipped": [["a", "b"]], "store": "/etc", "terms": "CC0"}
    )
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Faces", encoding="utf-8")
    return folder


def test_someone_elses_file_becomes_a_run_like_ones_own(theirs):
    run = bring(str(theirs / "netG_epoch_9.pth"), discriminator=theirs / "netD_epoch_9.pth")
    assert run.path == checkpoints() / "netG_epoch_9" and run.name in [each.name for each in library.runs()]
    assert run.status().state == "done" and run.config().model.ngf == run.config().model.ndf == 8
    assert run.data()["origin"] == "netG_epoch_9.pth" and "store" not in run.data()
    summary = summarise(run)
    assert (summary.preset, summary.image_size, summary.shipped) == ("dcgan", 64, False)
    with Image.open(summary.sample) as sheet:
        assert sheet.size == (526, 526)
    explorer, z = Explorer.load(find_model(run.name)), z_from_seeds(range(9), 20)
    wanted = pixels.to_uint8(example_G(20, 8)(torch.from_numpy(z)[:, :, None, None]))
    assert np.abs(explorer.render(FACES).astype(int) - wanted).max() <= 1
    judged = load_discriminator(run.discriminator)[0](torch.zeros(1, 3, 64, 64))
    assert judged.sigmoid().item() == pytest.approx(example_D(8)(torch.zeros(1, 3, 64, 64)).item(), abs=1e-5)
    assert not [path for path in checkpoints().iterdir() if path.name.startswith(".")]


def test_of_a_folder_the_last_epochs_pair_is_taken(theirs):
    run = bring(str(theirs))
    assert run.name == "someone-s-dcgan" and run.config().model.ngf == run.config().model.ndf == 6
    assert run.data()["origin"] == "someone's dcgan (netG_epoch_24.pth)" and run.discriminator.exists()


def test_a_published_run_comes_with_all_that_belongs_to_it(published):
    before = Explorer.load(published / "best.safetensors").render(FACES)
    run = bring(str(published))
    for name in ("generator", "best", "discriminator"):
        assert (run.path / f"{name}.safetensors").read_bytes() == (published / f"{name}.safetensors").read_bytes()
    explorer = Explorer.load(find_model(run.name))
    assert "smile" in explorer.directions and (explorer.render(FACES) == before).all()
    assert run.data() == {"name": "pets", "count": 40, "skipped": [], "origin": "drawn-faces", "terms": "CC0"}
    assert run.status().nimg == 64_000 and "# Faces" in (run.path / "README.md").read_text(encoding="utf-8")


def test_a_single_generator_file_is_named_after_its_folder(published):
    run = bring(str(published / "best.safetensors"))
    assert run.name == "drawn-faces" and run.generator.exists() and not run.best.exists()
    assert "smile" in Explorer.load(run.generator).directions


def test_the_cards_licence_is_kept_as_its_terms(theirs):
    (theirs / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n", encoding="utf-8")
    assert bring(str(theirs)).data()["terms"] == "licence cc-by-4.0"
    (theirs / "README.md").write_text("---\nlicense: other\nlicense_name: my-licence\n---\n", encoding="utf-8")
    assert bring(str(theirs)).data()["terms"] == "licence other: my-licence"
    (theirs / "README.md").write_text("---\nlicense: [:\n---\n", encoding="utf-8")
    assert bring(str(theirs)).data()["terms"] == ""


def test_no_run_is_ever_written_over(theirs, published):
    first = bring(str(theirs), "mine")
    content = {path.name: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="there is a run 'mine' already"):
        bring(str(published), "mine")
    for name in ("../mine", "a/b", ".hidden", "x" * 65):
        with pytest.raises(ValueError, match="is no name for a run"):
            bring(str(published), name)
    assert content == {path.name: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    names = [bring(str(theirs)).name for _ in range(3)]
    assert names == ["someone-s-dcgan", "someone-s-dcgan-2", "someone-s-dcgan-3"]


def test_a_name_taken_while_the_model_was_on_its_way_is_left_alone(published, monkeypatch):
    def render(explorer, points):
        RunDir.create(checkpoints() / "mine", Config())
        return np.zeros((len(points), 32, 32, 3), np.uint8)

    monkeypatch.setattr(Explorer, "render_many", render)
    with pytest.raises(ValueError, match="there is a run 'mine' already"):
        bring(str(published), "mine")
    assert RunDir(checkpoints() / "mine").config() == Config() and len(list(checkpoints().iterdir())) == 1


def test_what_is_in_the_list_already_is_not_brought_again(theirs):
    run = bring(str(theirs), "mine")
    for source in ("mine", str(run.path)):
        with pytest.raises(ValueError, match="is in your list already"):
            bring(source)


def test_a_brought_model_cannot_be_resumed_and_says_so(theirs):
    with pytest.raises(ValueError, match="it can be explored, not resumed"):
        job.prepare_resume(bring(str(theirs)), kimg=1)


@pytest.mark.parametrize("metadata", [{"config": "{"}, {"config": "[" * 10**5}, {"config": "{}"}, {"config": "null"}])
def test_a_generator_with_impossible_settings_is_refused(published, metadata):
    from safetensors.torch import load_file, save_file

    weights = load_file(published / "best.safetensors")
    save_file(weights, published / "best.safetensors", metadata)
    for source in (published, published / "best.safetensors"):
        with pytest.raises(ValueError, match="best.safetensors cannot be opened: "):
            bring(str(source))
    assert not list(checkpoints().iterdir())


def test_from_pretrained_shows_the_very_same_pictures(published, theirs):
    assert (
        from_pretrained(published).render(FACES) == Explorer.load(published / "best.safetensors").render(FACES)
    ).all()
    run = bring(str(theirs), "mine")
    for source in ("mine", run.path, run.generator, theirs):
        assert (from_pretrained(source).render(FACES) == Explorer.load(run.generator).render(FACES)).all()


def test_what_is_nowhere_says_so(tmp_path):
    with pytest.raises(ValueError, match="there is no file or folder netG.pth, and it names no repo on the Hub"):
        bring("netG.pth")
    with pytest.raises(ValueError, match="holds no file of weights that could be opened"):
        bring(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("me/faces", Address("me/faces")),
        (" hf:me/faces ", Address("me/faces")),
        ("https://huggingface.co/me/faces", Address("me/faces")),
        ("https://huggingface.co/me/faces/tree/v2?x=1", Address("me/faces", "v2")),
        ("https://hf.co/me/faces/blob/main/old/netG.pth", Address("me/faces", "main", "old/netG.pth")),
        (
            "https://huggingface.co/me/faces/resolve/main/netG.pth?download=true",
            Address("me/faces", "main", "netG.pth"),
        ),
        ("faces", None),
        ("a/b/c", None),
        ("../faces", None),
    ],
)
def test_addresses_on_the_hub(text, address):
    assert hub_address(text) == address


def test_addresses_of_other_things_on_the_hub_are_refused():
    with pytest.raises(ValueError, match="one of the Hub's datasets, and a model is wanted"):
        hub_address("https://huggingface.co/datasets/me/pets")
    with pytest.raises(ValueError, match="names no model on the Hub"):
        hub_address("hf:faces")


def test_the_likeliest_files_come_first():
    names = ["optimizer.pt", "netD.pth", "model.bin", "netG_epoch_3.pth", "netG_epoch_20.pth", "g_ema.pt", "notes.txt"]
    sizes = dict.fromkeys(names, 5) | {"gen.safetensors": 0}
    assert likely(sizes) == ["g_ema.pt", "netG_epoch_20.pth", "netG_epoch_3.pth", "model.bin", "netD.pth"]
    assert (
        partner("generator_9.pt", dict.fromkeys(["discriminator_8.pt", "discriminator_9.pt"], 5))
        == "discriminator_9.pt"
    )
    assert partner("netG.pth", sizes) == "netD.pth" and partner("model.bin", sizes) is None


def test_json_of_a_run_that_was_brought_can_be_read(theirs):
    run = bring(str(theirs))
    assert Config.from_dict(json.loads((run.path / "config.json").read_text(encoding="utf-8"))) == run.config()
