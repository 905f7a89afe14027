"""Runs that outlive the disk they were trained on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gan_core.__main__ import main
from gan_core.home import REPOSITORY, checkpoints
from gan_core.hub import identity, mirror, publish
from gan_core.hub.mirror import Mirror
from gan_core.runs import manage
from gan_core.runs.library import find_run
from gan_core.runs.run_dir import RunDir

ME = "hf_writes"


@pytest.fixture
def run(tiny) -> RunDir:
    run = RunDir.create(checkpoints() / "mine", tiny)
    run.generator.write_bytes(b"generator")
    run.append_metrics({"nimg": 100})
    run.state_path(100).write_bytes(b"state 1")
    run.add_sample(100, b"sheet")
    return run


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(mirror, "PAUSES", (0.01,) * 4)


@pytest.fixture
def runs_mirror(on_hub) -> Mirror:
    return Mirror("mirror", ME, minutes=0)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lose_the_disk() -> None:
    shutil.rmtree(checkpoints())


def test_a_run_comes_back_after_the_disk_is_lost(on_hub, run, runs_mirror):
    runs_mirror.push(run)
    before = files_in(run.path)
    assert on_hub.private == {"me/mirror"}
    lose_the_disk()
    assert runs_mirror.restore() == ["mine"]
    assert files_in(find_run("mine").path) == before
    assert [path.name for path in checkpoints().iterdir()] == ["mine"], "nothing else is left behind"
    assert runs_mirror.restore() == []


def test_only_the_newest_state_is_kept_and_nothing_is_sent_twice(on_hub, run, runs_mirror):
    runs_mirror.push(run)
    sent = len(on_hub.sent)
    run.state_path(200).write_bytes(b"state 2")
    runs_mirror.push(run)
    assert len(on_hub.sent) == sent + 1
    there = on_hub.repos["me/mirror"]
    assert "mine/state/000000200.pt" in there and "mine/state/000000100.pt" not in there
    assert ("POST", "/api/models/me/mirror/super-squash/main") in on_hub.requests


def test_runs_lie_beside_each_other_and_one_can_be_forgotten(on_hub, run, runs_mirror, tiny):
    runs_mirror.push(run)
    other = RunDir.create(checkpoints() / "mine-2", tiny)
    runs_mirror.push(other)
    runs_mirror.forget("mine", identity.of(run.path))
    runs_mirror.forget("none", "")
    lose_the_disk()
    assert runs_mirror.restore() == ["mine-2"]


def test_another_run_of_that_name_is_left_as_it_is(on_hub, run, runs_mirror, tiny):
    runs_mirror.push(run)
    before = dict(on_hub.repos["me/mirror"])
    lose_the_disk()
    other = RunDir.create(checkpoints() / "mine", tiny)
    with pytest.raises(ValueError, match="me/mirror holds another run called 'mine': choose another name"):
        runs_mirror.push(other)
    with pytest.raises(ValueError, match="another run called 'mine'"):
        runs_mirror.forget("mine", identity.of(other.path))
    assert on_hub.repos["me/mirror"] == before


def test_a_copy_of_a_run_is_another_run(on_hub, run, runs_mirror):
    runs_mirror.push(run)
    copy = manage.duplicate(run, "copy")
    runs_mirror.push(copy)
    assert identity.of(copy.path) != identity.of(run.path)
    manage.delete(run)
    with pytest.raises(ValueError, match="another run called 'mine'"):
        runs_mirror.push(manage.rename(copy, "mine"))


def test_a_run_that_was_mirrored_before_runs_had_an_identity_gets_one(on_hub, run, runs_mirror):
    runs_mirror.push(run)
    (run.path / identity.FILE).unlink()
    del on_hub.repos["me/mirror"]["mine/.identity"]
    run.state_path(200).write_bytes(b"state 2")
    runs_mirror.push(run)
    there = on_hub.repos["me/mirror"]
    assert there["mine/.identity"].decode() == identity.of(run.path) and "mine/state/000000200.pt" in there


def test_what_is_here_stays_as_it_is(on_hub, run, runs_mirror):
    runs_mirror.push(run)
    run.generator.write_bytes(b"newer")
    assert runs_mirror.restore() == [] and run.generator.read_bytes() == b"newer"


def test_nothing_is_mirrored_where_everybody_could_see_it(on_hub, run, runs_mirror):
    on_hub.repos["me/mirror"] = {}
    with pytest.raises(ValueError, match="everybody can see me/mirror: make it private"):
        runs_mirror.push(run)
    assert on_hub.repos["me/mirror"] == {}


def test_in_the_background_and_not_too_often(on_hub, run, wait_for):
    often, seldom = Mirror("often", ME, minutes=0), Mirror("seldom", ME, minutes=60)
    for _ in range(3):
        often.push_sometimes(run)
        seldom.push_sometimes(run)
    wait_for(lambda: "mine/config.json" in on_hub.repos.get("me/often", {}))
    assert "me/seldom" not in on_hub.repos
    seldom.finish(run)
    assert "mine/config.json" in on_hub.repos["me/seldom"]


def test_somebody_else_commits_while_a_run_is_sent(on_hub, run, runs_mirror, tiny, monkeypatch):
    send, other = publish.send, RunDir.create(checkpoints() / "other", tiny)

    def send_slowly(*args):
        monkeypatch.setattr(publish, "send", send)
        sent = send(*args)
        Mirror("mirror", ME).push(other)
        return sent

    runs_mirror.push(run)
    run.state_path(200).write_bytes(b"state 2")
    monkeypatch.setattr(publish, "send", send_slowly)
    runs_mirror.push(run)
    assert {"mine/state/000000200.pt", "other/config.json"} <= set(on_hub.repos["me/mirror"])


def test_the_last_state_is_tried_again(on_hub, run, runs_mirror):
    on_hub.ill = {("POST", "/commit/"): [412, 503, None], ("GET", "/api/models"): [429]}
    runs_mirror.finish(run)
    assert "mine/state/000000100.pt" in on_hub.repos["me/mirror"]


def test_what_will_never_go_well_is_not_tried_again(on_hub, run, runs_mirror, caplog):
    on_hub.ill = {("POST", "/commit/"): 403}
    runs_mirror.finish(run)
    assert sum("/commit/" in path for _, path in on_hub.requests) == 1 and len(caplog.records) == 1


def test_a_training_goes_on_whatever_happens_to_its_mirror(on_hub, run, caplog):
    Mirror("mirror", "hf_reads").finish(run)
    assert "the run was not mirrored: your token may only read" in caplog.text and "hf_reads" not in caplog.text


def test_nobody_asks_the_hub_where_no_mirror_is_wanted(on_hub, run, monkeypatch):
    monkeypatch.delenv(mirror.VARIABLE, raising=False)
    mirror.restore()
    mirror.keep_up(run, "mine")
    with mirror.mirrored(run) as push:
        push()
    assert on_hub.requests == []


def test_a_training_is_mirrored_and_goes_on_elsewhere(on_hub, tiny, monkeypatch, capsys):
    monkeypatch.setenv(mirror.VARIABLE, "mirror")
    monkeypatch.setenv("HF_TOKEN", ME)
    run = RunDir.create(checkpoints() / "mine", tiny)
    assert main(["resume", "mine"]) == 0
    lose_the_disk()
    mirror.restore()
    assert run.states() and find_run("mine").status().nimg == 80
    assert main(["resume", "mine", "--kimg", "0.08"]) == 0
    assert find_run("mine").status().nimg == 160


def test_a_renamed_run_is_mirrored_under_its_new_name(on_hub, run, monkeypatch, wait_for):
    monkeypatch.setenv(mirror.VARIABLE, "mirror")
    monkeypatch.setenv("HF_TOKEN", ME)
    Mirror("mirror").push(run)
    mirror.keep_up(manage.rename(run, "ours"), gone="mine")
    wait_for(lambda: {name.partition("/")[0] for name in on_hub.repos["me/mirror"]} == {".gitattributes", "ours"})


def test_a_renamed_run_that_cannot_be_sent_stays_under_its_old_name(on_hub, run, monkeypatch):
    monkeypatch.setenv(mirror.VARIABLE, "mirror")
    monkeypatch.setenv("HF_TOKEN", ME)
    Mirror("mirror").push(run)
    on_hub.ill = {("POST", "/commit/"): [403]}
    mirror.keep_up(manage.rename(run, "ours"), gone="mine").join()
    assert {name.partition("/")[0] for name in on_hub.repos["me/mirror"]} == {".gitattributes", "mine"}


def test_a_deleted_run_is_forgotten_and_another_of_its_name_is_not(on_hub, run, monkeypatch):
    monkeypatch.setenv(mirror.VARIABLE, "mirror")
    monkeypatch.setenv("HF_TOKEN", ME)
    Mirror("mirror").push(run)
    mirror.keep_up(gone="mine", known="another").join()
    assert "mine/config.json" in on_hub.repos["me/mirror"]
    mirror.keep_up(gone="mine", known=identity.of(run.path)).join()
    assert list(on_hub.repos["me/mirror"]) == [".gitattributes"]


def test_the_module_loads_no_pytorch():
    code = "import sys, gan_core.hub.mirror; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
