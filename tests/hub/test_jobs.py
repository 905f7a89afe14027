"""Trainings on rented machines, over real HTTP: the Hub's double runs a job's own command as a process."""

import json
import shutil
import socket
import threading

import pytest
from huggingface_hub import constants
from job_commands import ME, complaint, train
from jobs_double import Machine
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.hub import following, jobs, offers
from gan_core.hub.following import Follower, followed_by, step_of
from gan_core.runs import job as training
from gan_core.runs import manage
from gan_core.runs.library import find_run
from gan_core.runs.run_dir import RunDir

pytestmark = pytest.mark.usefixtures("quick_jobs")


def tick(nimg: int, seconds: float, **metrics: float) -> str:
    return json.dumps({"event": "tick", "nimg": nimg, "seconds": seconds, **metrics})


def status(state: str, message: str = "") -> str:
    about = {"prepared": 0.0, "nimg": 0, "seconds": 0.0, "device": "a GPU"}
    return json.dumps({"event": "status", "state": state, "message": message, **about})


@pytest.fixture
def followed(rented):
    """followed() follows the run in a thread, and gives the thread."""
    threads = []

    def follow() -> threading.Thread:
        follower = Follower(rented, lambda: False, lambda event: None)
        threads.append(threading.Thread(target=follower.follow))
        threads[-1].start()
        return threads[-1]

    yield follow
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive()


def test_a_training_on_a_job_is_here_as_if_it_had_run_here(on_hub, tmp_path, capsys):
    on_hub.jobs.machine = Machine(on_hub, tmp_path / "machine", jobs.PLACE)
    assert train("--kimg", "0.08", "--tracker", "tensorboard", "--yes", "--json") == 0
    run, (job,) = find_run("mine"), on_hub.jobs.all.values()
    there = RunDir(tmp_path / "machine" / "place" / ".app" / "mine" / "checkpoints" / "mine")
    assert (run.status().state, run.status().nimg) == ("done", 80) and not run.is_rented
    assert run.metrics() == there.metrics() and len(run.metrics()) == 4
    for name in ("generator.safetensors", "discriminator.safetensors", "state/000000080.pt", "data.json"):
        assert (run.path / name).read_bytes() == (there.path / name).read_bytes()
    assert [nimg for nimg, _ in run.samples()] == [row["nimg"] for row in run.metrics()]
    assert run.config().train.tracker == "tensorboard" and not (there.path / "tensorboard").exists()
    written = EventAccumulator(str(run.path / "tensorboard")).Reload().Scalars("loss/G")
    assert [each.step for each in written] == [row["nimg"] for row in run.metrics()]
    assert "pip install --quiet -r requirements.txt" in run.log.read_text()
    assert on_hub.private == {"me/dcgan-studio-runs"} and job.spec["flavor"] == "cpu-basic"
    assert run.status().device.startswith("cpu-basic on Hugging Face: ") and not (run.path / ".mirror").exists()
    needed = on_hub.repos["me/dcgan-studio-runs"][".app/mine/requirements.txt"].decode()
    assert "torch==" in needed and "gradio" not in needed and needed.startswith("--extra-index-url")
    # The token is a secret of the job, and nowhere else.
    assert job.spec.pop("secrets") == {"HF_TOKEN": ME} and ME not in json.dumps(job.spec) + "".join(job.lines)
    said = capsys.readouterr()
    files = [path for path in (*checkpoints().rglob("*"), *there.path.rglob("*")) if path.is_file()]
    assert ME not in said.out + said.err and not any(ME.encode() in path.read_bytes() for path in files)
    assert not any(ME.encode() in data for data in on_hub.repos["me/dcgan-studio-runs"].values())


def test_what_it_costs_is_said_and_asked_before_anything_starts(on_hub, capsys, monkeypatch):
    assert train(flavor="a10g-small") == 2
    said = capsys.readouterr()
    assert "costs $1.00 an hour and ends after 3 h at the latest, so it costs $3.00 at most" in said.out
    assert "1 × A10G of 24 GB" in said.out and "say --yes" in said.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert train("--minutes", "100", flavor="a10g-small") == 2
    assert "ends after 2 h" in capsys.readouterr().out
    assert not on_hub.jobs.all and not on_hub.repos and not list(checkpoints().iterdir())


def test_a_run_ends_with_all_saved_before_its_job_is_ended(on_hub, tiny):
    offer = offers.look().offer("l4x4", hours=2)
    assert offer.bounded(tiny).train.minutes == 100 and offer.bounded(tiny).train.kimg == tiny.train.kimg
    assert offer.bounded(tiny.with_options(minutes=7.0)).train.minutes == 7
    assert offer.gpus == 4 and "--nproc-per-node=4 --max-restarts=1 -m gan_core resume mine" in jobs.script(
        "mine", offer
    )


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("add credits or a way to pay at https://huggingface.co/settings/billing", {"credits": False}),
        ("has no machine 'h1000' for jobs; it has cpu-basic, a10g-small, l4x4", {"flavor": "h1000"}),
        ("a job cannot see /tmp on this computer", {"data": "/tmp"}),
        ("not logged in", {"token": ""}),
        ("your token may only read", {"token": "hf_reads"}),
        ("your token may not start jobs", {"ill": {("POST", "/api/jobs"): 403}}),
        ("(error 500): try it in a few minutes and start again", {"ill": {("GET", "/api/jobs/hardware"): 500}}),
        ("there is no connection to Hugging Face: look at your network and start again", {"away": True}),
    ],
)
def test_what_is_in_the_way_is_one_sentence_and_leaves_nothing(on_hub, capsys, monkeypatch, words, change):
    on_hub.jobs.credits, on_hub.ill = change.get("credits", True), change.get("ill", {})
    monkeypatch.setenv("HF_TOKEN", change.get("token", ME))
    if "away" in change:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    more = {name: change[name] for name in ("flavor", "data") if name in change}
    assert train("--yes", **more) == 2
    assert words in complaint(capsys)
    assert not on_hub.jobs.all and not list(checkpoints().glob("[!.]*"))


def test_its_words_and_numbers_come_while_it_trains(on_hub, rented, followed, wait_for):
    job = on_hub.jobs.all["job0"]
    followed()
    wait_for(lambda: rented.status().message == following.WAITS and rented.status().active)
    job.stage = "RUNNING"
    job.lines += ["Collecting torch", status("preparing", "reading the pictures")]
    wait_for(lambda: rented.status().message == "reading the pictures")
    job.lines += [tick(24, 1.5, swd=0.5), tick(48, 3.0, swd=0.4)]
    wait_for(lambda: rented.status().nimg == 48)
    assert [(row["nimg"], row["swd"]) for row in rented.metrics()] == [(24, 0.5), (48, 0.4)]
    assert rented.status().state == "training" and training.live_run().name == "mine"
    assert "Collecting torch" in rented.log.read_text()
    job.lines.append(json.dumps({"event": "error", "error": "the disk is full", "code": 1}))
    job.stage = "ERROR"
    wait_for(lambda: rented.status().state == "failed")
    assert rented.status().message == "the job failed: the disk is full"


def test_stop_cancels_the_job(on_hub, rented, followed, wait_for):
    job = on_hub.jobs.all["job0"]
    job.stage = "RUNNING"
    followed()
    wait_for(lambda: rented.status().active)
    rented.request_stop()
    wait_for(lambda: rented.status().state == "stopped")
    assert job.stage == "CANCELED" and not rented.is_rented and not rented.stop_requested()
    assert "cancelled" in rented.status().message


def test_a_bad_connection_is_waited_out(on_hub, rented, followed, wait_for):
    job = on_hub.jobs.all["job0"]
    job.stage, job.lines = "RUNNING", [tick(24, 1.5)]
    on_hub.ill = {("GET", "/logs"): ["cut", 503, None], ("GET", "/api/jobs/me/job0"): 502, ("GET", "/api/models"): 502}
    followed()
    wait_for(lambda: "the job goes on there" in rented.status().message)
    on_hub.ill = {("GET", "/logs"): ["cut", 503, None]}
    wait_for(lambda: rented.status().nimg == 24)
    job.stage = "COMPLETED"


def test_whoever_follows_again_counts_nothing_twice(on_hub, rented, followed, wait_for, capsys):
    job = on_hub.jobs.all["job0"]
    job.stage, job.lines = "RUNNING", [tick(24, 1.5), tick(48, 3.0), tick(48, 4.5), tick(72, 6.0)]
    stopped = Follower(rented, lambda: False, lambda event: None)
    for line in job.lines:
        stopped.lines.put(line)
    stopped.track = lambda: None
    stopped._hear()
    before = [(row["nimg"], row["seconds"]) for row in rented.metrics()]
    assert before == [(24, 1.5), (48, 4.5), (72, 6.0)] and rented.is_rented
    assert main(["resume", "mine"]) == 2 and "python -m gan_core follow mine" in capsys.readouterr().err
    followed()
    job.lines.append(tick(96, 7.5))
    wait_for(lambda: rented.status().nimg == 96)
    assert [(row["nimg"], row["seconds"]) for row in rented.metrics()] == [*before, (96, 7.5)]
    job.stage = "COMPLETED"


def test_a_training_that_goes_back_is_told_from_one_that_is_heard_again():
    steps = [step_of(json.loads(tick(*each))) for each in ((8, 1.0), (16, 2.0), (16, 3.0))]
    rows = []
    for step in [*steps, *steps]:
        rows = followed_by(rows, step)
    assert [(row["nimg"], row["seconds"]) for row in rows] == [(8, 1.0), (16, 3.0)]


def test_the_app_follows_a_job_in_a_process_and_trains_beside_it(on_hub, rented, tiny, monkeypatch, wait_for):
    monkeypatch.setenv("HF_ENDPOINT", on_hub.endpoint)
    training.resume(rented)
    wait_for(lambda: rented.status().message == following.WAITS and rented.is_alive())
    on_hub.jobs.all["job0"].lines.append(tick(24, 1.5))
    on_hub.jobs.all["job0"].stage = "RUNNING"
    own = training.start(tiny, "own")
    wait_for(lambda: rented.status().nimg == 24)
    rented.request_stop()
    wait_for(lambda: rented.status().state == "stopped")
    assert on_hub.jobs.all["job0"].stage == "CANCELED"
    wait_for(lambda: own.status().state == "done")


def test_a_run_is_not_renamed_or_deleted_while_its_job_may_go_on(on_hub, rented):
    for change in (lambda: manage.rename(rented, "other"), lambda: manage.delete(rented)):
        with pytest.raises(ValueError, match="trains on a rented machine"):
            change()
    assert rented.exists()


def test_a_job_that_is_gone_ends_the_run(on_hub, rented):
    del on_hub.jobs.all["job0"]
    assert main(["follow", "mine"]) == 1
    assert rented.status().state == "failed" and "knows nothing of this job" in rented.status().message
    assert not rented.is_rented


def test_a_job_that_is_not_found_now_and_then_is_followed_on(on_hub, rented, followed, wait_for):
    job, misses = on_hub.jobs.all["job0"], [404, 404, None, 404, 404]
    on_hub.ill = {("GET", "/api/jobs/me/job0"): misses}
    followed()
    wait_for(lambda: not misses)
    job.stage, job.lines = "RUNNING", [tick(24, 1.5)]
    wait_for(lambda: rented.status().nimg == 24)
    assert rented.is_rented
    job.stage = "COMPLETED"


def test_somebody_elses_job_is_not_taken_for_one_that_is_gone(on_hub, rented, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "hf_theirs")
    assert main(["follow", "mine"]) == 2
    assert "is me's: log in to Hugging Face as me to follow it" in complaint(capsys) and rented.is_rented


def test_a_run_that_was_trained_here_goes_on_there(on_hub, tiny, wait_for, capsys):
    run = RunDir.create(checkpoints() / "mine", tiny)
    assert main(["resume", "mine"]) == 0
    minutes, code = run.status().seconds / 60, []
    there = ["resume", "mine", "--kimg", "0.08", "--hf-job", "cpu-basic", "--hf-hours", "1", "--yes"]

    def go_on() -> None:
        job = wait_for(lambda: on_hub.jobs.all.get("job0"))
        code.append(json.loads(on_hub.repos["me/dcgan-studio-runs"]["mine/config.json"])["train"])
        job.stage = "CANCELED"

    threading.Thread(target=go_on).start()
    assert main(there) == 3
    assert "costs $0.01 an hour and ends after 1 h" in capsys.readouterr().out
    assert code[0]["kimg"] == 0.16 and code[0]["minutes"] == pytest.approx(40 + minutes)
    assert "mine/state/000000080.pt" in on_hub.repos["me/dcgan-studio-runs"]
    # What was there before the job is still here.
    assert run.states() and len(run.metrics()) == 4 and (run.status().state, run.status().nimg) == ("stopped", 80)


def test_a_copy_of_a_run_has_no_part_in_its_job(on_hub, rented):
    copy = manage.duplicate(rented, "copy")
    assert rented.is_rented and not copy.is_rented
    assert main(["follow", "copy"]) == 2


def test_a_run_is_resumed_wherever_its_mirror_is(on_hub, rented, monkeypatch):
    shutil.rmtree(rented.path)
    monkeypatch.setenv("DCGAN_STUDIO_MIRROR", "dcgan-studio-runs")
    assert main(["resume", "mine"]) == 0
    assert find_run("mine").status().nimg == 80
