import json

import gradio as gr

from gan_core.runs.run_dir import Status
from ui import guard, health, train


def ill(run) -> None:
    """Eight ticks at which the discriminator makes no mistake."""
    for nimg in range(1100, 1900, 100):
        run.append_metrics(run.metrics()[0] | {"nimg": nimg, "score/real": 0.999, "score/fake": 0.001})


def shown(run) -> tuple[str, bool]:
    """The words of the verdict and whether there is a button."""
    made = health.parts(run, run.status(), run.metrics())
    return made["verdict"][1](), made["heal"][1]().visible


def test_a_new_run_is_too_early_to_judge_and_offers_no_button(run):
    words, button = shown(run)
    assert "Too early to say" in words and not button
    assert health.parts(None, run.status(), [])["verdict"][1]() == ""


def test_an_illness_is_explained_with_what_helps_and_a_button(run):
    run.state_path(1000).write_bytes(b"")
    ill(run)
    words, button = shown(run)
    assert "The discriminator is winning" in words and "learn at a rate of 0.0001" in words and button


def test_without_a_state_to_go_on_from_there_is_no_dead_button(run):
    ill(run)
    assert shown(run)[1] is False


def test_treatments_are_listed_with_what_they_changed(run):
    run.append_history(
        {
            "nimg": 600, "ill_at": 1000, "verdict": "d-wins", "headline": "the discriminator <is> winning",
            "advice": "", "changes": {"lr": [2e-4, 1e-4]},
        }
    )  # fmt: skip
    words, _ = shown(run)
    assert "back to 0.6 kimg" in words and "lr 0.0002 → 0.0001" in words and "&lt;is&gt;" in words


def test_the_button_asks_for_treatment_and_goes_on_with_a_run_that_had_stopped(run, monkeypatch):
    resumed = []
    monkeypatch.setattr(health.job, "resume", lambda run, **goal: resumed.append((run.name, goal)))
    assert health.heal(run.name, 10, "minutes") == "{}"
    assert run.take_heal_request() and resumed == [("tiny", {"gpus": ()})]


def test_a_treatment_is_a_line_from_bottom_to_top_of_every_chart(run):
    before = train.snapshot(run.name, "{}")
    run.append_history({"nimg": 600, "ill_at": 1000, "headline": "", "advice": "", "changes": {}})
    names = list(json.loads(before[-1]))
    hidden = train.snapshot(run.name, before[-1])
    assert not hidden[names.index("loss")].visible, "a chart that stays would take no new line"
    chart = train.snapshot(run.name, hidden[-1])[names.index("loss")]
    data = dict(zip(chart.value["columns"], zip(*chart.value["data"], strict=True), strict=True))
    mark = [(x, y) for x, y, of in zip(data["kimg"], data["loss"], data["of"], strict=True) if "treated" in of]
    assert mark == [(0.6, 1.0), (0.6, 2.0)]


def test_noise_is_not_called_healthy(run):
    for nimg in range(1100, 2000, 100):
        run.append_metrics(run.metrics()[0] | {"nimg": nimg})
    assert "Too early to say" in shown(run)[0]
    run.append_metrics(run.metrics()[0] | {"nimg": 2100, "swd": 700.0, "diversity": 0.2})
    assert "Too early to say" in shown(run)[0]
    run.append_metrics(run.metrics()[0] | {"nimg": 2200, "swd": 300.0, "diversity": 0.7})
    assert "Healthy" in shown(run)[0]


def test_a_refused_resume_leaves_no_treatment_for_later(run, monkeypatch):
    shown = []
    monkeypatch.setattr(guard.gr, "Warning", lambda message, title: shown.append(message))
    run.write_status(Status("stopped", nimg=2000))
    assert health.heal(run.name, 0, "minutes") == gr.skip() and "how long" in shown[0]
    assert not run.take_heal_request()
