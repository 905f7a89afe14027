import dataclasses
import json

import pytest

from gan_core.config import FORMAT_VERSION, PRESET_HELP, PRESETS, Config, ModelConfig, TrainConfig, preset
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
        classes=("cat", "dog"),
    )  # fmt: skip
    train = TrainConfig(
        data="a.zip", kimg=1.5, minutes=2.5, tick_kimg=0.5, save_seconds=9.0, eval_seconds=8.0, batch_size=12, lr=1e-3, beta1=0.1,
        beta2=0.9, ema_kimg=3.0, ema_rampup=0.5, flip=False, precision="bf16", seed=11, loss="least-squares",
        r1_gamma=1.0, r2_gamma=2.0, label_smoothing=0.1, d_steps=2, augment="ada", ada_target=0.5, held_out=0.1,
        labels="kind", data_root="/data",
    )  # fmt: skip
    for given in (model, train):
        same = [f.name for f in dataclasses.fields(given) if getattr(given, f.name) == f.default]
        assert not same, "give these another value than the default"
    config = Config("mine", model, train)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_settings_that_are_left_out_are_the_defaults():
    assert Config.from_dict({"format_version": FORMAT_VERSION, "preset": "dcgan"}) == Config()


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
