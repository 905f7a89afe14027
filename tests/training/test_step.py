import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core.training.step import is_out_of_memory
from gan_core.training.trainer import Notice, Step, Trainer

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def trainer(tiny, images) -> Trainer:
    return Trainer(tiny, images, CPU, torch.float64)


def weights(trainer: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for model in (trainer.G, trainer.D) for parameter in model.parameters()]


class Crowded:
    """Memory that is too small for more than `fits` images at once, as the networks see it: a real allocation fails."""

    def __init__(self, model: torch.nn.Module, fits: int):
        self.handle = model.register_forward_pre_hook(self.allocate)
        self.fits, self.refused = fits, 0

    def allocate(self, _model, inputs) -> None:
        if len(inputs[0]) > self.fits:
            self.refused += 1
            torch.empty(2**60, dtype=torch.uint8)


@pytest.mark.parametrize(("crowded", "fits", "num_parts"), [("G", 4, 2), ("D", 4, 2), ("D", 1, 8)])
def test_a_batch_that_does_not_fit_trains_in_parts_with_the_same_result(trainer, tiny, crowded, fits, num_parts):
    roomy = Trainer(tiny, trainer.feed.images, CPU, torch.float64)
    memory = Crowded(getattr(trainer, crowded), fits)
    for _ in range(3):
        roomy.step(), trainer.step()
    assert memory.refused and trainer.learn.num_parts == num_parts
    for one, other in zip(weights(roomy), weights(trainer), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(roomy.tick().metrics["loss/G"], trainer.tick().metrics["loss/G"], rtol=1e-9, atol=0)


KINDS = {
    "relativistic with R1 and R2": {"loss": "relativistic", "r1_gamma": 1.0, "r2_gamma": 2.0},
    "residual": {"architecture": "residual", "loss": "relativistic", "r1_gamma": 1.0},
    "penalty between": {"loss": "wgan-gp"},
    "without batch norm": {"loss": "hinge", "d_norm": "none"},
    "two steps of D": {"d_steps": 2},
    "two steps of D with penalties": {"d_steps": 2, "loss": "relativistic", "r2_gamma": 1.0},
    "classes": {"classes": ("a", "b", "c")},
    "classes with penalties": {"classes": ("a", "b", "c"), "loss": "wgan-gp", "d_steps": 2},
    "fully connected with batch norm": {"architecture": "dense", "d_norm": "batch"},
}


@pytest.mark.parametrize("crowded", ["D", "G"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_training_gives_the_same_result_in_parts(trainer, tiny, kind, crowded):
    config = tiny.with_options(**KINDS[kind])
    labels = np.arange(20) % 3 if config.model.classes else None
    roomy, other = (Trainer(config, trainer.feed.images, CPU, torch.float64, labels) for _ in range(2))
    if crowded == "G" and config.train.d_steps > 1:
        # Fakes for D alone are made whole, since without a graph they need little memory.
        other.learn.num_parts = 2
    else:
        Crowded(getattr(other, crowded), 4)
    for _ in range(3):
        roomy.step(), other.step()
    assert other.learn.num_parts == 2
    for one, in_parts in zip(weights(roomy), weights(other), strict=True):
        torch.testing.assert_close(one, in_parts, rtol=1e-6, atol=1e-9)
    expected, found = roomy.tick().metrics, other.tick().metrics
    for name in ("loss/D", "loss/G", *(["penalty"] if config.train.penalises_gradients else [])):
        assert found[name] == pytest.approx(expected[name], rel=1e-9), name


def test_memory_is_asked_for_one_batch_at_a_time_and_the_notice_says_how_many(trainer, tiny):
    run = Trainer(tiny.with_options(d_steps=4), trainer.feed.images, CPU, torch.float64)
    Crowded(run.D, 4)
    run.step()
    assert "too small for 8 images at once" in run.learn.notices[0]
    Crowded(run.D, 0)
    with pytest.raises(RuntimeError, match="memory"):
        run.step()
    assert run.learn.num_parts == 8


def test_memory_that_runs_out_after_the_discriminators_step_does_not_train_it_twice(trainer, tiny):
    roomy = Trainer(tiny, trainer.feed.images, CPU, torch.float64)
    asked = []

    def once_too_much(_model, _inputs) -> None:
        # D is called for real and fake images, then by G's step.
        asked.append(1)
        if len(asked) == 3:
            torch.empty(2**60, dtype=torch.uint8)

    trainer.D.register_forward_pre_hook(once_too_much)
    roomy.step(), trainer.step()
    assert len(asked) > 3 and trainer.learn.num_parts == 2
    for one, other in zip(weights(roomy), weights(trainer), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_a_run_says_so_and_goes_on(trainer):
    Crowded(trainer.D, 4)
    events = list(trainer.run())
    notices = [event for event in events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "too small for 8 images at once" in notices[0].message and "2 parts" in notices[0].message
    assert sum(isinstance(event, Step) for event in events) == 10


def test_a_single_image_that_does_not_fit_is_an_error(trainer):
    Crowded(trainer.D, 0)
    with pytest.raises(RuntimeError, match="memory"):
        trainer.step()


def test_other_errors_are_not_taken_for_a_lack_of_memory(trainer):
    def broken(_model, _inputs):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    trainer.D.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="shapes"):
        trainer.step()
    assert trainer.learn.num_parts == 1


def test_what_torch_says_when_memory_is_out_is_understood():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("could not run the memory format conversion"))


LIMITED = """
import resource
import torch
from torch import nn
from gan_core.training.step import AdversarialStep

torch.set_num_threads(1)
WIDTH, BATCH = 512, 32768
G = nn.Sequential(nn.Linear(8, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, 8))
D = nn.Sequential(nn.Linear(8, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1), nn.Flatten(0))
opt_G, opt_D = (torch.optim.Adam(net.parameters(), fused=True) for net in (G, D))
step = AdversarialStep(G, D, opt_G, opt_D, lambda: torch.autocast("cpu", enabled=False))
real, z = torch.randn(BATCH, 8), torch.randn(BATCH, 8)
step(real[:64], z[:64])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT, used + LIMIT))
print(step(real, z).isfinite().all().item(), step.num_parts, *step.notices)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory this way")
def test_a_process_whose_memory_is_limited_trains_on():
    """One activation of the whole batch is 64 MB; whole, a step needs about ten of them."""
    code = LIMITED.replace("+ LIMIT", f"+ {350 * 2**20}")
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=600)
    finite, num_parts, notice = run.stdout.split(maxsplit=2) if run.stdout else ("", "", run.stderr)
    assert finite == "True" and int(num_parts) > 1, notice
    assert "the memory is too small for 32768 images" in notice
