"""What only a GPU can show: CUDA_VISIBLE_DEVICES=0 python -m pytest tests/training/test_cuda.py"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.training import feed
from gan_core.training.batches import Batches
from gan_core.training.feed import HostFeed, ResidentFeed, StreamedFeed
from gan_core.training.preflight import preflight
from gan_core.training.trainer import Notice, Tick, Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
GPU, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def config(tiny) -> Config:
    model = replace(tiny.model, ngf=16, ndf=16)
    return replace(tiny, model=model).with_options(batch_size=16, kimg=0.4, tick_kimg=0.1, flip=False)


def losses(trainer: Trainer, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        trainer.step()
        found.append(trainer.tick().metrics["loss/G"])
    return found


def test_steps_become_a_graph_that_goes_on_as_ordinary_steps_would(config, images):
    graphed, ordinary = Trainer(config, images, GPU), Trainer(config, images, GPU)
    ordinary.learn.use_graph = False
    ours, theirs = losses(graphed, 12), losses(ordinary, 12)
    assert graphed.learn._graph and not ordinary.learn._graph and not graphed.learn.notices
    assert ours[:3] == pytest.approx(theirs[:3], rel=1e-3)
    assert ours == pytest.approx(theirs, rel=0.1)


def test_a_gpu_trains_as_a_processor_does(config, images):
    """In fp64 both compute the same from the same z."""
    trainers = [Trainer(config, images, device, torch.float64) for device in (CPU, GPU)]
    for trainer in trainers:
        z = iter(torch.Generator().manual_seed(i) for i in range(100))
        trainer.inputs.noise = lambda count, _rng, z=z, to=trainer: torch.randn(count, 8, generator=next(z)).to(
            to.device, to.dtype
        )
    ours, theirs = (losses(trainer, 10) for trainer in trainers)
    assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_nothing_inside_a_tick_waits_for_the_gpu(config, images, precision):
    trainer = Trainer(config.with_options(precision=precision, flip=True), images, GPU)
    for _ in range(6):
        trainer.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(5):
            trainer.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_every_feed_gives_what_the_host_gives(images):
    batches = Batches(len(images), 16, seed=1)
    for kind in (ResidentFeed, StreamedFeed):
        there = kind(images, batches, GPU)
        for nimg in (0, 16, 32, 160, 176):
            assert torch.equal(there.batch(nimg).cpu(), HostFeed(images, batches).batch(nimg))


def test_a_set_that_fits_stays_on_the_gpu_and_a_larger_one_is_streamed(images, monkeypatch):
    batches = Batches(len(images), 16, seed=1)
    assert isinstance(feed.choose(images, batches, GPU), ResidentFeed)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (images.nbytes, 10**12))
    assert isinstance(feed.choose(images, batches, GPU), StreamedFeed)


def test_a_run_moves_between_gpu_and_processor(config, images):
    on_gpu = Trainer(config, images, GPU)
    for _ in range(6):
        on_gpu.step()
    again, on_cpu = Trainer(config, images, GPU), Trainer(config, images, CPU)
    for trainer in (again, on_cpu):
        trainer.load_state_dict(on_gpu.state_dict())
    assert not again.learn.notices and "another kind of device" in on_cpu.learn.notices[0]
    assert losses(again, 6) == pytest.approx(losses(on_gpu, 6), rel=0.05)
    losses(on_cpu, 2)


def test_too_little_gpu_memory_halves_the_batch(config, images):
    trainer = Trainer(config.with_options(image_size=32, ngf=64, ndf=64, batch_size=1024), images, GPU)
    total = torch.cuda.get_device_properties(GPU).total_memory
    trainer.inputs.noise(4, trainer.rng)
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 3e8) / total)
    try:
        events = []
        for event in trainer.run():
            events.append(event)
            if isinstance(event, Tick):
                break
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert any(isinstance(event, Notice) for event in events) and trainer.learn.num_parts > 1


def test_preflight_on_a_gpu(config, images):
    found = preflight(config, images)
    assert found.largest_batch == 4096 and found.peak_bytes < found.memory_bytes
