"""Training on several processes with PyTorch's collectives: NCCL between GPUs, gloo between processors.

torchrun --nproc-per-node=4 -m gan_core train --data photos.zip --batch-size 128

Rank 0 decides and writes everything; the others make each step that it orders, with their share of the batch.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gan_core.models.base import Dropout
from gan_core.training.group import Group, RankLost, in_words, part_of_batch
from gan_core.training.parts import moments, normalise, note

if TYPE_CHECKING:
    from gan_core.training.group import Values

STEP, LOAD, END = range(3)
# A process that has died is noticed at once, a machine that no longer answers only after this time of a step.
PATIENCE = timedelta(minutes=30)
# Between steps, since rank 0 may be downloading pictures for hours.
PATIENCE_FOR_ORDERS = timedelta(days=1)
ERROR = "error"
LOST = "another process of this training has ended, and the others with it: what it said is above"


class Ranks(Group):
    """One of `size` processes that train together, the one of that `rank`."""

    def __init__(self, device: torch.device, store: dist.Store):
        self.rank, self.size, self.device = dist.get_rank(), dist.get_world_size(), device
        self.store = store
        self.for_orders = dist.new_group(timeout=PATIENCE_FOR_ORDERS, backend="gloo")

    def generator(self, device: torch.device) -> torch.Generator:
        rng = SharedGenerator(device)
        rng.part = self.rank, self.size
        return rng

    def share(self, values: Values, num_batches: int = 1) -> Values:
        rest = values.shape[1:]
        return values.reshape(num_batches, self.size, -1, *rest)[:, self.rank].reshape(-1, *rest)

    def mean(self, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values / self.size

    def average(self, tensors: list[Tensor]) -> None:
        whole = self.mean(torch.cat([tensor.flatten() for tensor in tensors]))
        parts = whole.split([tensor.numel() for tensor in tensors])
        torch._foreach_copy_(tensors, [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)])

    def gather(self, values: Tensor) -> Tensor:
        values = values.contiguous()
        found = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(found, values)
        return torch.cat(found)

    @contextmanager
    def joined(self, *nets: nn.Module) -> Iterator[None]:
        layers = [module for net in nets for module in net.modules() if isinstance(module, (_BatchNorm, Dropout))]
        for layer in layers if self.size > 1 else ():
            layer.forward = partial(drop if isinstance(layer, Dropout) else batch_norm, layer)
        try:
            with self.together():
                yield
        finally:
            for layer in layers:
                layer.__dict__.pop("forward", None)

    def restarts_left(self) -> bool:
        done, most = (int(os.environ.get(f"TORCHELASTIC_{name}", 0)) for name in ("RESTART_COUNT", "MAX_RESTARTS"))
        return done < most

    def order_step(self) -> None:
        self._order(STEP)

    def order_load(self, state: dict) -> None:
        self._order(LOAD)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        self.same(buffer.getvalue())
        self._wait()

    def orders(self) -> Iterator[dict | None]:
        """For all ranks but 0: each state to go on from, and None for each step, until the end."""
        while (order := self._order(END)) != END:
            if order == LOAD:
                yield torch.load(io.BytesIO(self.same()), "cpu", weights_only=True)
                self._wait()
            else:
                yield None

    def same(self, value: object = None) -> object:
        """Rank 0's value, for all."""
        box = [value]
        with self.together():
            dist.broadcast_object_list(box, device=torch.device("cpu"), group=self.for_orders)
        return box[0]

    def end(self) -> None:
        """Tell the others that there is nothing more to do, if they can still be told."""
        with suppress(OSError):
            if self.rank == 0:
                self._order(END)

    def tell(self, error: Exception) -> None:
        """Leave word of what ends this process and so all others."""
        with suppress(RuntimeError):
            self.store.set(ERROR, in_words(error))
            self.store.get(ERROR)  # it is there before anybody can notice that this process has gone

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside, what PyTorch raises when another process has gone is a RankLost, or an OSError with its words."""
        try:
            yield
        except RuntimeError as error:
            if not (isinstance(error, dist.DistError) or "gloo" in str(error) or "by peer" in str(error)):
                raise
            words = self._told()
            raise (OSError(words) if words else RankLost(LOST)) from error

    def _told(self) -> str:
        with suppress(RuntimeError):
            return self.store.get(ERROR).decode() if self.store.check([ERROR]) else ""
        return ""

    def _order(self, order: int) -> int:
        """Rank 0's order, for all. A tensor on the processor, which waits for no GPU."""
        told = torch.tensor(order)
        with self.together():
            dist.broadcast(told, 0, self.for_orders)
        return int(told)

    def _wait(self) -> None:
        """Until everybody has come here: a step has less patience with who is still preparing its pictures."""
        with self.together():
            dist.all_reduce(torch.zeros(1), group=self.for_orders)


class SharedGenerator(torch.Generator):
    """Makes the numbers of a whole batch; `part` says which rank of how many uses it."""

    part = (0, 1)


@contextmanager
def joined_by_launcher() -> Iterator[Ranks]:
    """The group of the processes that the launcher started, by the variables that it has set."""
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        torch.cuda.set_device(device)
    group = Ranks(device, meet("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"))
    try:
        yield group
    except RankLost:
        raise
    except Exception as error:
        # Without an order, since the others may be amid a step: that this process ends is what ends them.
        group.tell(error)
        raise
    group.end()
    dist.destroy_process_group()


def meet(backend: str) -> dist.Store:
    """Find the other processes; returns what all can write to. OSError with what went wrong if that fails."""
    try:
        store, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
        # The launcher's store may outlive a restart, and then holds the addresses of those that have died.
        store = dist.PrefixStore(f"{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}-{size}", store)
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
        return store
    except RuntimeError as error:
        raise OSError(f"the processes of this training do not find each other: {str(error).splitlines()[0]}") from error


class Sum(torch.autograd.Function):
    """The sum over all ranks; what goes back to each is the sum of all their gradients."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return Sum.apply(grad)


def batch_norm(layer: _BatchNorm, features: Tensor) -> Tensor:
    """The layer in training, with mean and variance of all ranks' features; every rank has equally many."""
    count, mean, var = moments(features)
    # In fp64, where the difference of two large squares is exact enough.
    own = torch.stack([mean.double(), var.double(), mean.double().square()])
    mean_, var_, square = (Sum.apply(own) / dist.get_world_size()).unbind()
    whole = mean_.to(mean.dtype), (var_ + square - mean_.square()).to(mean.dtype)
    note(layer, *(values.detach() for values in whole), count * dist.get_world_size())
    return normalise(layer, *whole, features)


def drop(layer: Dropout, h: Tensor) -> Tensor:
    """The layer, dropping of the whole batch what one process would."""
    if not layer.training or not layer.p:
        return h

    def kept(count: int) -> Tensor:
        # Laid out as h, since the numbers go into memory in its order.
        whole = torch.empty_strided((count, *h.shape[1:]), h.stride(), dtype=h.dtype, device=h.device)
        return whole.bernoulli_(1 - layer.p, generator=layer.rng)

    return h * part_of_batch(layer.rng, len(h), kept) / (1 - layer.p)
