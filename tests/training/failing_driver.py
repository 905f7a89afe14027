"""The command line, but on one rank the second step raises, for test_distributed.py.

torchrun --nproc-per-node=2 tests/training/failing_driver.py RANK {OSError,AssertionError} train …
"""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path

from gan_core.__main__ import main
from gan_core.home import home
from gan_core.training.group import leave
from gan_core.training.trainer import Trainer

WORDS = "picture 7 cannot be read"


def raising(error: Exception, notes: Path) -> None:
    """Have every second step raise the error, and leave a file in that folder each time."""
    whole = Trainer.step

    def step(trainer: Trainer) -> None:
        if trainer.nimg == trainer.batches.batch_size:
            (notes / f"raised-{os.getpid()}").touch()
            raise error
        whole(trainer)

    Trainer.step = step


if __name__ == "__main__":
    rank, error, *arguments = sys.argv[1:]
    if os.environ["RANK"] == rank:
        raising(getattr(builtins, error)(WORDS), home())
    leave(main(arguments))
