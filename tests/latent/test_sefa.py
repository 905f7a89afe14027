import numpy as np
import pytest
import torch

from gan_core.config import ModelConfig
from gan_core.latent import Explorer
from gan_core.latent.sefa import weight_directions
from gan_core.models import build_generator

SHAPES = {"dcgan": 32, "dcgan-28": 28, "mlp": 16, "dense": 16, "residual": 32}


def generator(architecture: str, classes: tuple[str, ...] = ()):
    """A generator whose first layer has norms, maps and biases as uneven as after training."""
    size = SHAPES[architecture]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        G = build_generator(ModelConfig(architecture, size, 1, latent_dim=12, ngf=8, ndf=8, classes=classes))
        for module in G.modules():
            if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                module.running_mean.normal_(0, 0.5)
                module.running_var.uniform_(0.1, 2)
                module.weight.data.uniform_(0.2, 2)
    return G.eval().requires_grad_(False)


def before_the_first_activation(G, z: torch.Tensor) -> torch.Tensor:
    """What the first activation, or of a residual network the first block, is given."""
    layer = G.first if hasattr(G, "first") else G.project
    activation = next((m for m in layer.modules() if isinstance(m, (torch.nn.ReLU, torch.nn.LeakyReLU))), layer)
    seen = []
    handle = activation.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    G.features(z, 0)
    handle.remove()
    return seen[0].flatten(1)


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
@pytest.mark.parametrize("architecture", SHAPES)
def test_they_are_the_principal_components_of_what_the_first_activation_sees(architecture, classes):
    G = generator(architecture, classes)
    weights = torch.tensor([[1.0, 0.0]]).expand(12, 2)[:, : len(classes)]
    origin, axes = torch.zeros(12, 12), torch.eye(12)
    jacobian = before_the_first_activation(G, torch.cat([axes, weights], 1)) - before_the_first_activation(
        G, torch.cat([origin, weights], 1)
    )
    _, sizes, vectors = torch.linalg.svd(jacobian.T, full_matrices=False)
    found = weight_directions(G, 4)
    cosines = [abs(float(vectors[i] @ torch.from_numpy(d.vector))) for i, d in enumerate(found)]
    np.testing.assert_allclose(cosines, 1, atol=1e-3)
    shares = sizes.square() / sizes.square().sum()
    np.testing.assert_allclose([d.explained for d in found], shares[:4], rtol=1e-3)


def test_they_are_always_the_same_with_the_largest_component_positive():
    first, second = (weight_directions(generator("dcgan")) for _ in range(2))
    assert [d.id for d in first] == [f"sefa-{i}" for i in range(1, 9)] and {d.kind for d in first} == {"sefa"}
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.vector, b.vector)
        assert a.vector.dtype == np.float32 and a.vector[np.abs(a.vector).argmax()] > 0


def test_a_generator_rearranged_for_inference_gives_the_same(G, config):
    found = Explorer(G, config, 0).directions
    for direction in weight_directions(G):
        np.testing.assert_allclose(found[direction.id].vector, direction.vector, atol=1e-5)


def test_a_short_z_gives_fewer():
    G = build_generator(ModelConfig(image_size=32, ngf=8, latent_dim=4)).eval()
    assert len(weight_directions(G)) == 4
