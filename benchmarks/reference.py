"""The recipe of PyTorch's widely used DCGAN example, written anew: what speed and mathematics are measured against.

    reference = Reference(config, torch.device("cpu"))
    for num_images in train(reference, loader("photos/", config)):
        ...                                        # after every step

Networks as one `Sequential` of convolutions, BCELoss on probabilities, fp32, NCHW, gradients of D also in G's step, the
losses read at every step, and pictures decoded anew by two processes in every epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from gan_core.config import Config, ModelConfig
from gan_core.data import open_source
from gan_core.models.dcgan import widths

WORKERS = 2
DRAWN_SIZE = 128


class Reference:
    """G, D and their optimisers."""

    def __init__(self, config: Config, device: torch.device, dtype: torch.dtype = torch.float32):
        self.config, self.device = config, device
        self.G, self.D = (net.to(device, dtype) for net in (generator(config.model), discriminator(config.model)))
        self.opt_G, self.opt_D = self._adam(self.G), self._adam(self.D)
        self.criterion = nn.BCELoss()

    def step(self, real: Tensor, z: Tensor) -> dict[str, float]:
        """One step of D and one of G on real [N, C, H, W] and z [N, latent_dim]; its losses and D's mean answers."""
        fake = self.G(z[:, :, None, None])
        report = self._step_D(real, fake)
        return report | self._step_G(fake)

    def _step_D(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        self.D.zero_grad()
        loss_real, score_real = self._judge(real, 1.0)
        loss_real.backward()
        loss_fake, score_fake = self._judge(fake.detach(), 0.0)
        loss_fake.backward()
        loss = loss_real + loss_fake
        self.opt_D.step()
        return {"loss/D": loss.item(), "score/real": score_real, "score/fake": score_fake}

    def _step_G(self, fake: Tensor) -> dict[str, float]:
        self.G.zero_grad()
        loss, score = self._judge(fake, 1.0)
        loss.backward()
        self.opt_G.step()
        return {"loss/G": loss.item(), "score/fake after D": score}

    def _judge(self, images: Tensor, label: float) -> tuple[Tensor, float]:
        """The loss of D's answers against one label for all, and their mean."""
        answers = self.D(images).flatten()
        return self.criterion(answers, torch.full_like(answers, label)), answers.mean().item()

    def _adam(self, net: nn.Module) -> torch.optim.Adam:
        train = self.config.train
        return torch.optim.Adam(net.parameters(), train.lr, (train.beta1, train.beta2))


def train(reference: Reference, batches: Iterable[tuple[Tensor, object]]) -> Iterator[int]:
    """Train on the batches again and again, without end; the number of images after every step."""
    torch.backends.cudnn.benchmark = True
    while True:
        for real, _folder in batches:
            z = torch.randn(len(real), reference.config.model.latent_dim, device=reference.device)
            reference.step(real.to(reference.device), z)
            yield len(real)


def loader(root: str | Path, config: Config, workers: int = WORKERS) -> DataLoader:
    """Shuffled batches of the pictures in the folders of `root`, floats in [-1, 1], [N, C, H, W]."""
    size, channels = config.model.image_size, config.model.channels
    grey = [transforms.Grayscale()] if channels == 1 else []
    square = [transforms.Resize(size), transforms.CenterCrop(size)]
    floats = [transforms.ToTensor(), transforms.Normalize((0.5,) * channels, (0.5,) * channels)]
    pictures = ImageFolder(root, transforms.Compose(grey + square + floats))
    return DataLoader(pictures, config.train.batch_size, shuffle=True, num_workers=workers)


def lay_out(data: str, folder: Path) -> None:
    """Make `folder` hold every picture of a folder, a zip or 'drawn:N' as a file of its own."""
    folder.parent.mkdir(parents=True)
    if data.startswith("drawn"):
        folder.mkdir()
        with open_source(data) as source:
            for i in range(len(source.items)):
                source.open(i, DRAWN_SIZE).save(folder / f"{i:06d}.jpg", quality=90)
    elif Path(data).is_dir():
        folder.symlink_to(Path(data).resolve())
    else:
        with ZipFile(data) as archive:
            archive.extractall(folder)


def generator(config: ModelConfig) -> nn.Sequential:
    """z [N, latent_dim, 1, 1] to images in [-1, 1]."""
    width = widths(config.ngf, config.image_size)[::-1]
    layers = [nn.ConvTranspose2d(config.latent_dim, width[0], 4, 1, 0, bias=False)]
    layers += [nn.BatchNorm2d(width[0]), nn.ReLU(True)]
    for a, b in pairwise(width):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
    # The example has no bias here, nor in D's first and last layer; with this project's, weights can be carried over.
    layers += [nn.ConvTranspose2d(width[-1], config.channels, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers).apply(init_weights)


def discriminator(config: ModelConfig) -> nn.Sequential:
    """Images in [-1, 1] to probabilities of being real, [N, 1, 1, 1]."""
    width = widths(config.ndf, config.image_size)
    layers = [nn.Conv2d(config.channels, width[0], 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for a, b in pairwise(width):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, True)]
    layers += [nn.Conv2d(width[-1], 1, 4, 1, 0), nn.Sigmoid()]
    return nn.Sequential(*layers).apply(init_weights)


def init_weights(layer: nn.Module) -> None:
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.bias)


def carry_over(ours: nn.Module, reference: nn.Sequential) -> None:
    """Give a reference network the weights of this project's G or D, so that both are the same function."""
    for our_layer, layer in zip(layers_of(ours), layers_of(reference), strict=True):
        state = our_layer.state_dict()
        if isinstance(our_layer, nn.Linear):
            state["weight"] = as_convolution(our_layer.weight, isinstance(layer, nn.ConvTranspose2d))
        layer.load_state_dict(state)


def layers_of(net: nn.Module) -> list[nn.Module]:
    """The layers with weights, in the order of their use."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm2d)
    return [module for module in net.modules() if isinstance(module, kinds)]


def as_convolution(weight: Tensor, transposed: bool) -> Tensor:
    """The 4x4 kernel that does what a `Linear` does, whose 4x4 pixels are laid out as [4, 4, C].

    Transposed: weight [16 C, inputs] to [inputs, C, 4, 4]; else [outputs, 16 C] to [outputs, C, 4, 4].
    """
    if transposed:
        return weight.view(4, 4, -1, weight.shape[1]).permute(3, 2, 0, 1)
    return weight.view(weight.shape[0], 4, 4, -1).permute(0, 3, 1, 2)
