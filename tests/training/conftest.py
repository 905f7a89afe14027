import numpy as np
import pytest
import torch

from gan_core.training.precision import bf16_is_fast


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(params=["fp32", "bf16"] if bf16_is_fast(torch.device("cpu")) else ["fp32"])
def precision(request) -> str:
    """Each that this computer trains in."""
    return request.param
