"""What of a run goes up: files that open anywhere, a card of its own records, and nothing of this computer."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import snapshot_download

from gan_core.config import PRESETS, Config, ModelConfig, TrainConfig
from gan_core.files import append_line, write_json
from gan_core.home import REPOSITORY, checkpoints
from gan_core.hub import from_pretrained, model_repo, spaces
from gan_core.hub.card import model_card, moment
from gan_core.hub.prepare import KINDS, MANIFEST, prepare, prepared
from gan_core.hub.publish import publish
from gan_core.hub.record import public_name, record_of
from gan_core.hub.space_card import short_description, space_card
from gan_core.hub.terms import licence, terms
from gan_core.latent import Explorer, Point
from gan_core.models import build_discriminator, build_generator
from gan_core.runs.checkpoint import load_generator, read_config, save_discriminator, save_generator
from gan_core.runs.run_dir import RunDir, Status

SECRET = "/home/someone/secret-folder"
POINTS = [Point(seed) for seed in range(8)]


@pytest.fixture(autouse=True)
def short_film(monkeypatch):
    monkeypatch.setattr(model_repo, "SECONDS_A_KEY", 0.2)


@pytest.fixture
def tiny() -> Config:
    train = TrainConfig(data=SECRET, data_root="/home/someone/sets", batch_size=8, loss="hinge", r1_gamma=2.5)
    return Config("fast", ModelConfig(image_size=32, ngf=4, ndf=4, latent_dim=8), train, parent="/home/someone/earlier")


@pytest.fixture
def run(tiny) -> RunDir:
    """A run with all records there can be, full of names of places."""
    torch.manual_seed(0)
    run = RunDir.create(checkpoints() / "mine", tiny)
    save_generator(run.generator, build_generator(tiny.model), tiny, 9000)
    save_generator(run.best, build_generator(tiny.model), tiny, 6000)
    save_discriminator(run.discriminator, build_discriminator(tiny.model, tiny.d_norm), tiny, 9000)
    vector = [1.0] + [0.0] * 7
    write_json(run.path / "directions.json", [{"id": "smile", "kind": "own", "name": "smile", "vector": vector}])
    skipped = [["holiday/someone.jpg", "damaged"]]
    about = {"name": "secret-folder", "count": 400, "skipped": skipped, "store": "/home/someone/store", "distinct": 1.0}
    write_json(run.path / "data.json", about)
    for i, swd in enumerate([90.0, 60.0, 75.0]):
        losses = {"loss/D": 0.5, "loss/G": 1.0 + i, "note": "/home/someone"}
        measured = {"swd": swd, "swd_floor": 20.0, "diversity": 0.8, "accuracy/train": 0.9, "accuracy/held_out": 0.6}
        run.append_metrics({"nimg": 3000 * (i + 1), "seconds": 60.0 * (i + 1), "time": 1e9, **losses, **measured})
    changes = {"lr": [4e-4, 2e-4]}
    for nimg in (3000, 8000):
        ill = {"nimg": nimg, "ill_at": nimg + 500, "headline": f"it collapsed at {nimg}", "changes": changes}
        append_line(run.path / "history.jsonl", ill)
    run.add_sample(3000, b"\xff\xd8first")
    run.write_status(Status("stopped", "the disk of /home/someone is full", 1, 9000, 180.0, "bf16 on CPU", 4711))
    (run.path / "log.txt").write_text("/home/someone")
    return run


@pytest.fixture
def told(run, tmp_path):
    """told(kind) is the prepared folder."""
    return lambda kind, **more: prepare(kind, run, tmp_path / kind, "me/mine", **more)


def assert_tells_of_nobody(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(folder / "gan_core") and not path.is_relative_to(folder / "ui"):
            content = path.read_bytes()
            for secret in (b"/home/", b"someone", str(Path.home()).encode(), str(folder).encode(), b"4711"):
                assert secret not in content, f"{path.name} tells {secret}"


def test_a_model_repo_holds_the_best_generator_and_all_that_goes_with_it(run, told):
    shares = []
    files = told("model", report=lambda share, words: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1
    assert set(files.sizes) == {
        "generator.safetensors", "discriminator.safetensors", "directions.json", "config.json", "data.json",
        "metrics.jsonl", "samples.jpg", "morph.mp4", "curve.png", "README.md", MANIFEST,
    }  # fmt: skip
    assert_tells_of_nobody(files.folder)
    G, config, nimg = load_generator(files.folder / "generator.safetensors")
    best = load_generator(run.best)[0].state_dict()
    assert nimg == 6000 and all(torch.equal(value, best[name]) for name, value in G.state_dict().items())
    assert config == Config.load(files.folder / "config.json")
    assert (config.train.data, config.train.data_root, config.parent) == ("secret-folder", None, "earlier")
    assert json.loads((files.folder / "data.json").read_text())["skipped"] == []
    assert set(json.loads((files.folder / MANIFEST).read_text())["files"]) == set(files.sizes)


def test_the_newest_generator_where_that_is_asked_for(run, tmp_path):
    files = prepare("model", run, tmp_path / "newest", "me/mine", newest=True)
    assert load_generator(files.folder / "generator.safetensors")[2] == 9000


def test_the_card_says_of_which_moment_the_weights_are(run):
    best, newest = record_of(run), record_of(run, newest=True)
    assert moment(best) == (
        "These weights are the best that were measured while it trained, after 6,000 training pictures: their distance "
        "to the pictures is 60 (smaller is better)."
    )
    assert moment(newest) == (
        "These weights are from the moment after 9,000 training pictures; their distance to the pictures was 75 "
        "(smaller is better). The best that was measured is not published here: 60, after 6,000 training pictures."
    )
    later = replace(newest, nimg=9500, rows=newest.rows[1:])
    assert "was 75 when it was last measured, after 9,000 training pictures (smaller" in moment(later)
    assert moment(replace(newest, rows=[])) == "These weights are from the moment after 9,000 training pictures."
    run.best.unlink()
    assert moment(record_of(run)) == moment(newest), "the best was not kept"
    assert moment(replace(newest, nimg=0)) == ""
    assert moment(newest) in model_card(newest, "me/mine", set())


def test_all_cards_tell_the_same_terms_and_moment(run):
    record = record_of(run)
    for of_pictures in ("CelebA: non-commercial research only", "", "x | y"):
        record.data["terms"] = of_pictures
        cards = [model_card(record, "me/mine", set())]
        cards += [space_card(record, part, "me/mine", "here", "") for part in ({"sdk": "static"}, spaces.settings("x"))]
        fronts = [yaml.safe_load(card.split("---\n")[1]) for card in cards]
        for card, front in zip(cards, fronts, strict=True):
            assert {name: front[name] for name in front if name.startswith("license")} == licence(terms(record))
            assert (of_pictures.replace("|", "\\|") or "not recorded; ask") in card and moment(record) in card


def test_what_is_prepared_twice_is_the_same(run, tmp_path):
    a, b = (prepare("model", run, tmp_path / name, "me/mine") for name in "ab")
    for name in a.sizes:
        assert (a.folder / name).read_bytes() == (b.folder / name).read_bytes(), name


def test_the_card_is_of_the_runs_own_records(run, told):
    card = told("model").card
    _, front, text = card.split("---\n", 2)
    values = yaml.safe_load(front)
    assert "license" not in values and values["pipeline_tag"] == "unconditional-image-generation"
    assert values["library_name"] and "gan" in values["tags"]
    for words in (
        "# mine", "400 pictures called “secret-folder”", "![Samples of mine](samples.jpg)", "(morph.mp4)",
        "(curve.png)",
        'from_pretrained("me/mine")', "uint8 [16, 32, 32, 3]", "400, 20 of them kept out of the training",
        "not recorded; ask",
        "| loss | hinge |", "| r1_gamma | 2.5 |", "began with the weights of | earlier |", "| batch_size | 8 |",
        "| pictures seen, repeats included | 6,000 |",
        "bf16 on CPU", "2 min", "60", "400 samples", "0.80", "128 pairs", "90%", "60%", "no FID",
        "3.0 times as far", "less diverse", "by heart", "it collapsed at 3000", "lr 0.0004 → 0.0002",
    ):  # fmt: skip
        assert words in text, words
    assert "collapsed at 8000" not in text, "the best generator never went through that"
    assert "data_root" not in text and "tick_kimg" not in text


def test_the_card_tells_what_a_fine_tuned_run_began_with_and_what_changed_then(run, told):
    run.write_parent({"nimg": 5000, "pictures": SECRET, "changes": {"lr": [1e-4, 2e-4], "ngf": [8, 4]}, "share": 0.93})
    card = model_card(record_of(run), "me/mine", set())
    assert "weights of | earlier, after 5,000 training pictures of “secret-folder”; 7% of its own did not fit" in card
    assert "| settings changed then | lr 0.0001 → 0.0002, ngf 8 → 4 |" in card
    assert_tells_of_nobody(told("space").folder)
    run.write_parent({"nimg": 0, "pictures": "", "changes": {}, "share": 1.0})
    card = model_card(record_of(run), "me/mine", set())
    assert "| began with the weights of | earlier |" in card and "changed then" not in card


def test_a_treatment_of_older_weights_is_not_told_of_those_that_it_went_on_from(run):
    append_line(run.path / "history.jsonl", {"nimg": 6000, "ill_at": 7000, "headline": "it fell ill at 7000"})
    assert "ill at 7000" not in model_card(record_of(run), "me/mine", set()), "its best weights are older"
    assert "ill at 7000" in model_card(record_of(run, newest=True), "me/mine", set())


def test_the_card_of_a_model_without_records(tiny, tmp_path):
    config = replace(tiny, model=replace(tiny.model, classes=("cat", "dog")), train=TrainConfig(), parent=None)
    run = RunDir.create(checkpoints() / "theirs", config)
    save_generator(run.generator, build_generator(config.model), config, 0)
    write_json(
        run.path / "data.json", {"name": "netG.pth", "count": 0, "origin": "hf:you/theirs", "terms": "licence mit"}
    )
    files = prepare("model", run, tmp_path / "theirs", "me/theirs")
    assert {"metrics.jsonl", "curve.png", "discriminator.safetensors"}.isdisjoint(files.sizes)
    assert "license: mit" in files.card and "hf:you/theirs" in files.card and "It was never measured." in files.card
    assert "training | not recorded" in files.card and "batch_size" not in files.card
    assert "cat, dog" in files.card and "One column a class" in files.card and "class-conditional" in files.card


@pytest.mark.parametrize(
    ("terms", "found"),
    {
        "CelebA: non-commercial research only": {"license": "other", "license_name": "non-commercial-research"},
        "Open Peeps by Pablo Stanley, CC0 1.0": {"license": "cc0-1.0"},
        "Fashion-MNIST: MIT licence": {"license": "mit"},
        "licence openrail": {"license": "openrail"},
        "licence my-licence": {"license": "other", "license_name": "my-licence"},
        "licence other: My licence 1.0": {"license": "other", "license_name": "my-licence-1.0"},
        "licence other": {"license": "other"},
        "CC BY 4.0": {"license": "cc-by-4.0"},
        "licence not stated": {},
        "they permit it": {},
        "": {},
    }.items(),
)
def test_a_licence_is_told_only_where_it_is_known(terms, found):
    assert licence(terms) == found


@pytest.mark.parametrize(
    ("text", "name"),
    {
        SECRET: "secret-folder", r"C:\Users\someone\cats.zip": "cats.zip", "cats/": "cats", "mnist:test": "mnist:test",
        "drawn:40": "drawn:40", "hf:me/pets": "hf:me/pets", "https://huggingface.co/datasets/me/pets/tree/main?x=y":
        "hf:me/pets", "~someone": "pictures", "~": "pictures", "/": "pictures", "C:\\": "pictures", "..": "pictures",
        str(Path.home()): "pictures",
    }.items(),
)  # fmt: skip
def test_names_in_place_of_paths(text, name):
    assert public_name(text) == name


def test_words_that_would_break_a_table_or_the_front_matter(run):
    record = record_of(run)
    record.data.update(name="a | b\n---\nlicense: mit", terms="x | y")
    card = model_card(record, "me/mine", set())
    assert "| Name | a \\| b --- license: mit |" in card
    assert "license" not in yaml.safe_load(card.split("---\n")[1])


def test_a_round_trip_gives_the_same_pixels(on_hub, run):
    with prepared("model", run, "me/mine") as files:
        publish(files, "me/mine", token="hf_writes")
    assert not files.folder.exists()
    there = Path(snapshot_download("me/mine", token="hf_writes"))
    here = Explorer.load(run.best).render(POINTS)
    assert np.array_equal(Explorer.load(there / "generator.safetensors").render(POINTS), here)
    explorer = from_pretrained("me/mine")
    assert np.array_equal(explorer.render(POINTS), here) and explorer.directions["smile"].name == "smile"


def test_a_gradio_space_is_the_app_with_that_one_model(run, told):
    files = told("space", model_repo="me/mine")
    names = set(files.sizes)
    assert {"app.py", "requirements.txt", "README.md", "ui/studio.py", "ui/assets/studio.css", MANIFEST} <= names
    assert {"gan_core/latent/explorer.py", "checkpoints/mine/generator.safetensors"} <= names
    assert {"checkpoints/mine/samples/000003000.jpg", "checkpoints/mine/history.jsonl"} <= names
    ours = [name for name in names if not name.startswith(("ui/", "gan_core/", "checkpoints/mine/"))]
    assert set(ours) <= {"app.py", "LICENSE", "requirements.txt", "README.md", MANIFEST}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert_tells_of_nobody(files.folder)
    copy = RunDir(files.folder / "checkpoints" / "mine")
    assert copy.status().state == "done" and copy.data()["name"] == "secret-folder"
    assert read_config(copy.generator).train.data == "secret-folder" and not copy.best.exists()
    assert [row["nimg"] for row in copy.metrics()] == [3000, 6000]


def test_a_spaces_front_matter_and_pins(told):
    files = told("space", model_repo="me/mine")
    values = yaml.safe_load(files.card.split("---\n")[1])
    assert values["sdk"] == "gradio" and values["sdk_version"] == version("gradio") and values["app_file"] == "app.py"
    assert (
        values["hf_oauth"] is True and values["models"] == ["me/mine"] and values["suggested_hardware"] == "cpu-basic"
    )
    assert values["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert len(values["short_description"]) <= 60 and values["startup_duration_timeout"]
    lines = (files.folder / "requirements.txt").read_text().splitlines()
    assert f"torch=={version('torch').partition('+')[0]}" in lines and f"safetensors=={version('safetensors')}" in lines
    assert all(re.fullmatch(r"--extra-index-url \S+|[\w.-]+(\[\w+\])?==[\w.]+", line) for line in lines), lines
    wanted = [line for line in (REPOSITORY / "requirements.txt").read_text().splitlines() if line[:1].isalpha()]
    assert len(lines) == len(wanted) + 1


def test_zero_gpu_takes_its_own_pytorch_and_python(told):
    files = told("space", hardware=spaces.ZERO_GPU)
    lines = (files.folder / "requirements.txt").read_text()
    assert "torch>=2.8,<=2.11\n" in lines and "extra-index" not in lines
    assert "python_version: '3.12'" in files.card and "zero-a10g" in files.card


def test_the_app_of_a_space_opens_that_model(told):
    """The very files, in a process that has nothing else."""
    files = told("space")
    code = (
        "from ui.explore import opened; found = opened.open_model({}); "
        "import gan_core; print(found['name'], len(opened.models({})['models']), gan_core.__file__)"
    )
    env = {key: value for key, value in os.environ.items() if key not in ("DCGAN_STUDIO_HOME", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files.folder, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.stdout.split() == ["mine", "1", str(files.folder / "gan_core" / "__init__.py")], done.stderr


def test_long_names_have_short_descriptions(run):
    for name in ("a", "a" * 64):
        assert len(short_description(replace(record_of(run), name=name))) <= 60


def test_what_cannot_be_prepared(run, tmp_path, tiny):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ValueError, match="full is not an empty folder"):
        prepare("model", run, tmp_path / "full", "me/mine")
    with pytest.raises(ValueError, match=f"can be published as {', '.join(KINDS)}, not as 'docker'"):
        prepare("docker", run, tmp_path / "x", "me/mine")
    empty = RunDir.create(checkpoints() / "empty", tiny)
    with pytest.raises(ValueError, match="'empty' has no generator yet"), prepared("model", empty, "me/empty"):
        pass


def test_preparing_can_be_cancelled(run):
    def stop(share, words):
        if share > 0.5:
            raise KeyError(words)

    with pytest.raises(KeyError, match="drawing a film"), prepared("model", run, "me/mine", stop):
        pass


def test_every_preset_has_a_recipe(run):
    for preset in PRESETS.values():
        assert "| loss |" in model_card(replace(record_of(run), config=preset), "me/mine", set())
