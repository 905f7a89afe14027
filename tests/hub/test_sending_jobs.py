"""A run is sent to a rented machine, or everything is as it was before."""

import shutil
from dataclasses import replace

import pytest
from huggingface_hub import HfApi
from job_commands import TINY, complaint, nothing_is_left, train

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.hub import offers
from gan_core.runs import renting
from gan_core.runs.library import find_run
from gan_core.runs.run_dir import RunDir

pytestmark = pytest.mark.usefixtures("quick_jobs")


@pytest.fixture
def after_the_start(monkeypatch):
    """after_the_start(do): do it once a job has been started, before anybody hears of it."""

    def after(do) -> None:
        start = HfApi.run_job
        monkeypatch.setattr(HfApi, "run_job", lambda *values, **options: (start(*values, **options), do())[0])

    return after


def interrupt():
    raise KeyboardInterrupt


def test_a_job_whose_start_was_never_answered_is_found_and_cancelled_and_no_other(on_hub, tiny, capsys):
    other = renting.start(tiny, offers.look().offer("a10g-small"), "other")
    shutil.rmtree(other.path)
    on_hub.ill, on_hub.jobs.unlisted = {("POST", "/api/jobs/me"): ["lost"]}, 2
    assert train("--yes") == 2
    assert "the connection to Hugging Face broke off: start again" in complaint(capsys)
    assert [job.stage for job in on_hub.jobs.all.values()] == ["SCHEDULING", "CANCELED"] and nothing_is_left()


def test_ctrl_c_while_a_machine_is_asked_for_leaves_no_job(on_hub, after_the_start):
    after_the_start(interrupt)
    assert train("--yes") == 3
    assert on_hub.jobs.all["job0"].stage == "CANCELED" and nothing_is_left()


@pytest.mark.parametrize("name", ["write_job", "write_status"])
def test_a_job_that_cannot_be_written_down_is_cancelled(on_hub, monkeypatch, after_the_start, name):
    def full(self, about):
        raise OSError(28, "No space left on device")

    after_the_start(lambda: monkeypatch.setattr(RunDir, name, full))
    assert train("--yes") == 1
    assert on_hub.jobs.all["job0"].stage == "CANCELED" and nothing_is_left()


@pytest.mark.parametrize("ill", [{("GET", "/api/jobs/me"): 418}, {("POST", "/cancel"): 503}])
def test_where_a_job_is_to_be_looked_for_that_may_go_on_is_said(on_hub, capsys, ill):
    on_hub.ill = ill | {("POST", "/api/jobs/me"): ["lost"]}
    assert train("--yes") == 2
    assert "look at https://huggingface.co/settings/jobs and cancel it" in complaint(capsys)
    assert on_hub.jobs.all["job0"].stage == "SCHEDULING" and nothing_is_left()


def test_a_stop_while_it_is_sent_rents_nothing(on_hub, tiny, after_the_start):
    offer = offers.look().offer("a10g-small")
    with pytest.raises(ValueError, match="stopped before a machine was rented"):
        renting.start(tiny, offer, "mine", lambda share, words: ask_to_stop() if share > 0.8 else None)
    assert nothing_is_left() and not on_hub.jobs.all
    after_the_start(ask_to_stop)
    with pytest.raises(ValueError, match="stopped before a machine was rented"):
        renting.start(tiny, offer, "mine")
    assert nothing_is_left() and on_hub.jobs.all["job0"].stage == "CANCELED"


def ask_to_stop() -> None:
    RunDir(checkpoints() / "mine").request_stop()


@pytest.fixture
def trained(on_hub, tiny) -> RunDir:
    run = RunDir.create(checkpoints() / "mine", tiny)
    assert main(["resume", "mine"]) == 0
    return run


def on_job(*more: str, flavor: str = "cpu-basic") -> int:
    return main(["resume", "mine", "--hf-job", flavor, "--yes", *more])


def everything_in(run: RunDir) -> dict:
    files = [path for path in run.path.rglob("*") if path.is_file() and path.name[0] != "."]
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in files}


def test_a_batch_that_the_gpus_cannot_share_is_refused_before_anything_is_sent(on_hub, trained, capsys):
    for asked in (["--batch-size", "10", "--fine-tune"], ["--batch-size", "10", "--fine-tune", "new"]):
        assert on_job(*asked, flavor="l4x4") == 2
        assert "4 processes cannot share batches of 10 equally" in complaint(capsys)
    trained.write_config(trained.config().with_options(batch_size=10))
    assert on_job("--kimg", "1", flavor="l4x4") == 2 and "share batches of 10" in complaint(capsys)
    assert main(["train", "--run", "new", "--data", "drawn:40", *TINY.split(), "--batch-size", "10", "--yes",
                 "--hf-job", "l4x4"]) == 2  # fmt: skip
    assert "share batches of 10" in complaint(capsys)
    assert not on_hub.jobs.all and not on_hub.repos
    assert [path.name for path in checkpoints().glob("[!.]*")] == ["mine"]


def test_a_run_is_as_it_was_before_if_its_job_is_refused(on_hub, trained, capsys):
    on_hub.jobs.credits, before = False, everything_in(trained)
    for asked in (["--kimg", "1"], ["--fine-tune", "new"], ["--batch-size", "4"], ["--as-it-was", "--minutes", "1"]):
        assert on_job(*asked) == 2 and "add credits" in complaint(capsys)
        assert everything_in(trained) == before and not trained.stop_requested()
        assert [path.name for path in checkpoints().glob("[!.]*")] == ["mine"]


def test_what_is_asked_for_is_what_must_be_reachable(on_hub, trained, capsys):
    assert on_job("--fine-tune", "new", "--data", "/tmp") == 2
    assert "a job cannot see /tmp" in complaint(capsys) and not on_hub.jobs.all and not on_hub.requests
    trained.write_config(trained.config().with_options(data="/tmp"))
    on_hub.jobs.machine = lambda job: setattr(job, "stage", "CANCELED")
    assert on_job("--fine-tune", "new", "--data", "drawn:40") == 3
    assert find_run("new").config().train.data == "drawn:40" and find_run("new").job()["id"] == "job0"


def test_the_price_is_that_of_what_is_left_to_train(on_hub, trained, capsys):
    trained.write_config(trained.config().with_options(minutes=100.0))
    assert main(["resume", "mine", "--hf-job", "cpu-basic"]) == 2
    assert "ends after 2 h" in capsys.readouterr().out
    trained.write_status(replace(trained.status(), seconds=4800.0))
    assert main(["resume", "mine", "--hf-job", "cpu-basic"]) == 2
    assert "ends after 0.67 h" in capsys.readouterr().out
    assert main(["resume", "mine", "--hf-job", "cpu-basic", "--fine-tune", "new"]) == 2
    assert "ends after 2 h" in capsys.readouterr().out


def test_a_run_that_is_sent_is_held_and_says_so(on_hub, trained):
    seen = []

    def watch(share: float, words: str) -> None:
        seen.append((trained.is_alive(), trained.status().state, trained.status().message))

    renting.send(lambda: trained, offers.look().offer("a10g-small"), trained, watch)
    assert set(seen) == {(True, "starting", "sending it to Hugging Face")}
    assert trained.is_rented and (trained.status().state, trained.status().nimg) == ("stopped", 80)
