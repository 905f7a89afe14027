"""What a discriminator has learned: pictures in general, or those it knows by heart?"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from gan_core import pixels
from gan_core.models.base import Dropout
from gan_core.training import losses
from gan_core.training.precision import wide

if TYPE_CHECKING:
    from gan_core.training.trainer import Trainer


@torch.no_grad()
def verdicts(trainer: Trainer, count: int) -> dict[str, float]:
    """The share of images that D puts on the right side: real ones it knows ("train"), "held_out" ones and "fake".

    About `count` of each; a kind without a whole batch is left out. The trainer stays as it is.
    """
    # A copy, since batch norm keeps a record of all it sees.
    D, size = without_dropout(copy.deepcopy(trainer.D)), trainer.config.train.batch_size
    logits = {"fake": [], "train": [], "held_out": []}
    known = np.random.default_rng(0).permutation(trainer.batches.shown)
    for kind, chosen in (("train", known), ("held_out", trainer.batches.held_out)):
        for start in range(0, min(count, len(chosen)) - size + 1, size):
            index = np.sort(chosen[start : start + size])
            real = pixels.to_float(torch.from_numpy(trainer.images[index])).to(trainer.device, trainer.dtype)
            z = trainer.inputs.of_images(trainer.inputs.fixed(size, seed=start), index)
            classes = trainer.learn.classes(z)
            with trainer.autocast():
                logits[kind].append(wide(D(real, *classes)))
                if kind == "train":
                    logits["fake"].append(wide(D(trainer.G_ema(z), *classes)))
    return losses.accuracies({kind: torch.cat(found) for kind, found in logits.items() if found}, trainer.learn.loss)


def without_dropout(net: torch.nn.Module) -> torch.nn.Module:
    for module in net.modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    return net
