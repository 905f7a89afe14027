"""The panel for a rented machine, with the double of the Hub over real HTTP."""

import socket

import gradio as gr
import pytest
from huggingface_hub import constants

from gan_core.home import checkpoints
from gan_core.hub import jobs, offers, refusals
from gan_core.runs import job, library
from gan_core.runs.run_dir import RunBusy, RunDir, Status
from ui import form, guard, place, preflight, renting, resume, run_view, train

SKIP = gr.skip()
TINY = {"source": form.LOCAL, "path": "drawn:40", "ngf": 4, "ndf": 4, "latent_dim": 8, "batch_size": 8, "amount": 100}
RENTED = TINY | {"unit": "minutes", "device": place.RENTED}


@pytest.fixture(autouse=True)
def logged_in(on_hub, monkeypatch):
    """Also for the processes that the app starts."""
    monkeypatch.setenv("HF_TOKEN", "hf_writes")
    monkeypatch.setenv("HF_ENDPOINT", on_hub.endpoint)


class Shown:
    """An update of the panel, by name."""

    def __init__(self, update):
        names = ("start", "box", "flavor", "hours", "html", "begin", "said", "market")
        self.__dict__.update(zip(names, update, strict=True))

    @property
    def button(self) -> str:
        """The words of the button that starts the job; "" without one."""
        return self.begin.value if self.begin.visible else ""


@pytest.fixture
def chosen(filled):
    """chosen(**changes): what the panel shows once a rented machine is chosen on a form with these values."""
    return lambda **changes: Shown(list(renting.choose(None, None, *filled(**RENTED | changes)))[-1])


@pytest.fixture
def press(filled):
    """press(said, flavor, hours, **changes): every update of the button under that sentence; the run's name first."""

    def start(said, flavor="a10g-small", hours=2.0, name="mine", **changes):
        return list(renting.start(name, said, flavor, hours, *filled(**RENTED | changes)))

    return start


def nothing_has_begun(on_hub) -> bool:
    return not on_hub.jobs.all and not list(checkpoints().glob("[!.]*"))


def test_the_price_is_there_before_the_button_and_the_hub_is_not_asked_before_the_choice(on_hub, filled, chosen):
    here = Shown(*renting.choose(None, None, *filled(**RENTED | {"device": place.HERE})))
    assert (here.start.visible, here.box.visible, here.begin.visible) == (True, False, False)
    assert list(renting.price(None, None, None, *filled(**RENTED | {"device": place.HERE}))) == [(SKIP,) * 8]
    assert not on_hub.requests
    first, last = map(Shown, renting.choose(None, None, *filled(**RENTED)))
    assert "asking Hugging Face" in first.html and not first.begin.visible and not first.start.visible
    assert last.button == "Start for at most $2.00" and not last.start.visible and last.hours == 2
    assert "costs $1.00 an hour and ends after 2 h at the latest, so it costs $2.00 at most" in last.html
    assert "1 × A10G of 24 GB" in last.html and "me/dcgan-studio-runs" in last.html and "it trains for" not in last.html
    assert last.flavor.choices[0] == ("cpu-basic: $0.01/h", "cpu-basic") and last.flavor.value == "a10g-small"


def test_another_machine_time_or_goal_has_its_price_without_asking_again(on_hub, filled, chosen):
    market = chosen().market
    on_hub.requests.clear()
    (shown,) = map(Shown, renting.price(market, "l4x4", 1.0, *filled(**RENTED)))
    assert shown.button == "Start for at most $3.80" and shown.hours == SKIP
    assert "Of that time it trains for 40 min at most" in shown.html
    (shown,) = map(Shown, renting.price_of_goal(market, "l4x4", 1.0, *filled(**RENTED | {"unit": "kimg"})))
    assert shown.button == "Start for at most $11.40" and shown.hours == 3
    for hours, words in ((0.1, "from 0.5 to 72 hours, not 0.1"), (1e9, "not 1e+09")):
        (shown,) = map(Shown, renting.price(market, "l4x4", hours, *filled(**RENTED)))
        assert words in shown.html and not shown.button
    assert not on_hub.requests


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("You are not logged in to Hugging Face", {"token": ""}),
        ("Your token may only read", {"token": "hf_reads"}),
        ("(error 500): try it in a few minutes and start again", {"ill": {("GET", "/api/jobs/hardware"): 500}}),
        ("There is no connection to Hugging Face: look at your network and start again", {"away": True}),
        ("A job cannot see /tmp on this computer: put the pictures on the Hub", {"form": {"path": "/tmp"}}),
        ("A job cannot see an uploaded zip on this computer", {"form": {"source": form.UPLOAD, "upload": "/x.zip"}}),
        ("A job cannot see /x on this computer", {"form": {"source": form.KNOWN, "known": "mnist", "data_root": "/x"}}),
        ("Say where your pictures are", {"form": {"path": ""}}),
        ("Say how long to train", {"form": {"amount": None}}),
    ],
)
def test_what_is_in_the_way_is_one_sentence_in_the_panel(on_hub, chosen, monkeypatch, words, change):
    monkeypatch.setenv("HF_TOKEN", change.get("token", "hf_writes"))
    on_hub.ill = change.get("ill", {})
    if "away" in change:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    shown = chosen(**change.get("form", {}))
    assert words in shown.html and "role='alert'" in shown.html
    assert not shown.button and not shown.start.visible and shown.box.visible
    assert "form" not in change or not on_hub.requests


def test_on_a_space_a_token_is_a_secret_of_it(on_hub, chosen, monkeypatch, visitor):
    monkeypatch.setenv("HF_TOKEN", "")
    visitor("somebody")
    assert "the secret HF_TOKEN of this Space" in chosen().html


def test_only_whoever_may_train_is_offered_a_machine_or_gets_one(on_hub, chosen, press, visitor):
    visitor("somebody")
    assert place.RENTED in [value for _, value in place.field().choices]
    said = chosen().said
    for name in (None, "stranger"):
        visitor(name)
        on_hub.requests.clear()
        assert place.RENTED not in [value for _, value in place.field().choices]
        assert "everybody can explore" in chosen().html and not chosen().button
        ((run, _, _, *shown),) = press(said)
        assert run == SKIP and "everybody can explore" in Shown(shown).html
        assert not on_hub.requests and nothing_has_begun(on_hub)


@pytest.mark.parametrize("change", [{"flavor": "l4x4"}, {"hours": 3.0}, {"said": None}, {"said": "a job for nothing"}])
def test_a_price_that_was_not_shown_starts_nothing_and_is_shown(on_hub, chosen, press, change):
    ((*_, last),) = [press(**{"said": chosen().said} | change)]
    shown = Shown(last[3:])
    assert last[0] == SKIP and "This is what it costs now. Nothing has been started." in shown.html
    assert shown.button and shown.said in shown.html.replace("A job", "a job") and nothing_has_begun(on_hub)


def test_a_machine_whose_price_is_not_known_is_not_offered_and_cannot_be_had(on_hub, press, monkeypatch):
    monkeypatch.setattr(offers, "AN_HOUR", {})
    unknown = offers.look()
    assert not unknown.priced and "ends after 2 h" in str(unknown.offer("a10g-small", 2.0))
    last = press(str(unknown.offer("a10g-small", 2.0)))[-1]
    assert "nobody here knows what this machine costs" in Shown(last[3:]).html.lower() and nothing_has_begun(on_hub)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("add credits or a way to pay", {"credits": False}),
        ("your token may not start jobs", {"ill": {("POST", "/api/jobs"): 403}}),
        ("is no name for a run", {"name": "../up"}),
        ("batch_size must lie between", {"batch_size": 1}),
    ],
)
def test_a_start_that_is_refused_says_why_leaves_nothing_and_can_be_tried_again(on_hub, chosen, press, words, change):
    said = chosen().said
    on_hub.jobs.credits, on_hub.ill = change.pop("credits", True), change.pop("ill", {})
    last = press(said, **change)[-1]
    shown = Shown(last[3:])
    assert words in shown.html.replace("Your", "your") and shown.begin.visible and nothing_has_begun(on_hub)
    on_hub.jobs.credits, on_hub.ill = True, {}
    assert press(said)[-1][0] == "mine" and len(on_hub.jobs.all) == 1


def test_a_start_tells_its_progress_and_then_the_run_is_followed_as_any_other(on_hub, chosen, press, wait_for):
    *progress, last = press(chosen().said)
    told = " ".join(Shown(update[3:]).html for update in progress)
    assert "sending" in told and not any(Shown(update[3:]).button for update in progress)
    run, (rented,) = library.named_run("mine"), on_hub.jobs.all.values()
    assert last[:2] == ("mine", "{}") and last[2].value == place.HERE and not Shown(last[3:]).box.visible
    assert rented.spec["flavor"] == "a10g-small" and rented.spec["timeoutSeconds"] == 7200
    assert run.is_rented and run.config().train.minutes == 100
    assert train.live_name() == "mine"
    train.stop_run("mine")
    wait_for(lambda: run.status().state == "stopped")
    assert rented.stage == "CANCELED" and not run.is_rented


def test_whoever_leaves_while_it_is_sent_has_started_nothing(on_hub, chosen, filled, wait_for, monkeypatch):
    said = chosen().said
    monkeypatch.setattr(refusals, "SECONDS_OF_SILENCE", 5)
    on_hub.ill = {("POST", "/api/repos/create"): "slow"}
    updates = renting.start("mine", said, "a10g-small", 2.0, *filled(**RENTED))
    for update in updates:
        if "sending" in Shown(update[3:]).html:
            break
    updates.close()
    wait_for(lambda: not list(checkpoints().glob("mine")))
    assert not on_hub.jobs.all


def test_a_rented_machine_that_cannot_be_followed_now_is_not_offered_again(on_hub, chosen, press, monkeypatch):
    def busy(run, **more):
        raise RunBusy("another training is just being started: try again in a moment")

    told = []
    monkeypatch.setattr(job, "resume", busy)
    monkeypatch.setattr(gr, "Warning", lambda message, title: told.append(message))
    last = press(chosen().said)[-1]
    assert last[0] == "mine" and not Shown(last[3:]).box.visible and len(on_hub.jobs.all) == 1
    assert library.named_run("mine").is_rented
    assert "just being started" in told[0] and "Resume follows it again" in told[0]


def test_a_batch_that_the_gpus_cannot_share_rents_nothing(on_hub, chosen, filled, press):
    market = chosen().market
    (shown,) = map(Shown, renting.price(market, "l4x4", 2.0, *filled(**RENTED | {"batch_size": 10})))
    last = press(shown.said, flavor="l4x4", batch_size=10)[-1]
    assert "4 processes cannot share batches of 10" in Shown(last[3:]).html and nothing_has_begun(on_hub)


@pytest.fixture
def rented(on_hub, config) -> RunDir:
    run = RunDir.create(checkpoints() / "mine", config)
    jobs.submit(run, offers.look().offer("a10g-small"))
    return run


def test_a_rented_run_has_a_job_to_cancel_and_not_a_training_to_stop(rented):
    rented.write_status(Status("preparing", message="waits"))
    with rented.claim():
        status = rented.status()
        assert run_view.stop_words(rented, status) == "Cancel the job"
        assert "What it has saved so far stays here" in run_view.title_html(rented, status, [])
        rented.request_stop()
        assert run_view.stop_words(rented, status) == "Cancelling…"
        assert "cancelling the job" in run_view.title_html(rented, status, [])
    rented.write_job(rented.job() | {"ended": True})
    assert run_view.stop_words(rented, Status("training")) == "Stopping…"


@pytest.mark.parametrize("state", ["stopped", "failed", "training"])
def test_a_job_that_nobody_follows_is_told_to_go_on_whatever_the_run_says(rented, state):
    message = "the training process did not start" if state == "failed" else ""
    rented.write_status(Status(state, message))
    html = run_view.title_html(rented, rented.status(), [])
    assert "which may go on and cost. Resume follows it again" in html and message in html.lower()
    rented.generator.touch()
    assert run_view.can_resume(rented, rented.status())
    rented.write_job(rented.job() | {"ended": True})
    assert "go on and cost" not in run_view.title_html(rented, rented.status(), [])


def test_resume_follows_a_job_again_wherever_the_form_would_train_and_beside_a_training(on_hub, rented, run, wait_for):
    with run.claim():
        run.write_status(Status("training"))
        resume.resume("mine", 1, "kimg", place.RENTED)
        assert rented.status().message == "asking about its job"
        assert job.training_here().name == run.name
    rented.request_stop()
    wait_for(lambda: rented.status().state == "stopped")


def test_a_run_of_this_computer_is_not_resumed_here_for_a_rented_machine(run, monkeypatch):
    told = []
    monkeypatch.setattr(guard.gr, "Warning", lambda message, title: told.append(message))
    run.state_path(1000).write_bytes(b"")
    assert resume.resume(run.name, 1, "kimg", place.RENTED) == SKIP
    assert "does not go on a rented machine" in told[0] and not run.is_alive()


def test_a_trial_for_a_rented_machine_says_where_it_was_made(config):
    assert "on this computer:" in preflight.result_html(config, [], place.RENTED)
    assert "on this computer" not in preflight.result_html(config, [], place.HERE)
