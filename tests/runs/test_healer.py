from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.home import checkpoints
from gan_core.runs import disk
from gan_core.runs.diagnosis import diagnose
from gan_core.runs.healer import MOST_TREATMENTS, distinct
from gan_core.runs.run_dir import RunDir
from gan_core.runs.worker import Worker
from gan_core.training.trainer import Trainer


@pytest.fixture
def new_run():
    """new_run(preset, **train) creates a run of small networks on drawn faces, with a tick every six steps."""

    def create(preset: str = "dcgan", **train) -> RunDir:
        settings = {"data": "drawn:100", "kimg": 2.0, "tick_kimg": 0.1, "batch_size": 16, "precision": "fp32"}
        model = ModelConfig(image_size=32, ngf=8, ndf=8, latent_dim=16)
        config = Config(preset, model, TrainConfig(**settings | {"eval_seconds": 0.05, "save_seconds": 0.0} | train))
        return RunDir.create(checkpoints() / f"run-{len(list(checkpoints().glob('*')))}", config)

    return create


class Patient(Worker):
    """A worker whose trainer something is wrong with."""

    def __init__(self, run: RunDir, infect=lambda trainer: None, should_stop=lambda: False):
        self.infect, self.heard = infect, []
        super().__init__(run, 4711, should_stop, self.heard.append)

    def _open_trainer(self) -> Trainer:
        trainer = super()._open_trainer()
        self.infect(trainer)
        return trainer


def verdict(run: RunDir) -> str:
    return diagnose(run, run.config()).name


def freeze_to_one_image(trainer: Trainer) -> None:
    for G in (trainer.G, trainer.G_ema):
        G.register_forward_hook(lambda _module, _inputs, images: images[:1].expand_as(images))


def stop_learning(trainer: Trainer) -> None:
    trainer.G.register_forward_hook(lambda _module, _inputs, images: images * 0.0)


def test_a_rate_at_which_nothing_is_learned_is_found_and_cured(new_run):
    run = new_run(lr=0.5)
    worker = Patient(run)
    status = worker.work()
    (entry,) = run.history()
    assert (entry["verdict"], entry["nimg"], entry["changes"]) == ("diverged", 0, {"lr": [0.5, 2e-4]})
    said = [event.message for event in worker.heard if hasattr(event, "message")]
    assert sum("learn at a rate of 0.0002" in message for message in said) == 1
    assert (status.state, status.message) == ("done", "")
    assert run.config().train.lr == 2e-4 and verdict(run) == "healthy"
    seen = [row["nimg"] for row in run.metrics()]
    assert seen == sorted(set(seen)) and seen[-1] == status.nimg == 2000
    assert max(row["loss/G"] for row in run.metrics()) < 20


def test_without_auto_heal_the_verdict_is_given_and_treatment_waits_for_the_owner(new_run, set_goal):
    run = new_run(lr=0.5, auto_heal=False)
    Patient(run).work()
    assert verdict(run) == "diverged" and run.history() == [] and run.config().train.lr == 0.5
    set_goal(run, kimg=4.0)
    run.request_heal()
    Patient(run).work()
    assert [entry["verdict"] for entry in run.history()] == ["diverged"]
    assert verdict(run) == "healthy" and run.config().train.lr == 2e-4


def test_a_treated_run_is_the_one_that_resumes(new_run, set_goal):
    run = new_run(lr=0.5)
    Patient(run).work()
    set_goal(run, kimg=2.2)
    (run.path / "history.jsonl").write_text('{"nimg": 0, "ver')
    status = Patient(run).work()
    assert (status.state, status.nimg) == ("done", 2208)
    assert [entry["verdict"] for entry in run.history()] == ["diverged"]
    assert run.config().train.lr == 2e-4


def test_a_generator_frozen_to_one_image_repeats_itself(new_run):
    run = new_run(kimg=None)
    Patient(run, freeze_to_one_image, should_stop=run.history).work()
    (entry,) = run.history()
    assert entry["verdict"] == "g-repeats" and entry["changes"] == {"lr": [2e-4, 1e-4]}


def test_what_does_not_get_better_is_treated_three_times_at_most(new_run):
    run = new_run(lr=0.5)
    for _ in range(MOST_TREATMENTS):
        run.append_history({"nimg": 0, "verdict": "diverged"})
    Patient(run).work()
    assert len(run.history()) == MOST_TREATMENTS
    assert run.config().train.lr == 0.5 and verdict(run) == "diverged"


def test_a_generator_that_cannot_learn_loses_against_the_discriminator(new_run):
    run = new_run(auto_heal=False, lr=1e-3)
    Patient(run, stop_learning).work()
    assert verdict(run) == "d-wins"
    assert "discriminator is winning" in diagnose(run, run.config()).headline


def test_copies_of_a_few_pictures_are_called_that_and_no_setting_is_changed(new_run, tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    for index in range(60):
        Image.fromarray(pictures[index % 3]).save(tmp_path / f"{index}.png")
    run = new_run(data=str(tmp_path), kimg=0.4)
    Patient(run).work()
    assert verdict(run) == "copies" and run.history() == []
    assert "5%" in diagnose(run, run.config()).meaning


def test_one_step_without_finite_numbers_is_skipped_and_leaves_the_networks_alone(tiny):
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    trainer = Trainer(tiny, images, torch.device("cpu"))
    trainer.step()
    before = [p.clone() for net in (trainer.G, trainer.D) for p in net.parameters()]
    broken = trainer.D.register_forward_hook(lambda _module, _inputs, logits: logits * float("nan"))
    trainer.step()
    broken.remove()
    after = [p for net in (trainer.G, trainer.D) for p in net.parameters()]
    assert all(map(torch.equal, before, after))
    trainer.step()
    assert not any(map(torch.equal, before, after))
    tick = trainer.tick()
    assert tick.metrics["skipped"] == 1 and np.isfinite(list(tick.metrics.values())).all()


@pytest.mark.parametrize("train", [{}, {"loss": "relativistic", "r1_gamma": 1.0, "r2_gamma": 1.0}, {"loss": "hinge"}])
def test_a_healthy_training_raises_no_alarm(new_run, train):
    run = new_run(data="drawn:400", **train)
    heard = []
    worker = Patient(run)
    worker.watch = lambda event: heard.append(diagnose(run, run.config()).name)
    worker.work()
    assert set(heard) == {"early", "healthy"} and run.history() == []


@pytest.mark.parametrize("name", ["faces-64", "clothes-28", "avatars-64"])
def test_the_trainings_of_the_shipped_models_raise_no_alarm(name, tmp_path):
    run = RunDir(Path(__file__).resolve().parents[2] / "checkpoints" / name)
    rows = run.metrics()
    copy = RunDir.create(tmp_path / name, run.config())
    heard = set()
    for row in rows:
        copy.append_metrics(row)
        heard.add(verdict(copy))
    assert len(rows) > 100 and heard == {"early", "healthy"}


def test_distinct_counts_different_pictures():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    assert distinct(images) == 1
    assert distinct(np.concatenate([images, images])) == 0.5


def test_a_disk_that_fills_up_stops_the_training_with_everything_saved(new_run, monkeypatch):
    run = new_run(kimg=1.0)
    with monkeypatch.context() as full:
        full.setattr(disk, "MARGIN_BYTES", 2**60)
        status = Patient(run).work()
    assert status.state == "stopped" and "nearly full" in status.message
    assert int(run.states()[0].stem) == status.nimg < 1000
    assert Patient(run).work().state == "done"
