"""What a rank other than 0 does: every step that rank 0 orders, from the states that it sends. It writes nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gan_core.config import Config
from gan_core.data import Store, load_store, prepare
from gan_core.home import datasets
from gan_core.training.trainer import Trainer

if TYPE_CHECKING:
    from gan_core.training.distributed import Ranks


def beginning(trainer: Trainer, store: str) -> dict:
    """Everything from which the other ranks can go on as this trainer does, with the pictures in the store so named."""
    return {"config": trainer.config.to_dict(), "store": store, "state": trainer.state_dict()}


def follow(group: Ranks) -> None:
    """Train with rank 0 until it ends. ValueError if this machine does not have its pictures."""
    store = trainer = None
    for begin in group.orders():
        if begin is None:
            trainer.step()
            continue
        config = Config.from_dict(begin["config"])
        store = store or the_same(config, begin["store"])
        trainer = Trainer(config, store.images, group.device, labels=store.labels, group=group)
        trainer.load_state_dict(begin["state"])


def the_same(config: Config, name: str) -> Store:
    """Rank 0's pictures: those on a disk that both see, else prepared here, too. ValueError if they are others."""
    with suppress(ValueError):
        return load_store(datasets() / name)
    model, train = config.model, config.train
    options = {"labels": train.labels, "data_root": train.data_root, "duplicates": train.duplicates}
    store = prepare(train.data, model.image_size, model.channels, datasets(), **options)
    if store.path.name != name:
        raise ValueError(f"the pictures of {train.data} are not the same on all machines of this training")
    return store
