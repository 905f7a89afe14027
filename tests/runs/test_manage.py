import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from gan_core import home
from gan_core.home import checkpoints
from gan_core.runs import job, library, manage
from gan_core.runs.checkpoint import load_generator, save_generator
from gan_core.runs.run_dir import RunBusy, RunDir, Status

REPOSITORY = Path(__file__).resolve().parents[2]
CHANGES = {
    "renamed": lambda run: manage.rename(run, "other"),
    "duplicated": lambda run: manage.duplicate(run, "other"),
    "packed": lambda run: manage.pack(run, checkpoints() / ".packs"),
    "deleted": manage.delete,
}


@pytest.fixture
def trained(run, G, tiny) -> RunDir:
    """A stopped run with something of everything."""
    run.write_status(Status("stopped", nimg=16, seconds=2.0))
    for nimg in (8, 16):
        run.append_metrics({"nimg": nimg, "swd": 1.0})
        run.add_sample(nimg, b"jpeg %d" % nimg)
        run.state_path(nimg).write_bytes(b"state %d" % nimg)
    save_generator(run.generator, G, tiny, 16)
    save_generator(run.best, G, tiny, 8)
    run.log.write_text("log")
    return run


def names() -> set[str]:
    return {run.name for run in library.runs()}


def test_a_renamed_run_has_everything_it_had(trained, files_in):
    before = files_in(trained.path)
    renamed = manage.rename(trained, "better-name")
    assert files_in(renamed.path) == before
    assert names() == {"better-name"} and library.named_run("better-name").status() == renamed.status()


def test_a_duplicate_has_everything_but_what_belongs_to_a_process(trained, files_in):
    trained.request_stop()
    before = files_in(trained.path)
    copy = manage.duplicate(trained, "copy")
    assert files_in(copy.path) == {name: content for name, content in before.items() if name != "stop"}
    assert files_in(trained.path) == before and names() == {"mine", "copy"}


def test_a_duplicate_trains_on_by_itself(run, work, set_goal):
    work(stop_at=24)(run)
    copy = manage.duplicate(run, "copy")
    stopped_at = run.status().nimg
    set_goal(copy, kimg=0.12)
    assert work()(copy).state == "done"
    assert copy.status().nimg >= 120 and run.status().nimg == stopped_at
    seen = [row["nimg"] for row in copy.metrics()]
    assert seen == sorted(set(seen)) and seen[: len(run.metrics())] == [row["nimg"] for row in run.metrics()]


@pytest.mark.parametrize("what", ["renamed", "duplicated"])
@pytest.mark.parametrize(
    ("name", "words"), [("taken", "already"), ("mine", "already"), ("../up", "no name"), (".x", "no name"), ("", "no")]
)
def test_a_name_that_is_taken_or_none_is_refused(trained, new_run, files_in, what, name, words):
    new_run("taken")
    before = files_in(checkpoints())
    with pytest.raises(ValueError, match=words):
        (manage.rename if what == "renamed" else manage.duplicate)(trained, name)
    assert files_in(checkpoints()) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_that_trains_is_left_alone(trained, files_in, change):
    with trained.claim():
        trained.write_status(Status("training"))
        before = files_in(trained.path)
        with pytest.raises(RunBusy, match="'mine' is training: stop it first"):
            change(trained)
        assert files_in(trained.path) == before and names() == {"mine"}


@pytest.mark.parametrize("change", [CHANGES["duplicated"], CHANGES["packed"]])
def test_a_run_that_trains_is_not_measured_since_its_files_come_and_go(trained, monkeypatch, change):
    def vanish(*_args) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(manage.disk, "require_room", vanish)
    with trained.claim():
        trained.write_status(Status("training"))
        with pytest.raises(RunBusy, match="stop it first"):
            change(trained)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_that_is_just_starting_is_left_alone(trained, change):
    trained.write_status(Status("starting", heartbeat=time.time(), began=time.monotonic()))
    with pytest.raises(RunBusy, match="stop it first"):
        change(trained)
    assert names() == {"mine"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_training_from_the_command_line_keeps_the_run_from_its_first_moment(trained, change):
    with trained.claim(), pytest.raises(RunBusy):
        change(trained)
    assert names() == {"mine"}


def test_no_training_starts_while_a_run_is_copied(trained, monkeypatch):
    refused = []

    def copy(source: str, target: str) -> None:
        # Once: each refusal comes after some seconds of waiting.
        if not refused:
            with pytest.raises(RunBusy) as error:
                job.resume(trained)
            refused.append(str(error.value))
        shutil.copy2(source, target)

    monkeypatch.setattr(manage, "_copy", copy)
    manage.duplicate(trained, "copy")
    assert refused and all("copied or moved" in text for text in refused)
    assert trained.status().state == RunDir(checkpoints() / "copy").status().state == "stopped"


def test_a_copy_that_fails_leaves_nothing(trained, monkeypatch):
    monkeypatch.setattr(manage, "_copy", fail)
    with pytest.raises(OSError, match="full"):
        manage.duplicate(trained, "copy")
    assert names() == {"mine"} and not [path for path in checkpoints().iterdir() if "copy" in path.name]


def fail(*_args) -> None:
    raise OSError("full")


def test_a_copy_cut_short_by_a_kill_looks_like_no_run_and_is_swept_away(trained):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from gan_core.runs import manage; from gan_core.runs.run_dir import RunDir\n"
        "copy, seen = manage._copy, []\n"
        "def dying(source, target):\n"
        "    copy(source, target); seen.append(target)\n"
        "    if len(seen) == 4: os.kill(os.getpid(), 9)\n"
        "manage._copy = dying; manage.duplicate(RunDir(Path(sys.argv[1])), 'copy')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(trained.path)], cwd=REPOSITORY)
    assert done.returncode == -9
    partial = checkpoints() / ".copy.partial"
    assert partial.exists() and names() == {"mine"}
    manage.empty_bin()
    assert partial.exists(), "somebody may still be writing it"
    os.utime(partial, (1e9, 1e9))
    manage.empty_bin()
    assert not partial.exists()
    assert manage.duplicate(trained, "copy").states()


def test_a_zip_holds_a_run_that_can_be_explored_elsewhere(trained, tmp_path):
    path = manage.pack(trained, tmp_path / "packs")
    assert path.name == "mine.zip" and list(path.parent.iterdir()) == [path]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    unpacked = RunDir(tmp_path / "mine")
    assert (unpacked.config(), unpacked.metrics()) == (trained.config(), trained.metrics())
    assert [nimg for nimg, _ in unpacked.samples()] == [8, 16]
    assert load_generator(unpacked.best)[2] == 8 and load_generator(unpacked.generator)[2] == 16
    assert not unpacked.states() and not unpacked.log.exists()


def test_a_zip_with_the_state_has_the_newest_only(trained, tmp_path):
    with zipfile.ZipFile(manage.pack(trained, tmp_path, with_state=True)) as archive:
        assert [name for name in archive.namelist() if "/state/" in name] == ["mine/state/000000016.pt"]


def test_a_zip_that_fails_leaves_the_older_one(trained, tmp_path, monkeypatch):
    path = manage.pack(trained, tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(zipfile.ZipFile, "write", fail)
    with pytest.raises(OSError, match="full"):
        manage.pack(trained, tmp_path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_deleted_run_is_in_no_list_until_it_is_restored(trained, files_in):
    before = files_in(trained.path)
    binned = manage.delete(trained)
    assert names() == set() and [(token, name) for token, name, _ in manage.in_bin()] == [(binned, "mine")]
    for find in (library.named_run, library.find_run, library.find_model):
        for text in ("mine", binned, f".bin/{binned}"):
            with pytest.raises(ValueError):
                find(text)
    restored = manage.restore(binned)
    assert files_in(restored.path) == before and restored.name == "mine" and manage.in_bin() == []


def test_runs_of_one_name_are_kept_apart_in_the_bin(new_run):
    first, second = manage.delete(new_run("mine")), manage.delete(new_run("mine"))
    assert first != second and {name for _, name, _ in manage.in_bin()} == {"mine"}
    manage.restore(second)
    with pytest.raises(ValueError, match="there is a run 'mine' already"):
        manage.restore(first)
    assert len(manage.in_bin()) == 1


@pytest.mark.parametrize("name", ["x", "x-1", "x-20260102-030405", "x-20260102-030405-2"])
def test_a_name_comes_back_from_the_bin_as_it_was(new_run, name):
    tokens = [manage.delete(new_run(name)) for _ in range(3)]
    assert [each for _, each, _ in manage.in_bin()] == [name] * 3
    assert manage.restore(tokens[1]).name == name


@pytest.mark.parametrize("token", ["", ".", "..", "../mine", "mine", None, 5])
def test_only_what_is_in_the_bin_is_restored(trained, token):
    with pytest.raises(ValueError, match="no longer in the bin"):
        manage.restore(token)
    assert names() == {"mine"}


def test_the_bin_forgets_after_thirty_days(new_run):
    for name, days in (("old", 31), ("newer", 29)):
        deleted = time.strftime(manage.TIME, time.localtime(time.time() - days * 86400))
        folder = manage.bin_() / manage.delete(new_run(name))
        folder.rename(folder.with_name(f"{name}-{deleted}"))
    manage.empty_bin()
    assert [name for _, name, _ in manage.in_bin()] == ["newer"]


@pytest.fixture
def shipped(G, tiny) -> RunDir:
    run = RunDir.create(home.REPOSITORY / "checkpoints" / "faces-64", tiny)
    save_generator(run.generator, G, tiny, 5)
    return run


def test_a_shipped_model_can_be_duplicated_and_packed_and_nothing_else(shipped, tmp_path):
    for change in (CHANGES["renamed"], CHANGES["deleted"]):
        with pytest.raises(ValueError, match="'faces-64' came with the program"):
            change(shipped)
    copy = manage.duplicate(shipped, "my-faces")
    assert not library.is_shipped(copy) and manage.pack(shipped, tmp_path).is_file()
    assert not (shipped.path / ".lock").exists(), "it may lie where nobody can write"
    manage.delete(copy)
    assert names() == {"faces-64"}


def test_the_shipped_models_are_those_that_are_kept_with_the_code(monkeypatch):
    kept = {line for line in (REPOSITORY / ".gitignore").read_text().split() if line.startswith("!/checkpoints/")}
    assert kept == {f"!/checkpoints/{name}/" for name in library.SHIPPED_MODELS}
    monkeypatch.setattr(home, "REPOSITORY", home.home())
    assert library.is_shipped(RunDir(checkpoints() / "faces-64"))
    assert not library.is_shipped(RunDir(checkpoints() / "faces-65"))
