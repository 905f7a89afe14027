"""The training loop as a generator of events. It knows no files, no terminal and no browser.

for event in Trainer(config, images).run():    # images: uint8 [N, H, W, C]
    ...                                        # the trainer is suspended here: its state is consistent
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from gan_core import pixels
from gan_core.config import Config
from gan_core.models import build_discriminator, build_generator
from gan_core.models.base import Dropout
from gan_core.training import ema, feed, precision
from gan_core.training.augment import AdaptiveAugment
from gan_core.training.batches import Batches
from gan_core.training.group import ALONE, Group, check_shares
from gan_core.training.inputs import Inputs
from gan_core.training.step import STATISTICS, AdversarialStep

if TYPE_CHECKING:
    from gan_core.training.group import Values

SAMPLE_BATCH = 128
Z_FOR_BATCH_NORM = 256


@dataclass(frozen=True)
class Step:
    """One step of both networks is done."""

    nimg: int


@dataclass(frozen=True)
class Tick:
    """Means over the steps since the last tick; the averaged generator is ready to be sampled or saved."""

    nimg: int
    seconds: float
    metrics: dict[str, float]


@dataclass(frozen=True)
class Notice:
    """Something about the run that its owner should hear, in one sentence."""

    message: str


class Trainer:
    """One G and D, their optimisers and everything else that a resumed run needs to go on bit for bit."""

    def __init__(
        self,
        config: Config,
        images: np.ndarray,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        labels: np.ndarray | None = None,
        group: Group = ALONE,
    ):
        """`labels` [N] are indices into the config's classes, which needs them.

        `dtype` is that of weights and of all outside autocast; float64 is for checking the mathematics. ValueError if
        the processes of the group cannot share a batch equally.
        """
        self.config, train, self.group = config, config.train, group
        check_shares(train.batch_size, group.size)
        assert (labels is not None) == bool(config.model.classes)
        self.dtype = dtype
        self.device = device or precision.default_device()
        self.precision = precision.choose(train.precision, self.device)
        precision.set_up(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(train.seed)
            self.G = self._place(build_generator(config.model))
            self.D = self._place(build_discriminator(config.model, config.d_norm))
        self.G_ema = copy.deepcopy(self.G).eval().requires_grad_(False)
        self.opt_G, self.opt_D = self._adam(self.G), self._adam(self.D)
        self.rng = group.generator(self.device)
        self.rng.manual_seed(train.seed)
        for module in self.D.modules():
            if isinstance(module, Dropout):
                module.rng = self.rng
        self.learn = self._adversarial_step()
        self.images, self.inputs = images, Inputs(config, labels, self.device, dtype)
        # Apart from the feed's own, which a thread may be reading ahead in.
        self.batches = self._batches()
        self.feed = feed.choose(images, self._batches(), self.device)
        self.grid_z = self.inputs.grid()
        self.nimg, self.seconds = 0, 0.0
        self._one = torch.ones(1, dtype=dtype, device=self.device)
        self._reset_statistics()

    @property
    def done(self) -> bool:
        return self.config.train.progress(self.nimg, self.seconds) >= 1

    @property
    def has_news(self) -> bool:
        """Whether there were steps since the last tick."""
        return self._steps > 0

    def run(self) -> Iterator[Step | Tick | Notice]:
        """Train to the config's kimg or minutes: a `Step` after every step, a `Tick` every so often and last."""
        before, resumed_at = self.seconds, time.monotonic()
        while not self.done:
            self.group.order_step()
            self.step()
            self.seconds = before + time.monotonic() - resumed_at
            yield Step(self.nimg)
            while self.learn.notices:
                yield Notice(self.learn.notices.pop(0))
            if self._tick_due():
                if self.wait():
                    self.seconds = before + time.monotonic() - resumed_at
                yield self.tick()

    def step(self) -> None:
        """One step of G and the config's number of steps of D."""
        real, count = self._real_batch(), self.batches.batch_size
        z = self._share(self.inputs.noise(count, self.rng))
        found = self.learn(real, self.inputs.of_images(z, self.batches.indices(self.nimg)))
        # A step whose numbers are not finite has changed nothing, and would make every mean the same.
        self._sums += torch.where(found.isfinite().all(), torch.cat([found, self._one]), 0)
        self._steps += 1
        self.nimg += count
        ema.update(self.G_ema, self.G, self._ema_beta(count))

    def tick(self) -> Tick:
        """Report the steps since the last tick. FloatingPointError if most had losses that were no finite numbers."""
        *sums, done = self._sums.tolist()
        skipped = self._steps - round(done)
        if 2 * skipped > self._steps:
            raise FloatingPointError(
                f"the losses are no longer finite numbers after {self.nimg / 1000:.1f} kimg: "
                "start a new run with a lower learning rate"
            )
        metrics = {name: total / max(done, 1) for name, total in zip(STATISTICS, sums, strict=True)}
        if not self.config.train.penalises_gradients:
            del metrics["penalty"]
        if skipped:
            metrics["skipped"] = skipped
        if isinstance(self.learn.augment, AdaptiveAugment):
            metrics["augment_p"] = self.learn.augment.p.item()
        metrics["img_per_sec"] = (self.nimg - self._tick_nimg) / max(self.seconds - self._tick_seconds, 1e-9)
        self.refresh_ema()
        self._reset_statistics()
        return Tick(self.nimg, self.seconds, metrics)

    def refresh_ema(self, num_z: int = Z_FOR_BATCH_NORM) -> None:
        """Fit the averaged generator's batch norm to its weights over `num_z` z, always the same ones."""
        with self.autocast():
            ema.refresh_batch_norm(self.G_ema, self.inputs.like_data(num_z))

    def sample(self) -> np.ndarray:
        """The averaged generator's images of the fixed grid of z, uint8 [N, H, W, C], row by row of eight."""
        return self._images_of(self.grid_z)

    def samples(self, count: int) -> np.ndarray:
        """The averaged generator's images of that many fixed z, uint8 [count, H, W, C], its classes as in the data."""
        return self._images_of(self.inputs.like_data(count, seed=self.config.train.seed + 1))

    def retune(self, config: Config) -> None:
        """Go on under other settings of training, for the same networks."""
        assert (config.model, config.d_norm) == (self.config.model, self.config.d_norm)
        self.config = config
        for optimiser in (self.opt_G, self.opt_D):
            self._set_rates(optimiser)
        num_parts, self.learn = self.learn.num_parts, self._adversarial_step()
        self.learn.num_parts = num_parts

    def wait(self) -> bool:
        """Let a GPU finish the steps so far; False on a processor, which has done them already."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.device.type == "cuda"

    def state_dict(self) -> dict:
        """Everything that decides the steps to come: tensors and plain values only."""
        modules = {name: getattr(self, name).state_dict() for name in ("G", "D", "G_ema", "opt_G", "opt_D")}
        progress = {"nimg": self.nimg, "seconds": self.seconds, "rng": self.rng.get_state()}
        if isinstance(self.learn.augment, AdaptiveAugment):
            progress["augment"] = self.learn.augment.state_dict()
        return progress | modules

    def load_state_dict(self, state: dict) -> None:
        """The inverse of `state_dict`; optimiser settings are the config's. ValueError if it is of other networks."""
        try:
            for name in ("G", "D", "G_ema"):
                getattr(self, name).load_state_dict(state[name])
            for name in ("opt_G", "opt_D"):
                self.load_adam(getattr(self, name), state[name])
            self.nimg, self.seconds = int(state["nimg"]), float(state["seconds"])
            self._load_rng(state["rng"])
            if isinstance(self.learn.augment, AdaptiveAugment) and "augment" in state:
                self.learn.augment.load_state_dict(state["augment"])
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError("the saved state does not fit this run's networks") from error
        self.learn.forget_graph()
        self._reset_statistics()

    def _real_batch(self) -> torch.Tensor:
        real = self.feed.batch(self.nimg).to(self.dtype)
        if not self.config.train.flip:
            return real
        mirrored = torch.rand(self.batches.batch_size, 1, 1, 1, generator=self.rng, device=self.device) < 0.5
        return torch.where(self._share(mirrored), real.flip(3), real)

    def _share(self, values: Values) -> Values:
        """This process's part of the batches of a step."""
        return self.group.share(values, self.config.train.d_steps)

    def _batches(self) -> Batches:
        train, num_images = self.config.train, len(self.images)
        num_held_out = train.num_held_out(num_images)
        return Batches(num_images, train.batch_size * train.d_steps, train.seed, num_held_out, self._share)

    @torch.inference_mode()
    def _images_of(self, z: torch.Tensor) -> np.ndarray:
        with self.autocast():
            return np.concatenate([pixels.to_uint8(self.G_ema(part)) for part in z.split(SAMPLE_BATCH)])

    def _ema_beta(self, batch_size: int) -> float:
        return ema.beta(self.nimg, batch_size, self.config.train.ema_kimg, self.config.train.ema_rampup)

    def _tick_due(self) -> bool:
        tick_kimg = self.config.train.tick_kimg
        if self.done:
            return True
        if tick_kimg:
            return self.nimg // (tick_kimg * 1000) > self._tick_nimg // (tick_kimg * 1000)
        # Much happens early, little late: a tick lasts 2 % of the run so far, within bounds that keep a watcher happy.
        return self.seconds - self._tick_seconds >= min(max(0.02 * self.seconds, 3.0), 30.0)

    def _reset_statistics(self) -> None:
        self._sums, self._steps = torch.zeros(len(STATISTICS) + 1, dtype=self.dtype, device=self.device), 0
        self._tick_nimg, self._tick_seconds = self.nimg, self.seconds

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def _place(self, model: torch.nn.Module) -> torch.nn.Module:
        return model.to(self.device, self.dtype, memory_format=torch.channels_last)

    def _adversarial_step(self) -> AdversarialStep:
        num_classes = len(self.config.model.classes)
        networks = (self.G, self.D, self.opt_G, self.opt_D)
        return AdversarialStep(*networks, self.autocast, self.config.train, self.rng, num_classes, self.group)

    def _adam(self, model: torch.nn.Module) -> torch.optim.Adam:
        train = self.config.train
        on_gpu = self.device.type == "cuda"
        return torch.optim.Adam(model.parameters(), train.lr, (train.beta1, train.beta2), fused=True, capturable=on_gpu)

    def _load_rng(self, state: torch.Tensor) -> None:
        if len(state) == len(self.rng.get_state()):
            self.rng.set_state(state)
            return
        # A GPU's generator is of another kind than a processor's.
        self.rng.manual_seed(self.config.train.seed + self.nimg)
        self.learn.notices.append(
            "the run was last trained on another kind of device: it goes on from the same weights, but not bit for bit"
        )

    def load_adam(self, optimiser: torch.optim.Adam, state: dict) -> None:
        """Go on with the moments of a saved optimiser, under the rates of this config."""
        # Adam would go on writing into the tensors it is given.
        optimiser.load_state_dict(copy.deepcopy(state))
        self._set_rates(optimiser)

    def _set_rates(self, optimiser: torch.optim.Adam) -> None:
        train = self.config.train
        for group in optimiser.param_groups:
            group.update(lr=train.lr, betas=(train.beta1, train.beta2), capturable=self.device.type == "cuda")
