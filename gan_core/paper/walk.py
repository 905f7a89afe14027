"""Walking in the latent space (section 6.1, figure 4)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from gan_core import pixels
from gan_core.latent import Point
from gan_core.latent.paths import travel
from gan_core.paper.board import board, strip
from gan_core.paper.finding import Finding, Steps
from gan_core.paper.subject import Subject

KEYS, COLUMNS, STRANGERS = 9, 9, 64
TITLE = "A walk in latent space"
PAPER = "Figure 4: between nine random points the pictures change smoothly, and each of them could be a bedroom."


def walk(subject: Subject, keys: list[Point] | None = None) -> Steps:
    """From point to point and back to the first, a row for each leg."""
    keys = keys or subject.points(KEYS, label=subject.one_class)
    z, latent_dim = subject.z(keys), subject.config.model.latent_dim
    t = np.linspace(0, 1, COLUMNS, dtype=np.float32)
    rows, path = [], []
    for i, (a, b) in enumerate(pairwise([*z, z[0]])):
        path.append(travel(a[None], b[None], t, latent_dim))
        rows.append(subject.explorer.render_z(path[-1]))
        yield (i + 1) / (len(z) + 1)
    numbers = measured(np.stack(rows), strangers(subject)) | judged(subject, np.stack(rows))
    side = max(min(64, subject.config.model.image_size), 40)
    picture = board(TITLE, *(strip(row, side) for row in rows))
    points = [subject.point(each) for leg in path for each in leg[:-1:2]]
    return Finding("walk", TITLE, PAPER, words(numbers), numbers, picture, points)


def strangers(subject: Subject) -> np.ndarray:
    return subject.explorer.render_many(subject.points(STRANGERS, 10_000, subject.one_class))


def measured(rows: np.ndarray, strangers: np.ndarray) -> dict:
    """Differences between neighbours in rows [R, T, H, W, C], as shares of that between two random pictures."""
    rows, strangers = rows.astype(np.float32), strangers.astype(np.float32)
    usual = difference(strangers[::2], strangers[1::2]).mean()
    steps = difference(rows[:, 1:], rows[:, :-1]) / max(usual, 1e-6)
    return {"steps": steps.size, "mean_step": float(steps.mean()), "largest_step": float(steps.max())}


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean squared differences of images [..., H, W, C]."""
    return np.sqrt(np.square(a - b).mean((-3, -2, -1)))


@torch.no_grad()
def judged(subject: Subject, rows: np.ndarray) -> dict:
    """The share of pictures on the way that D holds for more real than it holds half of the keys."""
    if not subject.has_D or subject.config.model.classes:
        return {}
    images = pixels.to_float(torch.from_numpy(rows.reshape(-1, *rows.shape[2:])))
    logits = torch.cat([subject.D(part) for part in images.split(64)]).view(rows.shape[:2])
    between, keys = logits[:, 1:-1], logits[:, 0]
    return {"between_above_median_key": float((between > keys.median()).float().mean())}


def words(numbers: dict) -> list[str]:
    mean, largest = numbers["mean_step"], numbers["largest_step"]
    found = [
        f"Of {numbers['steps']} steps, one changes a picture by {mean:.0%} of what two random pictures differ by, and "
        f"the largest by {largest:.0%}. A model that had learned single pictures by heart would jump."
    ]
    if "between_above_median_key" in numbers:
        share = numbers["between_above_median_key"]
        found.append(
            f"The discriminator finds {share:.0%} of the pictures between more real than the middle one of the points "
            "they lie between; 50% would mean that the way is as good as its ends."
        )
    return found
