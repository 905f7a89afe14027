import os

# Before torch is imported, and for the processes that tests start: one thread, and the CPU, where results repeat.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import signal
import time

import pytest
import torch

from gan_core import home
from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.runs import job

assert job.REPOSITORY == home.REPOSITORY, "processes start in the real repository, whatever home tests look into"

torch.set_num_threads(1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """New networks have the same weights in every run of the tests, also those of fixtures that several tests share."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def home_folder(tmp_path_factory, monkeypatch):
    """A home of its own for every test, so that nothing is read from or written to the repository."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("DCGAN_STUDIO_HOME", str(folder))
    monkeypatch.setattr(home, "REPOSITORY", folder / "code")
    return folder


@pytest.fixture(autouse=True)
def signal_handlers():
    """The command line takes over SIGINT and SIGTERM: give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def tiny() -> Config:
    """The smallest networks, trained for ten steps; nothing goes by the clock, so that a stall changes nothing."""
    return Config(
        model=ModelConfig(image_size=32, ngf=4, ndf=4, latent_dim=8),
        train=TrainConfig(
            data="drawn:40", kimg=0.08, tick_kimg=0.024, batch_size=8, precision="fp32", ema_kimg=0.02,
            save_seconds=1e6, eval_seconds=1e6,
        ),
    )  # fmt: skip


@pytest.fixture
def wait_for():
    """wait_for(condition) polls until the condition holds and returns what it returned; fails after a while."""

    def wait(condition, seconds: float = 300):
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.02)
        return result

    return wait


@pytest.fixture
def hub():
    """The double of the Hub, at an address of its own."""
    from hub_double import Hub

    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def on_hub(hub, tmp_path, monkeypatch):
    """The double in the place of the Hub for huggingface_hub in this process, as its variables do before its import."""
    from huggingface_hub import close_session, constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    for name, value in {
        "ENDPOINT": hub.endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": str(tmp_path / "hf" / "hub"),
        "HF_TOKEN_PATH": str(tmp_path / "hf" / "token"),
        "HF_HUB_DISABLE_XET": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    yield hub
    close_session()
