"""DCGANs as other people write and save them."""

import torch
from torch import nn


def example_G(nz=100, ngf=16, nc=3, size=64, bias=False, most=8) -> nn.Sequential:
    """The generator of PyTorch's example, of its tutorial and of those who added blocks, with lived-in batch norms."""
    halvings = size.bit_length() - 3
    width = [ngf * min(2**i, most) for i in range(halvings)][::-1]
    main = [nn.ConvTranspose2d(nz, width[0], 4, 1, 0, bias=bias), nn.BatchNorm2d(width[0]), nn.ReLU(True)]
    for a, b in zip(width, width[1:], strict=False):
        main += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=bias), nn.BatchNorm2d(b), nn.ReLU(True)]
    return lived_in(nn.Sequential(*main, nn.ConvTranspose2d(width[-1], nc, 4, 2, 1, bias=bias), nn.Tanh()))


def example_D(ndf=16, nc=3, size=64, bias=False, most=8) -> nn.Sequential:
    halvings = size.bit_length() - 3
    width = [ndf * min(2**i, most) for i in range(halvings)]
    main = [nn.Conv2d(nc, width[0], 4, 2, 1, bias=bias), nn.LeakyReLU(0.2, inplace=True)]
    for a, b in zip(width, width[1:], strict=False):
        main += [nn.Conv2d(a, b, 4, 2, 1, bias=bias), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, inplace=True)]
    return lived_in(nn.Sequential(*main, nn.Conv2d(width[-1], 1, 4, 1, 0, bias=bias), nn.Sigmoid()))


def lived_in(net: nn.Sequential) -> nn.Sequential:
    """Weights and statistics as a training leaves them: none is 0 or 1."""
    rng = torch.Generator().manual_seed(3)
    for module in net:
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            fan = module.weight[0].numel() if isinstance(module, nn.Conv2d) else module.weight.shape[0] * 4
            module.weight.data = torch.randn(module.weight.shape, generator=rng) * (2 / fan) ** 0.5
            if module.bias is not None:
                module.bias.data = torch.randn(module.bias.shape, generator=rng) * 0.3
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data = 1 + 0.2 * torch.randn(module.weight.shape, generator=rng)
            module.bias.data = 0.3 * torch.randn(module.bias.shape, generator=rng)
            module.running_mean = 0.5 * torch.randn(module.running_mean.shape, generator=rng)
            module.running_var = 0.2 + torch.rand(module.running_var.shape, generator=rng)
            module.num_batches_tracked += 7
    return net.eval().requires_grad_(False)


def named(net: nn.Sequential, prefix: str = "main.") -> dict[str, torch.Tensor]:
    """Its state_dict as a part of a module."""
    return {prefix + name: tensor for name, tensor in net.state_dict().items()}
