import dataclasses
import json

import pytest

from gan_core.config import (
    FORMAT_VERSION,
    LOSSES,
    PRESET_HELP,
    PRESETS,
    Config,
    ModelConfig,
    TrainConfig,
    field_type,
    preset,
    type_hints,
)
from gan_core.models import build_discriminator, build_generator


def changed(section: str, name: str, value: object) -> dict:
    values = Config().to_dict()
    values[section][name] = value
    return values


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS.keys())
def test_a_config_survives_json(config):
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_every_field_survives_json_when_it_is_not_the_default():
    model = ModelConfig(
        architecture="dense", image_size=28, channels=1, latent_dim=7, ngf=5, ndf=6, d_norm="spectral", dropout=0.1,
        classes=("cat", "dog"), widest=4,
    )  # fmt: skip
    train = TrainConfig(
        data="a.zip", kimg=1.5, minutes=2.5, tick_kimg=0.5, save_seconds=9.0, eval_seconds=8.0, batch_size=12, lr=1e-3,
        beta1=0.1, beta2=0.9, ema_kimg=3.0, ema_rampup=0.5, flip=False, precision="bf16", seed=11, loss="least-squares",
        r1_gamma=1.0, r2_gamma=2.0, label_smoothing=0.1, d_steps=2, augment="ada", ada_target=0.5, held_out=0.1,
        labels="kind", data_root="/data", duplicates="drop", auto_heal=False, tracker="trackio",
    )  # fmt: skip
    for given in (model, train):
        same = [f.name for f in dataclasses.fields(given) if getattr(given, f.name) == f.default]
        assert not same, "give these another value than the default"
    config = Config("modern", model, train)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_settings_that_are_left_out_are_the_defaults():
    assert Config.from_dict({"format_version": FORMAT_VERSION, "preset": "dcgan"}) == Config()


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "mine", None, 5, ["dcgan"]])
def test_a_preset_that_there_is_not_has_no_name(name):
    assert Config.from_dict({"format_version": FORMAT_VERSION, "preset": name}).preset == ""


@pytest.mark.parametrize("section", ["model", "train"])
def test_an_unknown_setting_is_named(section):
    with pytest.raises(ValueError, match="colour_of_the_sky"):
        Config.from_dict(changed(section, "colour_of_the_sky", 1))


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("model", "image_size", 64.0),
        ("model", "image_size", 48),
        ("model", "image_size", None),
        ("model", "channels", 2),
        ("model", "channels", True),
        ("model", "latent_dim", 0),
        ("model", "latent_dim", "100"),
        ("model", "ngf", 1025),
        ("model", "ndf", -1),
        ("train", "data", None),
        ("train", "data", ["a", "b"]),
        ("train", "kimg", 0),
        ("train", "kimg", -1.0),
        ("train", "kimg", "10"),
        ("train", "kimg", float("nan")),
        ("train", "kimg", float("inf")),
        ("train", "minutes", 0.0),
        ("train", "minutes", float("nan")),
        ("train", "tick_kimg", -0.5),
        ("train", "save_seconds", -1.0),
        ("train", "save_seconds", None),
        ("train", "batch_size", 1),
        ("train", "batch_size", 8.0),
        ("train", "batch_size", 5000),
        ("train", "lr", 0.0),
        ("train", "lr", 1.0),
        ("train", "lr", float("nan")),
        ("train", "beta1", -0.1),
        ("train", "beta1", 1.0),
        ("train", "beta2", 1.0),
        ("train", "beta2", -0.1),
        ("train", "ema_kimg", -1.0),
        ("train", "ema_rampup", -0.1),
        ("train", "flip", 1),
        ("train", "flip", "yes"),
        ("train", "precision", "fp16"),
        ("train", "seed", -1),
        ("train", "seed", 2**31),
        ("train", "seed", 0.5),
    ],
)
def test_a_wrong_value_is_refused_by_name(section, name, value):
    with pytest.raises(ValueError, match=name):
        Config.from_dict(changed(section, name, value))


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match="choose some pictures"):
        TrainConfig(data="  ")


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, None, "1"])
def test_another_format_is_refused(version):
    with pytest.raises(ValueError, match=f"format {version}"):
        Config.from_dict({**Config().to_dict(), "format_version": version})


@pytest.mark.parametrize("values", [[], 5, None, {"format_version": 1, "model": 5}, {"format_version": 1, "train": []}])
def test_json_that_is_no_config_is_refused(values):
    with pytest.raises(ValueError, match="settings"):
        Config.from_dict(values)


def test_whole_numbers_become_floats():
    train = TrainConfig(kimg=3)
    assert type(train.kimg) is float
    assert train.kimg == 3


def test_with_options_puts_each_field_where_it_belongs():
    config = Config("mine").with_options(image_size=32, kimg=2.0, seed=5)
    assert config.model == ModelConfig(image_size=32)
    assert config.train == TrainConfig(kimg=2.0, seed=5)
    assert config.preset == "mine"


@pytest.mark.parametrize(("name", "value"), [("image_size", 33), ("kimg", -1.0)])
def test_with_options_checks_values(name, value):
    with pytest.raises(ValueError, match=name):
        Config().with_options(**{name: value})


@pytest.mark.parametrize(
    ("goal", "nimg", "seconds", "expected"),
    [
        ({}, 10**9, 10**6, 0.0),
        ({"kimg": 10.0}, 2_500, 10**6, 0.25),
        ({"kimg": 10.0}, 10_000, 0, 1.0),
        ({"kimg": 10.0}, 15_000, 0, 1.5),
        ({"minutes": 2.0}, 10**9, 30, 0.25),
        ({"kimg": 10.0, "minutes": 2.0}, 2_500, 60, 0.5),
        ({"kimg": 10.0, "minutes": 2.0}, 7_500, 60, 0.75),
    ],
)
def test_progress_is_that_of_the_goal_that_comes_first(goal, nimg, seconds, expected):
    assert TrainConfig(**goal).progress(nimg, seconds) == pytest.approx(expected)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds_its_networks_and_says_what_it_is(name):
    config = preset(name)
    assert config.preset == name
    assert PRESET_HELP[name]
    assert build_generator(config.model).config == config.model
    build_discriminator(config.model)


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="'styl'.*dcgan"):
        preset("styl")


ADDS_A_PENALTY = [{"r1_gamma": 1.0}, {"r2_gamma": 1.0}, {"loss": "wgan-gp"}]


@pytest.mark.parametrize("train", [*ADDS_A_PENALTY, {"loss": "relativistic"}])
def test_batch_norm_in_the_discriminator_goes_with_no_penalty_and_no_relativistic_loss(train):
    with pytest.raises(ValueError, match="batch norm in D.*choose d_norm auto"):
        Config().with_options(d_norm="batch", **train)
    assert Config().with_options(d_norm="auto", **train).d_norm == "none"
    assert Config().with_options(d_norm="spectral", **train).d_norm == "spectral"


@pytest.mark.parametrize(
    ("train", "penalises"), [*((train, True) for train in ADDS_A_PENALTY), ({}, False), ({"loss": "wgan"}, False)]
)
def test_what_penalises_gradients(train, penalises):
    assert TrainConfig(**train).penalises_gradients == penalises


@pytest.mark.parametrize("loss", ["bce", "saturating", "hinge", "least-squares", "wgan"])
@pytest.mark.parametrize(
    ("architecture", "size", "norm"),
    [
        ("dcgan", 64, "batch"),
        ("dcgan-28", 28, "none"),
        ("mlp", 28, "none"),
        ("dense", 32, "none"),
        ("residual", 64, "none"),
    ],
)
def test_auto_takes_batch_norm_only_in_dcgan(architecture, size, norm, loss):
    auto = Config(model=ModelConfig(architecture, size), train=TrainConfig(loss=loss))
    assert auto.d_norm == norm
    for asked in ("spectral", "none", *(["batch"] if architecture != "residual" else [])):
        assert auto.with_options(d_norm=asked).d_norm == asked


def test_residual_networks_have_no_batch_norm():
    with pytest.raises(ValueError, match="no batch norm: choose auto"):
        ModelConfig("residual", d_norm="batch")


@pytest.mark.parametrize(("architecture", "size"), [("dcgan", 64), ("residual", 64)])
def test_dropout_is_refused_where_there_is_none(architecture, size):
    with pytest.raises(ValueError, match=f"{architecture} has no dropout"):
        ModelConfig(architecture, size, dropout=0.1)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_a_share_to_drop_lies_between_0_and_1(dropout):
    with pytest.raises(ValueError, match="dropout"):
        ModelConfig("mlp", 28, dropout=dropout)


@pytest.mark.parametrize("loss", LOSSES)
def test_label_smoothing_is_for_losses_with_targets(loss):
    if loss in ("bce", "saturating", "least-squares"):
        assert TrainConfig(loss=loss, label_smoothing=0.1).label_smoothing == 0.1
    else:
        with pytest.raises(ValueError, match=f"label smoothing is for bce.*not for {loss}"):
            TrainConfig(loss=loss, label_smoothing=0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("label_smoothing", 0.5),
        ("label_smoothing", -0.1),
        ("d_steps", 0),
        ("d_steps", 21),
        ("ada_target", 0.0),
        ("ada_target", 1.0),
        ("held_out", -0.1),
        ("held_out", 0.6),
        ("r1_gamma", -1.0),
        ("r2_gamma", float("inf")),
        ("loss", "l1"),
        ("augment", "some"),
    ],
)
def test_a_wrong_training_setting_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        TrainConfig(**{name: value})


@pytest.mark.parametrize(
    ("share", "num_images", "held_out"),
    [
        (0.05, 199, 0),
        (0.05, 200, 10),
        (0.05, 1_000, 50),
        (0.05, 19_999, 999),
        (0.05, 70_000, 1000),
        (0.5, 200, 100),
        (0.0, 70_000, 0),
    ],
)
def test_a_share_is_held_out_of_large_sets_and_a_thousand_at_most(share, num_images, held_out):
    assert TrainConfig(held_out=share).num_held_out(num_images) == held_out


@pytest.mark.parametrize("classes", [("cat", 3), "cat", 5, None])
def test_classes_are_names(classes):
    with pytest.raises(ValueError, match="classes must be names"):
        ModelConfig(classes=classes)


def test_the_generators_inputs_are_z_and_a_weight_for_every_class():
    assert ModelConfig(latent_dim=10).input_dim == 10
    assert ModelConfig(latent_dim=10, classes=("cat", "dog")).input_dim == 12
    assert ModelConfig(classes=["cat", "dog"]).classes == ("cat", "dog")


def test_the_types_of_a_class_are_evaluated_once_and_not_for_each_of_its_fields():
    @dataclasses.dataclass
    class Three:
        a: "int"
        b: "float"
        c: "str | None"

    before = type_hints.cache_info().misses
    assert [field_type(Three, name) for name in "abc"] == [(int, False), (float, False), (str, True)]
    assert type_hints.cache_info().misses == before + 1
