"""The processes that train one run together: one alone, or the ranks of a launcher such as torchrun.

with launched() as group:                 # ALONE unless a launcher started this process
    Trainer(config, images, group=group)

All of them see the same random numbers and hold the same weights; each computes its share of every batch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, NoReturn, TypeVar

from gan_core.config import require

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor, nn

    Values = TypeVar("Values", Tensor, np.ndarray)

# What a launcher tells each of its processes.
LAUNCHED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


class RankLost(OSError):
    """Another process of this training has ended, and this one cannot go on without it."""


def in_words(error: BaseException) -> str:
    """One sentence for the user."""
    if isinstance(error, (ValueError, FloatingPointError, OSError, MemoryError)):
        return str(error) or "out of memory"
    return f"an unexpected {type(error).__name__}; log.txt has the details"


class Group:
    """The group of one process that trains by itself: nothing to share, nobody to tell."""

    rank, size, device = 0, 1, None

    def generator(self, device: torch.device) -> torch.Generator:
        """A source of random numbers, the same for all."""
        import torch

        return torch.Generator(device)

    def share(self, values: Values, num_batches: int = 1) -> Values:
        """This process's rows of each of the batches in values [num_batches * batch_size, ...]."""
        return values

    def mean(self, values: Tensor) -> Tensor:
        """The mean of everybody's values, without a gradient."""
        return values

    def average(self, tensors: list[Tensor]) -> None:
        """Replace tensors by the means of everybody's."""

    def gather(self, values: Tensor) -> Tensor:
        """Everybody's values [N, ...] as those of the whole batch."""
        return values

    def joined(self, *nets: nn.Module) -> AbstractContextManager:
        """Inside, batch norm and dropout of these networks see the whole batch."""
        return nullcontext()

    def restarts_left(self) -> bool:
        """Whether the launcher starts all again if one of them fails."""
        return False

    def order_step(self) -> None:
        """Have everybody make a step."""

    def order_load(self, state: dict) -> None:
        """Have everybody go on from that state, tensors and plain values."""


ALONE = Group()


def is_launched() -> bool:
    """Whether a launcher started this process as one of several, or as the only one of what may become several."""
    return all(name in os.environ for name in LAUNCHED)


def num_launched() -> int:
    """How many processes there are, this one included."""
    return int(os.environ["WORLD_SIZE"]) if is_launched() else 1


@contextmanager
def launched() -> Iterator[Group]:
    """The group that this process was launched into; left in order, it ends the work of all."""
    if not is_launched():
        yield ALONE
        return
    from gan_core.training.distributed import joined_by_launcher

    with joined_by_launcher() as group:
        yield group


def leave(code: int) -> NoReturn:
    """End this process; one of several at once, since the threads of PyTorch's collectives outlive their group.

    Now and then Python's own end, with these threads still running, aborts the process, and the launcher all others.
    """
    if is_launched():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def check_shares(batch_size: int, num_processes: int) -> None:
    """ValueError unless so many processes can share a batch equally."""
    require(
        batch_size % num_processes == 0,
        f"{num_processes} processes cannot share batches of {batch_size} equally: "
        f"choose a batch size that {num_processes} divides",
    )


def part_of_batch(rng: torch.Generator, count: int, draw: Callable[[int], Tensor]) -> Tensor:
    """Random values for this process's `count` images, from `draw` of a number of them by that generator.

    The generator draws for the whole batch, so that neither it nor an image's values depend on how it is shared.
    """
    rank, size = getattr(rng, "part", (0, 1))
    return draw(count) if size == 1 else draw(count * size)[rank * count : (rank + 1) * count]
