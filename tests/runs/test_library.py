import os
import shutil
from pathlib import Path

import pytest

from gan_core import home
from gan_core.runs import library
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir, Status

NO_NAMES = [
    "", " ", "..", ".", "../x", "/", "a/../../x", ".hidden", "-x", "ghost", "a b", "a\nb", "ü", "x" * 65, "x" * 5000,
    "~nobody-of-that-name/x", "a\x00b", "..\\x",
]  # fmt: skip


@pytest.fixture
def shipped(G, tiny) -> Path:
    """A model that lies beside the code."""
    folder = home.REPOSITORY / "checkpoints" / "faces-64"
    folder.mkdir(parents=True)
    save_generator(folder / "generator.safetensors", G, tiny, 5)
    (folder / "config.json").write_text("{}")
    return folder


def test_a_run_is_found_by_name_and_by_directory(run, tmp_path, monkeypatch):
    assert library.find_run("mine").path == run.path
    assert library.find_run(str(run.path)).path == run.path
    monkeypatch.chdir(run.path.parent.parent)
    assert library.find_run("checkpoints/mine").exists()


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_run_is_a_sentence(run, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="there is no run"):
        library.find_run(text)


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_model_is_a_sentence(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="there is no model"):
        library.find_model(text)


def test_a_model_is_found_by_run_directory_and_file(run, G, tiny, tmp_path):
    save_generator(run.generator, G, tiny, 0)
    for text in ("mine", str(run.path), str(run.generator)):
        assert library.find_model(text) == run.generator


def test_the_best_generator_comes_before_the_newest_unless_that_is_asked_for(run, G, tiny):
    save_generator(run.generator, G, tiny, 0)
    assert library.find_model("mine", newest=True) == library.find_model("mine") == run.generator
    save_generator(run.best, G, tiny, 0)
    assert library.find_model("mine") == run.best
    assert library.find_model("mine", newest=True) == run.generator


def test_a_run_without_a_generator_says_what_to_do(run):
    with pytest.raises(ValueError, match="'mine' has no generator yet: train it"):
        library.find_model("mine")


def test_shipped_models_are_found_and_the_users_come_first(shipped, G, tiny):
    assert library.find_model("faces-64") == shipped / "generator.safetensors"
    assert [run.name for run in library.runs()] == ["faces-64"]
    mine = RunDir.create(home.checkpoints() / "faces-64", tiny)
    save_generator(mine.generator, G, tiny, 0)
    assert library.find_model("faces-64") == mine.generator
    assert [run.path for run in library.runs()] == [mine.path]


def test_runs_are_listed_by_the_last_sign_of_life_and_other_folders_are_not(new_run):
    for age, name in enumerate(["a", "b", "c"]):
        run = new_run(name)
        run.write_status(Status("stopped"))
        for file in run.path.iterdir():
            os.utime(file, (1e9 - age, 1e9 - age))
    os.utime(home.checkpoints() / "c" / "status.json", (2e9, 2e9))
    (home.checkpoints() / "no-run").mkdir()
    (home.checkpoints() / "file").touch()
    assert [run.name for run in library.runs()] == ["c", "a", "b"]


def test_a_run_that_is_deleted_while_they_are_listed_is_the_oldest(new_run):
    gone = new_run("gone")
    assert library.last_written(gone) > 0
    shutil.rmtree(gone.path)
    assert library.last_written(gone) == 0


@pytest.mark.parametrize(
    ("data_name", "expected"),
    [("pets", "pets-32"), ("Ünser Foto/s!", "nser-Foto-s-32"), ("...", "run-32"), ("", "run-32")],
)
def test_a_run_without_a_name_is_called_after_its_pictures(data_name, expected):
    path = library.new_run_path(None, data_name, 32)
    assert path == home.checkpoints() / expected
    assert library.NAME.fullmatch(path.name)


def test_names_made_up_are_free(tiny):
    made = []
    for _ in range(3):
        made.append(library.new_run_path(None, "pets", 32))
        RunDir.create(made[-1], tiny)
    assert [path.name for path in made] == ["pets-32", "pets-32-2", "pets-32-3"]


def test_a_free_name_is_taken_as_it_is():
    assert library.new_run_path("My.run_2", "pets", 32) == home.checkpoints() / "My.run_2"


def test_a_taken_name_is_refused(run, shipped):
    for name in ("mine", "faces-64"):
        with pytest.raises(ValueError, match=f"there is a run '{name}' already"):
            library.new_run_path(name, "pets", 32)


@pytest.mark.parametrize("name", ["..", ".", ".hidden", "-x", "a b", "a\nb", "ü", "x" * 65, "a\x00b"])
def test_names_that_would_not_work_everywhere_are_refused(name):
    with pytest.raises(ValueError, match="is no name for a run"):
        library.new_run_path(name, "pets", 32)


def test_a_directory_is_taken_as_it_is_and_must_be_free(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert library.new_run_path(str(tmp_path / "new"), "pets", 32) == tmp_path / "new"
    relative = library.new_run_path("sub/new", "pets", 32)
    assert relative == tmp_path / "sub" / "new", "a training process may run in another directory"
    with pytest.raises(ValueError, match="exists already"):
        library.new_run_path(str(tmp_path), "pets", 32)


def test_the_home_of_somebody_unknown_is_a_sentence():
    with pytest.raises(ValueError, match="nobody-of-that-name"):
        library.new_run_path("~nobody-of-that-name/x", "pets", 32)
