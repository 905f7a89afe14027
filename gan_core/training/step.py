"""One step of both networks: whole if memory allows, else in parts, and on a GPU as one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_core.config import TrainConfig
from gan_core.training import augment, graph, losses
from gan_core.training.group import ALONE, Group, part_of_batch
from gan_core.training.parts import has_statistics, in_parts
from gan_core.training.precision import wide

TOO_SMALL = "the memory is too small for a process's share of the batch: choose a smaller batch size or more processes"
STATISTICS = ("loss/D", "loss/G", "score/real", "score/fake", "penalty", "grad/D", "grad/G")


class AdversarialStep:
    """step(real, z) trains D and G once on the same fake batch and returns the STATISTICS, [7].

    The last two are the norms of their gradients. A network whose gradient is not finite stays as it was.

    With d_steps above 1 it takes so many batches in one, and D trains on each of them, G on the last. Where z
    [N, latent_dim + num_classes] holds class weights they are those of the reals, too. What a user should hear about
    (less memory than needed, no CUDA graph) is left in `notices`. The batches are this process's share of the group's,
    and the statistics those of all of them.
    """

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        opt_G: Optimizer,
        opt_D: Optimizer,
        autocast: Callable[[], AbstractContextManager],
        train: TrainConfig | None = None,
        rng: torch.Generator | None = None,
        num_classes: int = 0,
        group: Group = ALONE,
    ):
        self.G, self.D, self.opt_G, self.opt_D, self.autocast = G, D, opt_G, opt_D, autocast
        self.train, self.rng, self.num_classes, self.group = train or TrainConfig(), rng, num_classes, group
        self.loss, self.augment = losses.of(self.train), augment.choose(self.train, rng)
        self.num_parts, self.notices = 1, []
        # Not recorded with others: nobody has tried a recording that waits for other processes.
        self.use_graph = group.size == 1
        self._of_D: list[Tensor] = []
        self._graph: Callable[[Tensor, Tensor], Tensor] | None = None
        self._until_graph = graph.WARM_UP

    def __call__(self, real: Tensor, z: Tensor) -> Tensor:
        if real.is_cuda and self.use_graph and self.num_parts == 1:
            self._record_when_due(real, z)
        if self._graph:
            return self._graph(real, z)
        with graph.aside(real.device), self.group.joined(self.G, self.D):
            return self.group.mean(self._within_memory(real, z))

    def forget_graph(self) -> None:
        """Must follow a change of the optimisers' state or settings, which a recording has fixed."""
        self._graph, self._until_graph = None, graph.WARM_UP

    def _within_memory(self, real: Tensor, z: Tensor) -> Tensor:
        while True:
            try:
                return self._train(real, z)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or 2 * self.num_parts > len(real) // self.train.d_steps:
                    raise
                if self.group.size > 1:
                    # The others have gone on, and wait for what this one has not computed.
                    raise MemoryError(TOO_SMALL) from error
            # Outside of the handler, which would keep alive what filled the memory.
            self._halve(len(real) // self.train.d_steps)

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
        d_steps = self.train.d_steps
        *before, (real, z) = zip(real.chunk(d_steps), z.chunk(d_steps), strict=True)
        # What D has learned is kept until G has made its step, too: a second try in less memory must not train D twice.
        for its_real, its_z in before[len(self._of_D) :]:
            with torch.no_grad():
                fake = self._generate(its_z)
            self._of_D.append(self._step_D(its_real, fake, self.classes(its_z)))
        fake = self._generate(z)
        if len(self._of_D) < d_steps:
            self._of_D.append(self._step_D(real, fake.detach(), self.classes(z)))
        loss_G, grad_G = self._step_G(real, fake, self.classes(z))
        (loss_D, *scores, penalty, grad_D), self._of_D = self._of_D[-1], []
        return torch.stack([loss_D, loss_G, *scores, penalty, grad_D, grad_G])

    def _step_D(self, real: Tensor, fake: Tensor, classes: tuple[Tensor, ...]) -> Tensor:
        """Its loss, its mean opinions of both batches, the penalty and the norm of its gradient, [5]."""
        self.opt_D.zero_grad()
        found = torch.zeros(4, dtype=wide(real).dtype, device=real.device)
        for share, real_, fake_, *classes_ in self._pieces(real, fake, *classes):
            of_piece, loss = self._loss_D(real_, fake_, *classes_)
            (share * loss).backward()
            found += share * of_piece
        norm = step_if_finite(self.opt_D, self.group)
        if self.train.loss == "wgan":
            losses.clip(self.D)
        return torch.cat([found, norm[None]])

    def _loss_D(self, real: Tensor, fake: Tensor, *classes: Tensor) -> tuple[Tensor, Tensor]:
        """What `_step_D` returns but the norm, without a gradient, and the loss with the penalty."""
        train = self.train
        if train.r1_gamma:
            real = real.detach().requires_grad_()
        if train.r2_gamma:
            fake = fake.detach().requires_grad_()
        # Two batches, since batch norm must not mix real and fake statistics.
        logits_real, logits_fake = self._judge(real, *classes), self._judge(fake, *classes)
        loss = self.loss.discriminator(logits_real, logits_fake)
        penalty = torch.zeros_like(loss)
        if train.r1_gamma:
            penalty = penalty + train.r1_gamma * losses.zero_centred_penalty(logits_real, real)
        if train.r2_gamma:
            penalty = penalty + train.r2_gamma * losses.zero_centred_penalty(logits_fake, fake)
        if train.loss == "wgan-gp":
            penalty = penalty + losses.GP_WEIGHT * self._penalty_between(real, fake, *classes)
        everybodys = [self.group.gather(logits.detach()) for logits in (logits_real, logits_fake)]
        if isinstance(self.augment, augment.AdaptiveAugment):
            self.augment.adapt(losses.certainty(*everybodys, self.loss))
        with torch.no_grad():
            scores = losses.verdicts(*everybodys, self.loss.midpoint)
            found = torch.stack([loss, *scores, penalty])
        return found, loss + penalty

    def _penalty_between(self, real: Tensor, fake: Tensor, *classes: Tensor) -> Tensor:
        options = {"generator": self.rng, "device": real.device}
        share = part_of_batch(self.rng, len(real), lambda count: torch.rand(count, **options))
        images = losses.between(real.detach(), fake.detach().to(real.dtype), share).requires_grad_()
        return losses.gradient_penalty(self._judge(images, *classes), images)

    def _step_G(self, real: Tensor, fake: Tensor, classes: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Its loss and the norm of its gradient.

        D's gradient goes to the fakes first and through G in one go: G's batch must stay whole.
        """
        self.D.requires_grad_(False)
        found, seen = torch.zeros((), dtype=wide(real).dtype, device=real.device), fake.detach().requires_grad_()
        try:
            for share, real_, fake_, *classes_ in self._pieces(real, seen, *classes):
                logits_real = self._judge(real_, *classes_) if self.loss.is_relativistic else None
                loss = share * self.loss.generator(logits_real, self._judge(fake_, *classes_))
                loss.backward()
                found += loss.detach()
        finally:
            self.D.requires_grad_(True)
        self.opt_G.zero_grad()
        fake.backward(seen.grad)
        return found, step_if_finite(self.opt_G, self.group)

    def _generate(self, z: Tensor) -> Tensor:
        with self.autocast():
            return in_parts(self.G, self.num_parts, z)

    def _judge(self, images: Tensor, *classes: Tensor) -> Tensor:
        if self.augment:
            images = self.augment(images)
        with self.autocast():
            return in_parts(self.D, self.num_parts if has_statistics(self.D) else 1, images, *classes)

    def classes(self, z: Tensor) -> tuple[Tensor, ...]:
        """The class weights in z, if the networks know classes."""
        return (z[:, z.shape[1] - self.num_classes :],) if self.num_classes else ()

    def _pieces(self, *batches: Tensor) -> Iterator[tuple]:
        """The share of the batch and the tensors of each piece that D judges alone: one, where batch norm joins all."""
        num_pieces = 1 if has_statistics(self.D) else self.num_parts
        for piece in zip(*(batch.chunk(num_pieces) for batch in batches), strict=True):
            yield len(piece[0]) / len(batches[0]), *piece

    def _record_when_due(self, real: Tensor, z: Tensor) -> None:
        self._until_graph -= 1
        if self._until_graph != -1:
            return
        try:
            self._graph = graph.record(self._train, real, z, rng=self.rng)
        except RuntimeError as error:
            self.notices.append(f"training goes on without CUDA graphs, more slowly: {str(error).splitlines()[0]}")
        # A recording trains nothing, also one that broke off after D.
        self._of_D = []


def step_if_finite(optimiser: Optimizer, group: Group = ALONE) -> Tensor:
    """Take the group's step unless a gradient holds inf or nan; the norm of all gradients. Waits for no GPU."""
    gradients = [p.grad for each in optimiser.param_groups for p in each["params"] if p.grad is not None]
    group.average(gradients)
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    # What a fused optimiser reads where a gradient scaler has found an overflow.
    optimiser.found_inf = (~norm.isfinite()).to(torch.float32)
    optimiser.step()
    return norm


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says so in one of the ways in which torch does."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(words in str(error) for words in ("can't allocate memory", "not enough memory", "out of memory"))
