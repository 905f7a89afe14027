"""Nothing that is loaded can execute: harmful pickles planted wherever a file is read do nothing but raise an error."""

import ast
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.data import load_store, prepare
from gan_core.home import checkpoints, datasets
from gan_core.hub import from_pretrained
from gan_core.hub.bring import bring
from gan_core.latent import Explorer
from gan_core.metrics.fidelity import check_weights
from gan_core.runs.checkpoint import load_discriminator, load_generator, load_state
from gan_core.runs.library import find_model
from gan_core.runs.run_dir import RunDir
from gan_core.runs.worker import Worker

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [path for folder in ("gan_core", "ui") for path in (ROOT / folder).rglob("*.py")] + [ROOT / "app.py"]
FILES = [
    "config.json", "data.json", "status.json", "metrics.jsonl", "history.jsonl", "generator.safetensors",
    "best.safetensors", "discriminator.safetensors", "parent.pt", "stop", "heal", "log.txt", "samples/000000080.jpg",
    "state/000000080.pt", "snapshots/000000080.safetensors",
]  # fmt: skip


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


@pytest.fixture
def harmful(tmp_path):
    """An object whose pickle would do something; that it did nothing is checked at the end."""
    proof = tmp_path / "executed"
    yield Harmful(proof)
    assert not proof.exists()
    pickle.loads(pickle.dumps(Harmful(proof)))
    assert proof.exists(), "the pickle would have worked"


def as_pickle(harmful: Harmful, path: Path) -> None:
    path.write_bytes(pickle.dumps(harmful))


def as_torch_file(harmful: Harmful, path: Path) -> None:
    torch.save({"nimg": 1, "config": harmful, "G": harmful}, path)


def as_old_torch_file(harmful: Harmful, path: Path) -> None:
    torch.save({"nimg": 1, "G": harmful}, path, _use_new_zipfile_serialization=False)


def as_array(harmful: Harmful, path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([harmful], dtype=object), allow_pickle=True)


WAYS = [as_pickle, as_torch_file, as_old_torch_file, as_array]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The directory of a finished run on a folder of pictures, and its prepared pictures beside it."""
    from gan_core.config import Config

    home = tmp_path_factory.mktemp("finished")
    for i in range(8):
        (home / "pets" / str(i % 2)).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), (i, 0, 0)).save(home / "pets" / str(i % 2) / f"{i}.png")
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, data=str(home / "pets"), kimg=0.08)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCGAN_STUDIO_HOME", str(home))
        run = RunDir.create(home / "checkpoints" / "mine", config.with_options(batch_size=8, eval_seconds=0.0))
        Worker(run, 1, lambda: False, lambda event: None).work()
    shutil.copy(run.generator, run.best)
    return home


@pytest.fixture
def run(finished, tmp_path, monkeypatch) -> RunDir:
    """A copy of that run in a home of its own."""
    shutil.copytree(finished, tmp_path / "home")
    monkeypatch.setenv("DCGAN_STUDIO_HOME", str(tmp_path / "home"))
    return RunDir(tmp_path / "home" / "checkpoints" / "mine")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_no_file_of_a_run_executes_anything(run, harmful, name, way):
    assert run.states()[0].name == "000000080.pt"
    way(harmful, run.path / name)
    run.status(), run.data(), run.metrics(), run.history(), run.samples()
    for path in (run.generator, run.best):
        if path.name == name:
            with pytest.raises(ValueError, match="cannot be read as a safetensors file"):
                load_generator(path)
            with pytest.raises(ValueError, match="cannot be read as a safetensors file"):
                load_generator(find_model(str(path)))
    if run.discriminator.name == name:
        with pytest.raises(ValueError, match="cannot be read as a safetensors file"):
            load_discriminator(run.discriminator)
    if name.endswith(".pt"):
        with pytest.raises(ValueError, match="damaged and cannot be loaded"):
            load_state(run.path / name)
    if name.startswith("state"):
        with pytest.raises(ValueError, match="none of this run's saved states can be loaded"):
            Worker(run, 1, lambda: False, lambda event: None).work()
    else:
        Worker(run, 1, lambda: True, lambda event: None).work()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "store.json"])
def test_no_prepared_pictures_execute_anything(run, harmful, name, way):
    store = datasets() / Path(run.data()["store"]).name
    assert load_store(store).labels is not None
    way(harmful, store / name)
    with pytest.raises(ValueError, match="missing or damaged"):
        load_store(store)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["dataset.json", "labels.csv", "1/9.png"])
def test_no_file_beside_or_among_the_pictures_executes_anything(run, harmful, name, way, tmp_path):
    pets = tmp_path / "home" / "pets"
    way(harmful, pets / name)
    try:
        store = prepare(pets, 32, 3, datasets())
        assert name != "1/9.png" or [name for name, _ in store.skipped] == ["1/9.png"]
    except ValueError as error:
        assert name in str(error)


@pytest.mark.parametrize("way", WAYS)
def test_no_batch_of_a_named_set_executes_anything(harmful, way, tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number in range(1, 6):
        way(harmful, folder / f"data_batch_{number}")
    with pytest.raises(ValueError, match="is not a readable batch of CIFAR-10"):
        prepare("cifar-10", 32, 3, tmp_path / "stores", data_root=folder)


@pytest.mark.parametrize("way", WAYS)
def test_no_weights_of_a_metric_execute_anything(harmful, way, tmp_path):
    way(harmful, tmp_path / "inception.pth")
    with pytest.raises(ValueError, match="damaged, or not a file of weights"):
        check_weights(tmp_path / "inception.pth")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["netG.pth", "netG.pt", "model.bin", "model.safetensors", "last.ckpt", "G.pkl"])
def test_no_file_of_somebody_elses_executes_anything(harmful, way, name, tmp_path):
    (tmp_path / "theirs").mkdir()
    path = tmp_path / "theirs" / name
    way(harmful, path)
    for source in (path, path.parent):
        with pytest.raises(ValueError, match="cannot be opened|holds no file of weights"):
            bring(str(source))
    with pytest.raises(ValueError, match="cannot be opened"):
        from_pretrained(path)
    assert not list(checkpoints().iterdir())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["discriminator.safetensors", "directions.json", "data.json", "README.md"])
def test_nothing_beside_a_brought_model_executes_anything(run, harmful, way, name):
    folder = run.path.rename(run.path.with_name("theirs"))
    way(harmful, folder.rename(folder.parents[1] / "theirs") / name)
    brought = bring(str(folder.parents[1] / "theirs"))
    assert brought.name == "theirs" and not brought.discriminator.exists() or name != "discriminator.safetensors"
    assert Explorer.load(brought.generator).directions


def calls(path: Path) -> list[tuple[str, dict]]:
    """Every call in a file: what is called and its keyword arguments."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}) for node in nodes]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_loads_by_a_way_that_could(path):
    for function, keywords in calls(path):
        assert function != "torch.load" or keywords.get("weights_only") == "True"
        assert function != "np.load" or keywords.get("allow_pickle") == "False"
        assert function not in (
            "pickle.load",
            "pickle.loads",
            "eval",
            "exec",
            "yaml.load",
            "joblib.load",
            "marshal.loads",
        )
