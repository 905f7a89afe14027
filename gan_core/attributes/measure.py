"""How much moving along a direction changes a factor, and how little the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gan_core.attributes.factors import Trait
from gan_core.latent.directions import Direction, move

REACH = 2.0  # standard deviations of z either way
NOTICED = 1.0  # standard deviations of a number among real pictures: a smaller change does not count
WEAK = 0.2  # a factor that changes in fewer of the pictures hardly changes

Scorer = Callable[[np.ndarray], np.ndarray]  # z [N, input_dim] to scores [N, T]


def measured(direction: Direction, traits: Sequence[Trait], score: Scorer, z: np.ndarray, own: int | None) -> dict:
    """What moving from -2 to +2 changes in the pictures of z [N, input_dim].

    A trait changes in a picture if it comes or goes, a number if it moves by a standard deviation. `effect`
    is the share of pictures in which `factor` comes or grows, less the share in which it goes or shrinks; it is the
    trait at `own`, or the one that changes most. `others` is the share of pictures in which another factor changes at
    all, averaged over these, and `most_other` the one that changes in most. `before` and `after` are the shares of
    pictures with the trait, if it is no number.
    """
    low, high = (score(moved(z, direction.vector, amount)) for amount in (-REACH, REACH))
    changes = changes_of(low, high, np.array([trait.is_number for trait in traits]))
    effects = changes.mean(0)
    i = int(np.abs(effects).argmax()) if own is None else own
    found = {"factor": traits[i].name, "effect": rounded(effects[i]), "n": len(z), "reach": REACH}
    if not traits[i].is_number:
        found |= {"before": rounded((low[:, i] > 0).mean()), "after": rounded((high[:, i] > 0).mean())}
    others = of_factors(traits, changes, besides=traits[i].factor)
    if others:
        most = max(others, key=others.get)
        found |= {"others": rounded(np.mean(list(others.values())))}
        found |= {"most_other": most, "most_other_share": rounded(others[most])}
    return found


def changes_of(low: np.ndarray, high: np.ndarray, are_numbers: np.ndarray) -> np.ndarray:
    """1 where a trait comes or grows from scores `low` to `high` [N, T], -1 where it goes or shrinks, else 0."""
    grows = np.sign(high - low) * (np.abs(high - low) >= NOTICED)
    comes = (high > 0).astype(int) - (low > 0)
    return np.where(are_numbers, grows, comes).astype(int)


def of_factors(traits: Sequence[Trait], changes: np.ndarray, besides: str) -> dict[str, float]:
    """The share of pictures in which each other factor changes in any of its traits."""
    names = np.array([trait.factor for trait in traits])
    others = dict.fromkeys(trait.factor for trait in traits if trait.factor != besides)
    return {name: float((changes[:, names == name] != 0).any(1).mean()) for name in others}


def moved(z: np.ndarray, vector: np.ndarray, amount: float) -> np.ndarray:
    """z [N, input_dim], whose first numbers move while the weights of classes stay."""
    size = len(vector)
    return np.concatenate([move(z[:, :size], vector[None], np.array([amount])), z[:, size:]], 1)


def rounded(value: float) -> float:
    return round(float(value), 3)
