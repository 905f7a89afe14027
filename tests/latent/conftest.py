import pytest
import torch

from gan_core.config import Config, ModelConfig
from gan_core.latent import Explorer
from gan_core.models import Generator, build_generator
from gan_core.runs.checkpoint import save_generator

SMALL = Config(model=ModelConfig(image_size=32, ngf=8, ndf=8, latent_dim=16))


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def config() -> Config:
    return SMALL


@pytest.fixture
def G(config) -> Generator:
    """A small generator with batch norm statistics as uneven as after training, and pictures of full contrast."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G = build_generator(config.model)
        for module in G.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.01, 0.1)
                module.bias.data.normal_(0, 0.2)
        G.to_image.weight.data.normal_(0, 0.2)
    return G.eval().requires_grad_(False)


@pytest.fixture
def explorer(G, config, tmp_path) -> Explorer:
    save_generator(tmp_path / "generator.safetensors", G, config, 4096)
    return Explorer.load(tmp_path / "generator.safetensors")
