"""One step of both networks: whole if memory allows, else in parts, and on a GPU as one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_core.training import graph, losses
from gan_core.training.parts import in_parts
from gan_core.training.precision import wide

STATISTICS = ("loss/D", "loss/G", "score/real", "score/fake")


class AdversarialStep:
    """step(real, z) trains D and G once on the same fake batch and returns the STATISTICS, [4].

    What a user should hear about (less memory than needed, no CUDA graph) is left in `notices`.
    """

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        opt_G: Optimizer,
        opt_D: Optimizer,
        autocast: Callable[[], AbstractContextManager],
    ):
        self.G, self.D, self.opt_G, self.opt_D, self.autocast = G, D, opt_G, opt_D, autocast
        self.num_parts, self.notices = 1, []
        self.use_graph = True
        self._of_D: Tensor | None = None
        self._graph: Callable[[Tensor, Tensor], Tensor] | None = None
        self._until_graph = graph.WARM_UP

    def __call__(self, real: Tensor, z: Tensor) -> Tensor:
        if real.is_cuda and self.use_graph and self.num_parts == 1:
            self._record_when_due(real, z)
        if self._graph:
            return self._graph(real, z)
        with graph.aside(real.device):
            return self._within_memory(real, z)

    def forget_graph(self) -> None:
        """Must follow a change of the optimisers' state or settings, which a recording has fixed."""
        self._graph, self._until_graph = None, graph.WARM_UP

    def _within_memory(self, real: Tensor, z: Tensor) -> Tensor:
        while True:
            try:
                return self._train(real, z)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or 2 * self.num_parts > len(real):
                    raise
            # Outside of the handler, which would keep alive what filled the memory.
            self._halve(len(real))

    def _halve(self, batch_size: int) -> None:
        self.num_parts *= 2
        for optimiser in (self.opt_D, self.opt_G):
            optimiser.zero_grad()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.notices.append(
            f"the memory is too small for {batch_size} images at once: from now on they are computed in "
            f"{self.num_parts} parts, with the same result, but more slowly"
        )

    def _train(self, real: Tensor, z: Tensor) -> Tensor:
        with self.autocast():
            fake = in_parts(self.G, z, self.num_parts)
        # Kept until G has made its step, too: a second try in less memory must not train D twice.
        if self._of_D is None:
            self._of_D = self._step_D(real, fake.detach())
        loss_G = self._step_G(fake)
        (loss_D, *scores), self._of_D = self._of_D, None
        return torch.stack([loss_D, loss_G, *scores])

    def _step_D(self, real: Tensor, fake: Tensor) -> Tensor:
        """Its loss and its mean opinions of both batches, [3]."""
        # Two batches, since batch norm must not mix real and fake statistics.
        with self.autocast():
            logits_real, logits_fake = (in_parts(self.D, images, self.num_parts) for images in (real, fake))
        loss = losses.discriminator_bce(logits_real, logits_fake)
        self.opt_D.zero_grad()
        loss.backward()
        self.opt_D.step()
        with torch.no_grad():
            return torch.stack([loss, wide(logits_real).sigmoid().mean(), wide(logits_fake).sigmoid().mean()])

    def _step_G(self, fake: Tensor) -> Tensor:
        self.D.requires_grad_(False)
        try:
            with self.autocast():
                loss = losses.generator_bce(in_parts(self.D, fake, self.num_parts))
            self.opt_G.zero_grad()
            loss.backward()
        finally:
            self.D.requires_grad_(True)
        self.opt_G.step()
        return loss.detach()

    def _record_when_due(self, real: Tensor, z: Tensor) -> None:
        self._until_graph -= 1
        if self._until_graph != -1:
            return
        try:
            self._graph = graph.record(self._train, real, z)
        except RuntimeError as error:
            self.notices.append(f"training goes on without CUDA graphs, more slowly: {str(error).splitlines()[0]}")
        # A recording trains nothing, also one that broke off after D.
        self._of_D = None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says so in one of the ways in which torch does."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(words in str(error) for words in ("can't allocate memory", "not enough memory", "out of memory"))
