"""What a job saved arrives here, whatever happens on the way."""

import shutil

import pytest
from job_commands import ME

from gan_core.__main__ import main
from gan_core.hub import following
from gan_core.hub.mirror import Mirror
from gan_core.runs.library import find_run
from gan_core.runs.run_dir import RunDir, Status

REPO = "me/dcgan-studio-runs"
SETTINGS = {"data": "drawn:40", "size": "32", "ngf": "4", "ndf": "4", "latent-dim": "8", "hf-job": "cpu-basic"}
TRAIN = ["train", "--run", "mine", *(f"--{name}={value}" for name, value in SETTINGS.items()), "--yes"]
pytestmark = pytest.mark.usefixtures("quick_jobs")


@pytest.fixture
def trained(on_hub, rented, tmp_path) -> RunDir:
    """The same: its job has trained it to 4200 images, and has ended."""
    there = RunDir(shutil.copytree(rented.path, tmp_path / "there" / "mine"))
    there.append_metrics({"nimg": 4200, "seconds": 42.0})
    there.state_path(4200).write_bytes(b"state 4200")
    there.write_status(Status("done", nimg=4200, seconds=42.0))
    Mirror(REPO, ME).push(there)
    on_hub.jobs.all["job0"].stage = "COMPLETED"
    return rented


def states(run: RunDir) -> list[int]:
    return [int(path.stem) for path in run.states()]


def test_the_states_from_which_the_job_went_back_go_here_too(trained):
    for nimg in (4000, 5000):
        trained.state_path(nimg).write_bytes(b"state")
    assert main(["follow", "mine"]) == 0
    assert states(trained) == [4200, 4000]


def test_the_last_state_is_fetched_over_a_bad_connection(on_hub, trained):
    on_hub.ill = {("GET", "/api/models"): [502] * 6}
    assert main(["follow", "mine"]) == 0
    assert states(trained) == [4200] and not trained.is_rented


def test_a_run_whose_last_state_cannot_be_fetched_has_not_ended(on_hub, trained, monkeypatch):
    monkeypatch.setattr(following, "SECONDS_FOR_THE_LAST", 0.3, raising=False)
    on_hub.ill = {("GET", "/api/models"): 502}
    assert main(["follow", "mine"]) == 1
    status = trained.status()
    assert (status.state, status.message) == ("failed", following.UNFETCHED) and trained.is_rented
    on_hub.ill = {}
    assert main(["follow", "mine"]) == 0
    assert states(trained) == [4200] and trained.status().nimg == 4200 and not trained.is_rented


@pytest.mark.parametrize("lost", [REPO, ""])
def test_a_run_that_nothing_is_left_of_there_ends(on_hub, trained, lost):
    if lost:
        del on_hub.repos[lost]
    else:
        Mirror(REPO, ME).forget("mine", (trained.path / ".identity").read_text())
    trained.state_path(100).write_bytes(b"state")
    trained.add_sample(100, b"sheet")
    assert main(["follow", "mine"]) == 1
    assert not trained.is_rented and states(trained) == [100] and trained.samples()


def test_a_download_that_breaks_off_loses_nothing(on_hub, trained):
    on_hub.ill = {("GET", "/resolve/"): ["cut", 503, 503], ("GET", "/tree/"): [502, 502]}
    assert main(["follow", "mine"]) == 0
    assert states(trained) == [4200] and trained.status().nimg == 4200


def test_no_job_is_started_for_a_run_whose_name_another_has_in_the_repo(on_hub, trained, capsys):
    shutil.rmtree(trained.path)
    before = dict(on_hub.repos[REPO])
    assert main(TRAIN) == 2
    assert f"{REPO} holds another run called 'mine': choose another name" in capsys.readouterr().err
    assert len(on_hub.jobs.all) == 1 and on_hub.repos[REPO] == before and not trained.path.exists()


def test_a_job_that_was_refused_leaves_its_name_to_the_next(on_hub, wait_for):
    on_hub.jobs.credits = False
    assert main(TRAIN) == 2
    assert not [name for name in on_hub.repos[REPO] if name.startswith("mine/")]
    on_hub.jobs.credits = True
    on_hub.jobs.machine = lambda job: setattr(job, "stage", "CANCELED")
    assert main(TRAIN) == 3
    assert find_run("mine").job()["id"] == "job0"


def test_a_job_that_was_refused_leaves_what_was_there_before(on_hub, trained):
    assert main(["follow", "mine"]) == 0
    on_hub.jobs.credits = False
    assert main(["resume", "mine", "--kimg", "1", "--hf-job", "cpu-basic", "--yes"]) == 2
    assert "mine/state/000004200.pt" in on_hub.repos[REPO]
