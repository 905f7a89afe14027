"""Linear classifiers by L-BFGS: the L2-SVM of section 5 and the logistic regression of section 6.3.1.

Both problems are convex and smooth, so that full-batch L-BFGS ends in their one minimum; no further library is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot, softplus

# Past this, more steps change no share that is shown.
ITERATIONS, ENOUGH = 100, 1e-5
# Weights of the errors against the weights' size, from which a validation set chooses.
CHOICES = (1e-5, 1e-4, 1e-3, 1e-2)
TINY = 1e-6


def standardised(training: Tensor, *others: Tensor) -> list[Tensor]:
    """All of them [N, F] with the training rows' mean 0 and deviation 1; what never varies becomes 0."""
    mean, scale = training.mean(0), training.std(0)
    scale = torch.where(scale > TINY, scale, torch.inf)
    return [(rows - mean) / scale for rows in (training, *others)]


def in_their_span(training: Tensor, *others: Tensor) -> list[Tensor]:
    """All of them [N, F] with no more columns than there are training rows.

    No classifier changes by it: its weights are a sum of training rows, so that only their span counts.
    """
    if len(training) >= training.shape[1]:
        return [training, *others]
    basis = torch.linalg.qr(training.T).Q
    return [rows @ basis for rows in (training, *others)]


def svm(rows: Tensor, labels: Tensor, num_classes: int, C: float, start: Tensor | None = None) -> Tensor:
    """Weights [num_classes, F + 1] of one L2-SVM a class against all others, the last column their offsets.

    Squared hinge losses, summed and times C, beside half of the squared weights, as LIBLINEAR has it. The search is
    quicker from a `start`, such as the weights of another C.
    """
    signs = 2.0 * one_hot(labels, num_classes) - 1
    start = torch.zeros(num_classes, rows.shape[1] + 1) if start is None else start
    return minimised(lambda margins: (1 - signs * margins).clamp_min(0).square().sum(), rows, start, C)


def logistic(rows: Tensor, labels: Tensor, C: float = 0.1) -> Tensor:
    """Weights [1, F + 1] of a logistic regression on labels 0 and 1, the last one its offset."""
    signs = (2.0 * labels - 1)[:, None]
    return minimised(lambda margins: softplus(-signs * margins).sum(), rows, torch.zeros(1, rows.shape[1] + 1), C)


def minimised(loss: Callable[[Tensor], Tensor], rows: Tensor, start: Tensor, C: float) -> Tensor:
    """The weights with the least C times loss of their margins and half of their own squared size."""
    weight = start.clone().requires_grad_(True)
    search = torch.optim.LBFGS(
        [weight], max_iter=ITERATIONS, tolerance_grad=ENOUGH, tolerance_change=ENOUGH, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        search.zero_grad()
        # By the number of rows, for tolerances that mean the same whatever it is.
        value = (loss(margins_of(rows, weight)) + weight[:, :-1].square().sum() / (2 * C)) / len(rows)
        value.backward()
        return value

    with torch.enable_grad():
        search.step(closure)
    return weight.detach()


def margins_of(rows: Tensor, weight: Tensor) -> Tensor:
    """The classifier's margins [N, classes] of rows [N, F]."""
    return linear(rows, weight[:, :-1], weight[:, -1])


def accuracy(rows: Tensor, labels: Tensor, weight: Tensor) -> float:
    return float((margins_of(rows, weight).argmax(1) == labels).float().mean())
