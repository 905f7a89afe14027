"""Everything that decides a run, as frozen dataclasses: the one source for flags, UI fields and config.json.

python -m gan_core train --help      # the fields below, with their help texts
"""

from __future__ import annotations

import json
import types
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

FORMAT_VERSION = 1
IMAGE_SIZES = (32, 64, 128)
MAX_BATCH = 4096
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def option(default: Any, help: str, *, flag: str | None = None, choices: tuple | None = None) -> Any:
    """A dataclass field that knows its help text, its command-line flag and its allowed values."""
    return field(default=default, metadata={"help": help, "flag": flag, "choices": choices})


def require(condition: bool, message: str) -> None:
    """ValueError with a sentence for the user unless the condition holds."""
    if not condition:
        raise ValueError(message)


def field_type(kind: type, name: str) -> tuple[type, bool]:
    """A field's plain type, and whether None is allowed."""
    hint = get_type_hints(kind)[name]
    if isinstance(hint, types.UnionType):
        return next(arg for arg in get_args(hint) if arg is not type(None)), True
    return hint, False


def check_fields(config: Any) -> None:
    """ValueError where a value has the wrong type or is not among the choices; whole numbers become floats."""
    for spec in fields(config):
        value, (kind, optional) = getattr(config, spec.name), field_type(type(config), spec.name)
        if optional and value is None:
            continue
        if kind is float and type(value) is int:
            value = float(value)
            object.__setattr__(config, spec.name, value)
        require(type(value) is kind, f"{spec.name} must be {KINDS[kind]}, not {value!r}")
        require(value == value and value not in (float("inf"), float("-inf")), f"{spec.name} must be a number")
        choices = spec.metadata["choices"]
        require(
            choices is None or value in choices,
            f"{spec.name} must be one of {', '.join(map(str, choices or ()))}, not {value}",
        )


def build(kind: type, values: Any) -> Any:
    require(isinstance(values, dict), f"these are no settings: {values!r}")
    unknown = set(values) - {f.name for f in fields(kind)}
    require(not unknown, f"unknown settings: {', '.join(sorted(unknown))}")
    return kind(**values)


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a generator and discriminator pair."""

    image_size: int = option(64, "side of the square images, in pixels", flag="size", choices=IMAGE_SIZES)
    channels: int = option(3, "3 for colour, 1 for grey", choices=(1, 3))
    latent_dim: int = option(100, "length of z")
    ngf: int = option(64, "generator channels at the last hidden layer; doubled at each smaller size, up to 8 times")
    ndf: int = option(64, "discriminator channels at the first layer; doubled at each smaller size, up to 8 times")

    def __post_init__(self):
        check_fields(self)
        for name in ("latent_dim", "ngf", "ndf"):
            require(1 <= getattr(self, name) <= 512, f"{name} must lie between 1 and 512, not {getattr(self, name)}")


@dataclass(frozen=True)
class TrainConfig:
    """How a pair is trained: on what, for how long, with which optimiser settings."""

    data: str = option("drawn", "a folder, a zip, or 'drawn' for built-in cartoon faces")
    kimg: float | None = option(None, "stop after this many thousand images seen; without a goal, train until stopped")
    minutes: float | None = option(None, "stop after this many minutes of training, if that comes first")
    tick_kimg: float | None = option(
        None, "thousand images between reports; by default every few seconds, ever more seldom"
    )
    save_seconds: float = option(60.0, "seconds of training between saved states; a stop always saves")
    batch_size: int = option(32, "images a step; small batches learn faces sooner on a CPU")
    lr: float = option(2e-4, "Adam's learning rate")
    beta1: float = option(0.5, "Adam's first momentum")
    beta2: float = option(0.999, "Adam's second momentum")
    ema_kimg: float = option(10.0, "half-life of the generator's moving average, in thousand images")
    ema_rampup: float = option(0.05, "the half-life is at most this share of the images seen so far")
    flip: bool = option(True, "mirror every other image left to right")
    precision: str = option("auto", "bf16 where the device is fast at it, else fp32", choices=("auto", "bf16", "fp32"))
    seed: int = option(0, "seed of the weights, z, flips and order of the data")

    def __post_init__(self):
        check_fields(self)
        require(bool(self.data.strip()), "choose some pictures: a folder, a zip, or 'drawn'")
        for name in ("kimg", "minutes", "tick_kimg"):
            value = getattr(self, name)
            require(value is None or 0 < value <= 1e9, f"{name} must be above 0 and at most 1e9, not {value}")
        require(
            2 <= self.batch_size <= MAX_BATCH, f"batch_size must lie between 2 and {MAX_BATCH}, not {self.batch_size}"
        )
        require(0 < self.lr < 1, f"lr must lie between 0 and 1, not {self.lr}")
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be at least 0 and below 1, not {value}")
        for name in ("save_seconds", "ema_kimg", "ema_rampup"):
            require(getattr(self, name) >= 0, f"{name} must not be below 0, but is {getattr(self, name)}")
        require(0 <= self.seed < 2**31, f"seed must lie between 0 and 2147483647, not {self.seed}")

    def progress(self, nimg: int, seconds: float) -> float:
        """How much of the goal is reached, 1 or more when it is; 0 for a run without a goal."""
        by_images = nimg / (self.kimg * 1000) if self.kimg else 0.0
        by_time = seconds / (self.minutes * 60) if self.minutes else 0.0
        return max(by_images, by_time)


@dataclass(frozen=True)
class Config:
    """A whole run: `model` decides what the weights look like, `train` how they came to be."""

    preset: str = "dcgan"
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()

    def to_dict(self) -> dict:
        return {"format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict) -> Config:
        """The inverse of `to_dict`. ValueError on a newer format, unknown settings or values out of range."""
        require(isinstance(values, dict), f"these are no settings: {values!r}")
        version = values.get("format_version")
        require(version == FORMAT_VERSION, f"this run has format {version}, but this program reads {FORMAT_VERSION}")
        model, train = build(ModelConfig, values.get("model", {})), build(TrainConfig, values.get("train", {}))
        return cls(str(values.get("preset", "")), model, train)

    @classmethod
    def load(cls, path: Path) -> Config:
        """The config in a config.json. ValueError if it cannot be read or is not of this program."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is no config.json of a run") from error
        return cls.from_dict(values)

    def with_options(self, **options: Any) -> Config:
        """A copy with fields of `model` and `train` replaced by name."""
        own = {f.name for f in fields(ModelConfig)}
        model = {key: value for key, value in options.items() if key in own}
        train = {key: value for key, value in options.items() if key not in own}
        return replace(self, model=replace(self.model, **model), train=replace(self.train, **train))


PRESETS = {
    "dcgan": Config("dcgan"),
    "dcgan-small": Config("dcgan-small", ModelConfig(ngf=32, ndf=32)),
}
PRESET_HELP = {
    "dcgan": "The DCGAN of Radford et al. 2016. Good faces in ten minutes on a laptop.",
    "dcgan-small": "The same networks at half the width: about three times as many images a second, softer detail.",
}


def preset(name: str) -> Config:
    """The settings of a preset. ValueError for an unknown name."""
    require(name in PRESETS, f"there is no preset '{name}'; there are {', '.join(PRESETS)}")
    return PRESETS[name]
