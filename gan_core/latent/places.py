"""Places in latent space as points: what lies around one, what lies between two, and what all pictures share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gan_core.latent.directions import move
from gan_core.latent.explorer import Explorer, Point
from gan_core.latent.paths import travel

# In standard deviations of z: a relative, neither a twin nor a stranger.
NOISE = 0.5
NUM_NEARBY = 8
AVERAGED = 128
PLAIN = 8.0  # grey levels: what varies less over an average picture is hardly to be seen


def between(explorer: Explorer, a: Point, b: Point, t: float) -> Point:
    """The point at t in [0, 1] on the way from a to b, which looks as `Explorer.morph` does there."""
    key = travel(explorer.z(a), explorer.z(b), t, explorer.config.model.latent_dim)
    return Point(label=a.label if a.label == b.label else None, z=tuple(map(float, key)))


def nearby(explorer: Explorer, point: Point, count: int = NUM_NEARBY, noise: float = NOISE) -> list[Point]:
    """Points around one, with its moves and its class: Gaussian noise on z, whose norm is kept; the same every time."""
    latent_dim = explorer.config.model.latent_dim
    key = explorer.z(replace(point, moves={}))
    rng = np.random.default_rng(key[:latent_dim].view(np.uint32))
    around = move(key[:latent_dim], rng.standard_normal((count, latent_dim)), noise * np.eye(count))
    return [replace(point, z=tuple(map(float, [*z, *key[latent_dim:]]))) for z in around]


def average(explorer: Explorer, count: int = AVERAGED) -> np.ndarray | None:
    """The mean of that many random pictures, uint8 [H, W, C]; None where it is all one grey."""
    mean = explorer.render_many([Point(seed) for seed in range(count)]).mean(0)
    return mean.round().astype(np.uint8) if mean.mean(-1).std() >= PLAIN else None
