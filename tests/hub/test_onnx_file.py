"""ONNX files are opened by the runtime that they are for."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from gan_core.config import Config, preset
from gan_core.hub.onnx_file import export_onnx
from gan_core.latent import Explorer, Point
from gan_core.models import build_generator

KINDS = {
    "dcgan": {"image_size": 32},
    "dcgan-28": {"image_size": 28, "channels": 1, "classes": ("coat", "bag", "shoe")},
    "mlp": {"image_size": 28, "channels": 1},
    "dense": {"image_size": 16},
    "residual": {"image_size": 32, "classes": ("a", "b")},
}


@pytest.fixture(params=KINDS)
def config(request) -> Config:
    return Config().with_options(architecture=request.param, ngf=8, ndf=8, latent_dim=16, **KINDS[request.param])


@pytest.fixture
def G(config):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        G = build_generator(config.model)
        for module in G.modules():
            if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 2)
        for parameter in G.parameters():
            parameter.data.mul_(3)
    return G.eval()


def test_the_file_draws_the_explorers_pictures_to_one_grey_level(G, config, tmp_path):
    export_onnx(G, tmp_path / "g.onnx")
    session, explorer = onnxruntime.InferenceSession(tmp_path / "g.onnx"), Explorer(G, config, 0)
    for count in (1, 5):
        z = np.stack([explorer.z(Point(seed)) for seed in range(count)])
        (pixels,) = session.run(None, {"z": z})
        ours = explorer.render_z(z)
        assert pixels.dtype == np.uint8 and pixels.shape == (*ours.shape[:3], 4)
        colours = np.broadcast_to(ours, (*ours.shape[:3], 3))
        assert np.abs(pixels[..., :3].astype(int) - colours).max() <= 1
        assert (pixels[..., 3] == 255).all() and pixels[..., :3].std() > 5


def test_weights_take_half_the_room_where_their_pictures_stay_the_same(tmp_path):
    config = preset("dcgan").with_options(image_size=128)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        G = build_generator(config.model).eval()
    export_onnx(G, tmp_path / "g.onnx")
    whole = 4 * sum(parameter.numel() for parameter in G.parameters())
    assert (tmp_path / "g.onnx").stat().st_size < 0.51 * whole
    session, explorer = onnxruntime.InferenceSession(tmp_path / "g.onnx"), Explorer(G, config, 0)
    z = np.stack([explorer.z(Point(seed)) for seed in range(100, 104)])
    (pixels,) = session.run(None, {"z": z})
    assert np.abs(pixels[..., :3].astype(int) - explorer.render_z(z)).max() <= 1


@pytest.mark.parametrize("config", ["dense"], indirect=True)
def test_weights_that_would_change_the_pictures_stay_whole(G, tmp_path):
    export_onnx(G, tmp_path / "g.onnx")
    kinds = {each.data_type for each in onnx.load(tmp_path / "g.onnx").graph.initializer}
    assert onnx.TensorProto.FLOAT in kinds and onnx.TensorProto.FLOAT16 not in kinds
