"""Weights carried over from one run into another that may differ in settings, classes or networks."""

from __future__ import annotations

import torch

from gan_core.training.trainer import Trainer


def carry_over(trainer: Trainer, state: dict) -> float:
    """Start from another run's weights where name and shape are the same; returns the share of weights that were.

    An optimiser goes on with its moments only where there are some, of exactly its parameters.
    """
    shares = [_fit(getattr(trainer, name), state[name]) for name in ("G", "D", "G_ema")]
    for net, optimiser in ((trainer.G, "opt_G"), (trainer.D, "opt_D")):
        if optimiser in state and _same_moments(net, state[optimiser]):
            trainer.load_adam(getattr(trainer, optimiser), state[optimiser])
    return sum(shares) / len(shares)


def _fit(net: torch.nn.Module, weights: dict[str, torch.Tensor]) -> float:
    own = net.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    net.load_state_dict(fitting, strict=False)
    return sum(own[name].numel() for name in fitting) / sum(value.numel() for value in own.values())


def _same_moments(net: torch.nn.Module, optimiser: dict) -> bool:
    moments = [optimiser["state"].get(place, {}).get("exp_avg") for place in optimiser["param_groups"][0]["params"]]
    parameters = list(net.parameters())
    return len(moments) == len(parameters) and all(
        moment is not None and moment.shape == parameter.shape
        for moment, parameter in zip(moments, parameters, strict=True)
    )
