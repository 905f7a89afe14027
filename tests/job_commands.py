"""Trainings on rented machines, asked for on the command line."""

from gan_core.__main__ import main
from gan_core.home import checkpoints

ME = "hf_writes"
TINY = "--size 32 --ngf 4 --ndf 4 --latent-dim 8 --batch-size 8 --precision fp32 --tick-kimg 0.024"


def train(*more: str, data: str = "drawn:40", flavor: str = "cpu-basic") -> int:
    return main(["train", "--run", "mine", "--data", data, *TINY.split(), "--hf-job", flavor, *more])


def complaint(capsys) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and ME not in lines[0]
    return lines[0]


def nothing_is_left() -> bool:
    return not list(checkpoints().glob("[!.]*"))
