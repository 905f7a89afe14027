"""Trains small networks of many kinds on this process's rank, for test_distributed.py.

    torchrun --nproc-per-node=2 tests/training/ranks_driver.py FOLDER

Rank 0 writes FOLDER/<kind>-<ranks>.pt: the losses of every step, the state at the end, and what ranks saw and hold.
Without a launcher it does the same alone, and leaves in FOLDER/begun.pt a state from which more ranks go on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.training.group import launched, leave
from gan_core.training.trainer import Trainer

NUM_IMAGES, BATCH, STEPS = 24, 8, 4
SMALL = {"ngf": 2, "ndf": 2, "latent_dim": 6}
KINDS = {
    "batch-norm-ada": ({"image_size": 16}, {"augment": "ada"}),
    "classes-d-steps": ({"image_size": 16, "classes": ("cat", "dog", "owl")}, {"loss": "wgan", "d_steps": 2}),
    "penalties": (
        {"architecture": "residual", "image_size": 16},
        {"loss": "relativistic", "r1_gamma": 1.0, "r2_gamma": 1.0, "augment": "diffaugment"},
    ),
    "wgan-gp": ({"architecture": "dense", "image_size": 16, "d_norm": "none"}, {"loss": "wgan-gp"}),
    "dropout-spectral": (
        {"architecture": "dcgan-28", "image_size": 28, "dropout": 0.4, "d_norm": "spectral"},
        {"loss": "hinge"},
    ),
    "dropout-batch-norm": ({"architecture": "dense", "image_size": 16, "dropout": 0.4, "d_norm": "batch"}, {}),
}
GOES_ON = "dropout-batch-norm"


def trainer_of(kind: str, group) -> Trainer:
    model, train = KINDS[kind]
    config = Config(model=ModelConfig(**SMALL, **model), train=TrainConfig(batch_size=BATCH, lr=1e-3, **train))
    rng, size = np.random.default_rng(0), config.model.image_size
    images = rng.integers(0, 256, (NUM_IMAGES, size, size, 3), dtype=np.uint8)
    labels = rng.integers(0, 3, NUM_IMAGES) if config.model.classes else None
    return Trainer(config, images, torch.device("cpu"), torch.float64, labels, group)


def train(kind: str, group, begun: Path) -> dict:
    trainer, seen, sums = trainer_of(kind, group), [], []
    if group.size > 1 and kind == GOES_ON:
        trainer.load_state_dict(torch.load(begun, weights_only=True))
    while trainer.nimg < STEPS * trainer.batches.batch_size:
        if group.size == 1 and kind == GOES_ON and len(sums) == STEPS // 2:
            torch.save(trainer.state_dict(), begun)
        seen.append(torch.from_numpy(trainer.batches.indices(trainer.nimg)))
        trainer.step()
        sums.append(trainer._sums[:-1].clone())
    state = {name: value for name, value in trainer.state_dict().items() if name != "seconds"}
    weights = torch.cat([value.double().flatten() for net in ("G", "D") for value in state[net].values()])
    losses = torch.stack(sums).diff(dim=0, prepend=torch.zeros(1, len(sums[0])))
    return {"losses": losses, "state": state, "weights": weights, "seen": torch.stack(seen)}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with launched() as group:
        for kind in KINDS:
            found = train(kind, group, folder / "begun.pt")
            if group.size > 1:
                found |= {name: group.gather(found[name][None]) for name in ("weights", "seen")}
                found["patience"] = patience(group)
            if group.rank == 0:
                torch.save(found, folder / f"{kind}-{group.size}.pt")
        load_slowly(group, folder)


def load_slowly(group, folder: Path) -> None:
    """Have the others take their time with a state that rank 0 sends; it waits for them, and orders nothing more."""
    ready = folder / f"ready-{group.size}-{group.rank}"
    if group.rank == 0:
        group.order_load({})
        assert len(list(folder.glob(f"ready-{group.size}-*"))) == group.size - 1
    else:
        for state in group.orders():
            assert state == {} and not ready.exists()
            time.sleep(0.5)
            ready.touch()


def patience(group) -> list[float]:
    """Seconds that a step's collectives and orders wait for the others."""
    device = torch.device("cpu")
    return [each._get_backend(device).options._timeout.total_seconds() for each in (dist.group.WORLD, group.for_orders)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    leave(0)
