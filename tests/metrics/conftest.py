from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gan_core.data import draw, factors


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def faces() -> np.ndarray:
    """600 drawn faces, uint8 [600, 32, 32, 3]."""
    return np.stack([np.asarray(draw(factors(seed), size=32)) for seed in range(600)])


@pytest.fixture
def noisy():
    """noisy(images, sigma) adds the same noise on every call."""

    def add(images: np.ndarray, sigma: float) -> np.ndarray:
        noise = np.random.default_rng(7).normal(0, sigma, images.shape)
        return np.clip(images + noise, 0, 255).astype(np.uint8)

    return add


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory) -> Path:
    """A file of random weights that torch-fidelity's network loads; scaled so that signals survive all its layers."""
    from torch_fidelity import FeatureExtractorInceptionV3

    class Untrained(FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    folder = tmp_path_factory.mktemp("weights")
    torch.save({}, folder / "none.pth")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Untrained("untrained", ["2048"], feature_extractor_weights_path=folder / "none.pth")
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    torch.save(network.state_dict(), folder / "inception.pth")
    return folder / "inception.pth"
