"""Everything that decides a run, as frozen dataclasses: the one source for flags, UI fields and config.json.

python -m gan_core train --help      # the fields below, with their help texts
"""

from __future__ import annotations

import json
import types
from dataclasses import Field, asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

FORMAT_VERSION = 1
IMAGE_SIZES = (16, 28, 32, 64, 128, 256)
POWERS_OF_TWO = (16, 32, 64, 128, 256)
# The sizes of image that each architecture can make.
ARCHITECTURES = {
    "dcgan": POWERS_OF_TWO,
    "dcgan-28": (28,),
    "mlp": (16, 28, 32, 64),
    "dense": (16, 28, 32, 64),
    "residual": POWERS_OF_TWO,
}
TRACKERS = ("none", "tensorboard", "trackio")
LOSSES = ("bce", "saturating", "hinge", "least-squares", "wgan", "wgan-gp", "relativistic")
SMOOTHABLE = ("bce", "saturating", "least-squares")
# Settings that decide how long to train and when to look at it, and nothing about the weights.
NOT_OF_WEIGHTS = ("kimg", "minutes", "tick_kimg", "eval_seconds", "save_seconds", "auto_heal", "tracker")
MAX_BATCH = 4096
# The pictures of a model that others trained.
UNKNOWN = "unknown"
MOST_HELD_OUT, FEW_IMAGES = 1000, 200
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


class NewerFormat(ValueError):
    """Something was written by a newer version of this program."""

    def __init__(self, version: int):
        super().__init__(
            f"this run was written by a newer version of this program, in format {version}, "
            f"and this one reads {FORMAT_VERSION}: update the program to go on with it"
        )


def option(default: Any, help: str, *, flag: str | None = None, choices: tuple | None = None) -> Any:
    """A dataclass field that knows its help text, its command-line flag and its allowed values."""
    return field(default=default, metadata={"help": help, "flag": flag, "choices": choices})


def options(kind: type) -> list[Field]:
    """The fields of a config that a user may set."""
    return [spec for spec in fields(kind) if "help" in spec.metadata]


def require(condition: bool, message: str) -> None:
    """ValueError with a sentence for the user unless the condition holds."""
    if not condition:
        raise ValueError(message)


# Every app, command and training evaluates them as it starts: once for a class, not once for a field.
type_hints = cache(get_type_hints)


@cache
def field_type(kind: type, name: str) -> tuple[type, bool]:
    """A field's plain type, and whether None is allowed."""
    hint = type_hints(kind)[name]
    if isinstance(hint, types.UnionType):
        return next(arg for arg in get_args(hint) if arg is not type(None)), True
    return hint, False


def check_fields(config: Any) -> None:
    """ValueError where a value has the wrong type or is not among the choices; whole numbers become floats."""
    for spec in fields(config):
        value, (kind, optional) = getattr(config, spec.name), field_type(type(config), spec.name)
        if optional and value is None:
            continue
        if spec.name == "classes":
            check_classes(config)
            continue
        if kind is float and type(value) is int:
            value = float(value)
            object.__setattr__(config, spec.name, value)
        require(type(value) is kind, f"{spec.name} must be {KINDS[kind]}, not {value!r}")
        require(value == value and value not in (float("inf"), float("-inf")), f"{spec.name} must be a number")
        choices = spec.metadata.get("choices")
        require(
            choices is None or value in choices,
            f"{spec.name} must be one of {', '.join(map(str, choices or ()))}, not {value}",
        )


def check_classes(config: Any) -> None:
    """ValueError unless the classes are names; a list, as JSON has it, becomes a tuple."""
    names = config.classes
    require(isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names), "classes must be names")
    object.__setattr__(config, "classes", tuple(names))


def build(kind: type, values: Any) -> Any:
    require(isinstance(values, dict), f"these are no settings: {values!r}")
    unknown = set(values) - {f.name for f in fields(kind)}
    require(not unknown, f"unknown settings: {', '.join(sorted(unknown))}")
    return kind(**values)


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a generator and discriminator pair."""

    architecture: str = option("dcgan", "which pair of networks", choices=tuple(ARCHITECTURES))
    image_size: int = option(64, "side of the square images, in pixels", flag="size", choices=IMAGE_SIZES)
    channels: int = option(3, "3 for colour, 1 for grey", choices=(1, 3))
    latent_dim: int = option(100, "length of z")
    ngf: int = option(64, "generator channels at the last hidden layer; doubled at each smaller size, up to 8 times")
    ndf: int = option(64, "discriminator channels at the first layer; doubled at each smaller size, up to 8 times")
    d_norm: str = option(
        "auto",
        "norm in the discriminator; auto: what suits the loss",
        choices=("auto", "batch", "spectral", "none"),
    )
    dropout: float = option(0.0, "share of units that the discriminator drops; for dcgan-28, mlp and dense")
    # Not options: found in the pictures' labels, and in the weights of a model that others trained.
    classes: tuple[str, ...] = ()
    widest: int = 8  # dcgan's widest layer, in ngf or ndf

    @property
    def input_dim(self) -> int:
        """The generator's inputs: z, and the weight of each class."""
        return self.latent_dim + len(self.classes)

    def __post_init__(self):
        check_fields(self)
        sizes = ARCHITECTURES[self.architecture]
        require(
            self.image_size in sizes,
            f"{self.architecture} makes images of {', '.join(map(str, sizes))} px, not of {self.image_size}",
        )
        require(
            self.d_norm != "batch" or self.architecture != "residual",
            "residual networks have no batch norm: choose auto",
        )
        require(0 <= self.dropout < 1, f"dropout must be at least 0 and below 1, not {self.dropout}")
        require(
            not self.dropout or self.architecture in ("dcgan-28", "mlp", "dense"),
            f"{self.architecture} has no dropout",
        )
        for name, most in {"latent_dim": 1000, "ngf": 512, "ndf": 512}.items():
            value = getattr(self, name)
            require(1 <= value <= most, f"{name} must lie between 1 and {most}, not {value}")
        require(1 <= self.widest <= 4096 // max(self.ngf, self.ndf), f"layers of {self.widest} times ngf are too wide")


@dataclass(frozen=True)
class TrainConfig:
    """How a pair is trained: on what, for how long, with which optimiser settings."""

    data: str = option(
        "drawn",
        "a folder, a zip, a tar or a folder of them, mnist, fashion-mnist, cifar-10 or celeba, a data set on the Hub "
        "as hf:owner/name, or 'drawn' for built-in cartoon faces",
    )
    labels: str = option("auto", "classes to train on: auto takes those found, or none, or a column of labels.csv")
    duplicates: str = option(
        "keep", "of pictures that are there more than once, keep all or drop all but one", choices=("keep", "drop")
    )
    data_root: str | None = option(None, "folder that holds the files of mnist and the like; else they are downloaded")
    kimg: float | None = option(None, "stop after this many thousand images seen; without a goal, train until stopped")
    minutes: float | None = option(None, "stop after this many minutes of training, if that comes first")
    tick_kimg: float | None = option(
        None, "thousand images between reports; by default every few seconds, ever more seldom"
    )
    eval_seconds: float = option(
        60.0, "seconds of training between measurements of the samples, at least; 0 for none and no best model"
    )
    save_seconds: float = option(60.0, "seconds of training between saved states; a stop always saves")
    batch_size: int = option(32, "images a step; small batches learn faces sooner on a CPU")
    lr: float = option(2e-4, "Adam's learning rate")
    beta1: float = option(0.5, "Adam's first momentum")
    beta2: float = option(0.999, "Adam's second momentum")
    loss: str = option("bce", "the adversarial loss; bce is the non-saturating one", choices=LOSSES)
    r1_gamma: float = option(0.0, "weight of the penalty on D's gradient at real images (R1)")
    r2_gamma: float = option(0.0, "the same at generated images (R2)")
    label_smoothing: float = option(0.0, "how far D's target for real images lies below 1")
    d_steps: int = option(1, "steps of D for one of G")
    augment: str = option(
        "none", "changes to all that D sees, so that few images last longer", choices=("none", "diffaugment", "ada")
    )
    ada_target: float = option(0.6, "ada augments more while D is surer of real images than this")
    ema_kimg: float = option(10.0, "half-life of the generator's moving average, in thousand images")
    ema_rampup: float = option(0.05, "the half-life is at most this share of the images seen so far")
    held_out: float = option(
        0.05, "share of the pictures, at most 1,000, that D never sees, to tell whether it learns the rest by heart"
    )
    auto_heal: bool = option(
        True, "when a training falls ill, go back to its best state with a milder setting, three times at most"
    )
    flip: bool = option(True, "mirror every other image left to right")
    precision: str = option("auto", "bf16 where the device is fast at it, else fp32", choices=("auto", "bf16", "fp32"))
    seed: int = option(0, "seed of the weights, z, flips and order of the data")
    tracker: str = option("none", "another place for metrics and samples, if it is installed", choices=TRACKERS)

    def __post_init__(self):
        check_fields(self)
        require(bool(self.data.strip()), "choose some pictures: a folder, a zip, or 'drawn'")
        require(bool(self.labels.strip()), "labels must be auto, none or the name of a column")
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
        require(0 <= self.held_out <= 0.5, f"held_out must lie between 0 and 0.5, not {self.held_out}")
        require(0 <= self.label_smoothing < 0.5, f"label_smoothing must be below 0.5, not {self.label_smoothing}")
        require(
            not self.label_smoothing or self.loss in SMOOTHABLE,
            f"label smoothing is for {', '.join(SMOOTHABLE)}, not for {self.loss}",
        )
        require(1 <= self.d_steps <= 20, f"d_steps must lie between 1 and 20, not {self.d_steps}")
        require(0 < self.ada_target < 1, f"ada_target must lie between 0 and 1, not {self.ada_target}")
        for name in ("eval_seconds", "save_seconds", "ema_kimg", "ema_rampup", "r1_gamma", "r2_gamma"):
            require(getattr(self, name) >= 0, f"{name} must not be below 0, but is {getattr(self, name)}")
        require(0 <= self.seed < 2**31, f"seed must lie between 0 and 2147483647, not {self.seed}")

    def num_held_out(self, num_images: int) -> int:
        """How many of that many pictures are kept from D; none of a small set, where each one counts."""
        return min(int(self.held_out * num_images), MOST_HELD_OUT) if num_images >= FEW_IMAGES else 0

    @property
    def penalises_gradients(self) -> bool:
        """Whether D's loss has a term on its gradient at the images, which batch norm would make meaningless."""
        return self.loss == "wgan-gp" or self.r1_gamma > 0 or self.r2_gamma > 0

    def progress(self, nimg: int, seconds: float) -> float:
        """How much of the goal is reached, 1 or more when it is; 0 for a run without a goal."""
        by_images = nimg / (self.kimg * 1000) if self.kimg else 0.0
        by_time = seconds / (self.minutes * 60) if self.minutes else 0.0
        return max(by_images, by_time)


@dataclass(frozen=True)
class Config:
    """A whole run: `model` decides what the weights look like, `train` how they came to be.

    `parent` is the run whose weights it began with, if it did not begin with random ones.
    """

    preset: str = "dcgan"
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    parent: str | None = None

    def __post_init__(self):
        clash = self.model.d_norm == "batch" and (self.train.penalises_gradients or self.train.loss == "relativistic")
        require(
            not clash,
            "batch norm in D goes with no gradient penalty and not with the relativistic loss: choose d_norm auto",
        )

    @property
    def d_norm(self) -> str:
        """The discriminator's norm, decided: batch norm only in the networks and with the losses it goes with."""
        if self.model.d_norm != "auto":
            return self.model.d_norm
        bare = self.train.penalises_gradients or self.train.loss == "relativistic"
        return "none" if bare or self.model.architecture != "dcgan" else "batch"

    def to_dict(self) -> dict:
        return {"format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict) -> Config:
        """The inverse of `to_dict`. ValueError on a newer format, unknown settings or values out of range."""
        require(isinstance(values, dict), f"these are no settings: {values!r}")
        version = values.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise NewerFormat(version)
        require(version == FORMAT_VERSION, f"this run has format {version}, but this program reads {FORMAT_VERSION}")
        model, train = build(ModelConfig, values.get("model", {})), build(TrainConfig, values.get("train", {}))
        name, parent = str(values.get("preset", "")), values.get("parent")
        return cls(name if name in PRESETS else "", model, train, str(parent) if parent else None)

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


# Labelled digits and clothes collapse to one picture a class without the penalties, and with dropout in D.
SMALL_GREY = TrainConfig(loss="relativistic", r1_gamma=0.5, r2_gamma=0.5, flip=False)
# Small batches and large steps, which wander, and therefore a long average.
QUICK = TrainConfig(batch_size=16, lr=4e-4, ema_kimg=40.0, ema_rampup=0.15)
PRESETS = {
    "fast": Config("fast", ModelConfig(ngf=32, ndf=32), QUICK),
    "dcgan": Config("dcgan"),
    "modern": Config(
        "modern",
        ModelConfig("residual", latent_dim=64),
        TrainConfig(loss="relativistic", r1_gamma=2.0, r2_gamma=2.0, batch_size=64, beta1=0.0, beta2=0.99),
    ),
    "few-shot": Config(
        "few-shot",
        ModelConfig(ngf=32, ndf=32),
        replace(QUICK, loss="relativistic", r1_gamma=1.0, r2_gamma=1.0, augment="diffaugment"),
    ),
    "dcgan-28": Config("dcgan-28", ModelConfig("dcgan-28", 28, 1), SMALL_GREY),
    "mlp-28": Config("mlp-28", ModelConfig("mlp", 28, 1, ngf=256, ndf=256), SMALL_GREY),
    "dense-gan": Config("dense-gan", ModelConfig("dense", 32, ngf=256, ndf=256), replace(SMALL_GREY, flip=True)),
}
PRESET_HELP = {
    "fast": "A DCGAN of half the width, in small batches and large steps: the best pictures in the first ten minutes.",
    "dcgan": "The DCGAN of Radford et al. 2016, in full width.",
    "modern": "Residual networks without norms, a relativistic loss, R1 and R2: stable for as long as you like.",
    "few-shot": "For 50 to 1,000 pictures: every picture D sees is changed, so that it cannot learn them by heart.",
    "dcgan-28": "The classic tutorial's DCGAN for 28×28 grey pictures, such as digits or clothes.",
    "mlp-28": "The first GAN: fully connected layers on 784 grey pixels. To see what convolutions are good for.",
    "dense-gan": "Fully connected layers with batch norm, for small pictures of any kind.",
}


DEFAULT_PRESET = "fast"


def preset(name: str) -> Config:
    """The settings of a preset. ValueError for an unknown name."""
    require(name in PRESETS, f"there is no preset '{name}'; there are {', '.join(PRESETS)}")
    return PRESETS[name]
