"""Whether this engine's training is the reference recipe's, also in fp32 and bf16 and over thousands of steps.

    python -m benchmarks.mathematics                     # 2,000 steps of tiny networks
    python -m benchmarks.mathematics --steps 500

Rounding soon leads two trainings apart, so no two curves can be equal; what can be compared is where they lie. The
reference trains with five seeds, the engine with three in each number format, all on the same 2,000 drawn faces, each
seed with its own weights, z and order of the pictures. Losses are averaged over windows of 50 steps, and reported are

    inside 5    share of the windows where a curve of the engine lies between the lowest and highest reference curve; a
                curve of the same kind does so in 4 of 6 windows
    inside 4    the same with one reference left out, averaged over which one: 3 in 5 for curves of the same kind; for
                the reference the least and largest share of a curve among its four siblings, so the margin of chance
    beyond      how far a curve gets outside of the five (a reference: of its siblings) in a window, in widths of their
                range
    late mean   the mean of the second half of the run, and how many of the engine's lie between the references'
    t           distance of the engine's late mean from the references' in standard errors; beyond 4.6 (Student's t,
                99 %, 4 degrees of freedom) the trainings differ

Neighbouring windows are not independent, so the shares are rough; `t` is the test, the exact one is in
tests/benchmarks/test_reference.py. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.reference import Reference
from gan_core import pixels
from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.data import prepare
from gan_core.training.precision import default_device
from gan_core.training.trainer import Trainer

DATA, WINDOW = "drawn:2000", 50
LOSSES = ("loss/D", "loss/G")
REFERENCE_SEEDS, OUR_SEEDS = range(100, 105), range(3)
STUDENT_T = 4.604
MODEL = ModelConfig(image_size=32, ngf=16, ndf=16)


def reference_curves(images: np.ndarray, steps: int, seed: int, device: torch.device) -> np.ndarray:
    """The reference's losses in fp32, [windows, 2]."""
    torch.manual_seed(seed)
    config = Config(model=MODEL)
    reference, losses = Reference(config, device), []
    order = shuffled(len(images), config.train.batch_size, seed)
    for _ in range(steps):
        real = pixels.to_float(torch.from_numpy(images[next(order)])).contiguous().to(device)
        report = reference.step(real, torch.randn(len(real), MODEL.latent_dim, device=device))
        losses.append([report[name] for name in LOSSES])
    return np.array(losses).reshape(-1, WINDOW, 2).mean(1)


def our_curves(images: np.ndarray, steps: int, seed: int, device: torch.device, precision: str) -> np.ndarray:
    """The engine's losses, [windows, 2]; without mirrored pictures, which the reference has not."""
    config = Config(model=MODEL, train=TrainConfig(flip=False, precision=precision, seed=seed))
    trainer, losses = Trainer(config, images, device), []
    for step in range(1, steps + 1):
        trainer.step()
        if step % WINDOW == 0:
            metrics = trainer.tick().metrics
            losses.append([metrics[name] for name in LOSSES])
    return np.array(losses)


def shuffled(num_images: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Indices [batch_size] without end, as the engine draws them: every epoch anew, batches run on into the next."""
    rng, ahead = np.random.default_rng(seed), np.empty(0, np.int64)
    while True:
        while len(ahead) < batch_size:
            ahead = np.concatenate([ahead, rng.permutation(num_images)])
        yield ahead[:batch_size]
        ahead = ahead[batch_size:]


def inside(curve: np.ndarray, among: np.ndarray) -> float:
    """The share of windows of a curve [W] between the lowest and highest of other curves [K, W]."""
    return float(((curve >= among.min(0)) & (curve <= among.max(0))).mean())


def beyond(curve: np.ndarray, among: np.ndarray) -> float:
    """How far a curve gets outside of the others in a window, in widths of their range."""
    low, high = among.min(0), among.max(0)
    return float((np.maximum(low - curve, curve - high).clip(0) / (high - low)).max())


def without(curves: np.ndarray, i: int) -> np.ndarray:
    return np.delete(curves, i, 0)


def late(curves: np.ndarray) -> np.ndarray:
    """Means over the second half of the run, [K]."""
    return curves[:, curves.shape[1] // 2 :].mean(1)


def among_themselves(references: np.ndarray) -> dict:
    """What the measures say of reference curves [K, W], each among the others."""
    pairs = [(curve, without(references, i)) for i, curve in enumerate(references)]
    means = late(references)
    return {
        # On average 3 in 5, whatever the curves: in a window two of five are the extremes.
        "inside_4_each": sorted(round(inside(*pair), 3) for pair in pairs),
        "beyond": round(max(beyond(*pair) for pair in pairs), 3),
        "late_mean": round(float(means.mean()), 4),
        "late_range": [round(float(means.min()), 4), round(float(means.max()), 4)],
    }


def compare(ours: np.ndarray, references: np.ndarray) -> dict:
    """What the measures say of the engine's curves [K, W] among the references' [R, W]."""
    num, means, theirs = len(references), late(ours), late(references)
    error = theirs.std(ddof=1) * (1 / len(ours) + 1 / num) ** 0.5
    t = float((means.mean() - theirs.mean()) / error)
    left_out = [without(references, i) for i in range(num)]
    return {
        "inside_5": round(statistics.mean(inside(curve, references) for curve in ours), 3),
        "inside_4": round(statistics.mean(inside(curve, others) for curve in ours for others in left_out), 3),
        "beyond": round(max(beyond(curve, references) for curve in ours), 3),
        "late_mean": round(float(means.mean()), 4),
        "late_means_in_range": sum(bool(theirs.min() <= mean <= theirs.max()) for mean in means),
        "runs": len(ours),
        "t": round(t, 2),
        "same": abs(t) <= STUDENT_T,
    }


def table(results: dict) -> str:
    """One line a loss and recipe."""
    lines = [f"{'':30}{'inside 5':>10}{'inside 4':>13}{'beyond':>10}{'late mean':>12}{'in range':>10}{'t':>8}"]
    for loss in LOSSES:
        lines += [f"{f'{loss}, {name}':30}{line(row)}" for name, row in results[loss].items()]
    return "\n".join(lines)


def line(row: dict) -> str:
    ends = f"{row['beyond']:>10.2f}{row['late_mean']:>12.4f}"
    if "t" not in row:
        least, *_, largest = row["inside_4_each"]
        return f"{'':>10}{f'{least:.2f}-{largest:.2f}':>13}{ends}"
    in_range = f"{row['late_means_in_range']} of {row['runs']}"
    return f"{row['inside_5']:>10.2f}{row['inside_4']:>13.2f}{ends}{in_range:>10}{row['t']:>8.2f}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000, help="of every training; rounded down to whole windows")
    parser.add_argument("--device", type=torch.device, default=default_device())
    args = parser.parse_args(argv)
    steps = max(args.steps // WINDOW, 2) * WINDOW
    with tempfile.TemporaryDirectory() as scratch:
        images = np.array(prepare(DATA, MODEL.image_size, MODEL.channels, Path(scratch)).images)
    job = (images, steps)
    references = np.stack([reference_curves(*job, seed, args.device) for seed in REFERENCE_SEEDS])
    results = {loss: {"reference": among_themselves(references[..., i])} for i, loss in enumerate(LOSSES)}
    for precision in ("fp32", "bf16"):
        ours = np.stack([our_curves(*job, seed, args.device, precision) for seed in OUR_SEEDS])
        for i, loss in enumerate(LOSSES):
            results[loss][f"engine {precision}"] = compare(ours[..., i], references[..., i])
    print(table(results))
    about = {"torch": torch.__version__, "device": str(args.device), "steps": steps, "window": WINDOW}
    print(json.dumps({**about, **results}))


if __name__ == "__main__":
    main()
