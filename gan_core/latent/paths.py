"""Ways from one z to another that stay where the generator was trained."""

from __future__ import annotations

import numpy as np

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


def spline(before: np.ndarray, a: np.ndarray, b: np.ndarray, after: np.ndarray, t: float | np.ndarray) -> np.ndarray:
    """The point at t from a to b, [..., D], on a curve that comes from `before`, goes on to `after` and has no corners.

    Catmull and Rom's curve with arcs in place of lines (Schlag 1991); norms lie between those of a and b.
    """
    t = np.asarray(t, np.float64)
    share = (t * t * (3 - 2 * t))[..., None]
    length = (1 - share) * norm(a) + share * norm(b)
    before, a, b, after = map(unit, (before, a, b, after))
    middle = slerp(a, b, t)
    left = slerp(slerp(before, a, t + 1), middle, (t + 1) / 2)
    right = slerp(middle, slerp(b, after, t - 1), t / 2)
    return (slerp(left, right, t) * length).astype(np.float32)


def norm(vectors: np.ndarray) -> np.ndarray:
    """Lengths of [..., D] as [..., 1]."""
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


def unit(vectors: np.ndarray) -> np.ndarray:
    """[..., D] of length 1, or of zeros."""
    return vectors / np.maximum(norm(vectors), TINY)


def perpendicular(unit: np.ndarray) -> np.ndarray:
    """A unit vector at a right angle to each of [..., D], always the same one."""
    axis = np.eye(unit.shape[-1])[np.abs(unit).argmin(-1)]
    rest = axis - (axis * unit).sum(-1, keepdims=True) * unit
    return rest / np.maximum(norm(rest), TINY)
