"""Ways from one z to another that stay where the generator was trained."""

from __future__ import annotations

import numpy as np

from gan_core.config import require

TINY = 1e-12
NO_PLANE = 1e-9


def slerp(a: np.ndarray, b: np.ndarray, t: float | np.ndarray) -> np.ndarray:
    """The point at t in [0, 1] on the arc from a to b; norms change linearly (White 2016, section 2.1).

    a and b are [..., D] and t is [...]; the result is float32 [..., D] of their broadcast shape. Between opposite
    vectors the arc is one fixed half circle of the many.
    """
    a, b, t = np.asarray(a, np.float64), np.asarray(b, np.float64), np.asarray(t, np.float64)[..., None]
    norm_a, norm_b = norm(a), norm(b)
    start, end = a / np.maximum(norm_a, TINY), b / np.maximum(norm_b, TINY)
    cosine = (start * end).sum(-1, keepdims=True)
    across = end - cosine * start
    sine = norm(across)
    across = np.where(sine > NO_PLANE, across / np.maximum(sine, TINY), perpendicular(start))
    angle = t * np.arctan2(sine, cosine)
    on_sphere = np.cos(angle) * start + np.sin(angle) * across
    return (((1 - t) * norm_a + t * norm_b) * on_sphere).astype(np.float32)


def travel(a: np.ndarray, b: np.ndarray, t: float | np.ndarray, latent_dim: int) -> np.ndarray:
    """The point at t from a to b, [..., D]: the first latent_dim numbers along an arc, class weights straight."""
    t_ = np.asarray(t, np.float32)[..., None]
    classes = (1 - t_) * a[..., latent_dim:] + t_ * b[..., latent_dim:]
    return np.concatenate([slerp(a[..., :latent_dim], b[..., :latent_dim], t), classes.astype(np.float32)], -1)


def loop(
    z: np.ndarray, num_frames: int, *, closed: bool = True, ease: bool = False, latent_dim: int | None = None
) -> np.ndarray:
    """A path [num_frames, D] between keys z [K, D] in turn, as `travel` goes, every piece in the same time.

    A closed path leads back to the first key, whose frame is not repeated, so that a film of it repeats seamlessly;
    an open one ends on the last key. `ease` slows down near every key. ValueError without keys or frames.
    """
    z = np.asarray(z, np.float32)
    require(z.ndim == 2 and len(z) > 0, "a path needs at least one picture")
    require(num_frames >= 1, f"a path needs at least one frame, not {num_frames}")
    position = np.linspace(0, len(z) if closed else len(z) - 1, num_frames, endpoint=not closed)
    start = np.minimum(position.astype(int), len(z) - 1)
    t = position - start
    if ease:
        t = t * t * (3 - 2 * t)
    return travel(z[start], z[(start + 1) % len(z)], t, latent_dim or z.shape[1])


def norm(vectors: np.ndarray) -> np.ndarray:
    """Lengths of [..., D] as [..., 1]."""
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


def perpendicular(unit: np.ndarray) -> np.ndarray:
    """A unit vector at a right angle to each of [..., D], always the same one."""
    axis = np.eye(unit.shape[-1])[np.abs(unit).argmin(-1)]
    rest = axis - (axis * unit).sum(-1, keepdims=True) * unit
    return rest / np.maximum(norm(rest), TINY)
