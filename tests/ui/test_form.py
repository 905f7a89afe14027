import pytest

from gan_core.config import (
    ARCHITECTURES,
    DEFAULT_PRESET,
    PRESET_HELP,
    PRESETS,
    ModelConfig,
    TrainConfig,
    options,
    preset,
)
from ui import form, settings


@pytest.fixture
def chosen(filled):
    """chosen(name, **changes): the form's values once that preset is chosen."""

    def values(name: str, **changes) -> list:
        _, size, *usual = settings.show_preset(name)
        shown = dict(zip(settings.SETTINGS, usual, strict=True)) | {"image_size": size.value, "preset": name}
        return filled(**{"source": form.DRAWN} | shown | changes)

    return values


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_that_is_shown_and_left_alone_is_that_preset(chosen, name):
    assert form.config_of(*chosen(name)) == preset(name).with_options(data="drawn", kimg=1.0)


@pytest.mark.parametrize("name", PRESETS)
def test_numbers_come_back_from_a_page_as_floats_or_whole_ones(chosen, name):
    whole = {key: int(v) for key, v in zip(settings.SETTINGS, settings.show_preset(name)[2:], strict=True)
             if isinstance(v, float) and v.is_integer()}  # fmt: skip
    assert form.config_of(*chosen(name, **whole)) == form.config_of(*chosen(name))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_tells_what_it_is_and_offers_only_sizes_that_it_makes(name):
    recipe, size, *_ = settings.show_preset(name)
    assert recipe.info == PRESET_HELP[name]
    assert tuple(value for _, value in size.choices) == ARCHITECTURES[preset(name).model.architecture]
    assert size.value == preset(name).model.image_size


@pytest.mark.parametrize(
    ("architecture", "size", "nearest"), [("dcgan-28", 64, 28), ("mlp", 128, 64), ("dcgan", 28, 32)]
)
def test_another_architecture_keeps_the_size_or_takes_the_nearest(architecture, size, nearest):
    assert settings.sizes(architecture, size).value == nearest
    assert settings.sizes("residual", 128).value == 128


def test_every_setting_is_an_option_and_in_one_group_only():
    known = {spec.name for kind in (ModelConfig, TrainConfig) for spec in options(kind)}
    assert set(settings.SETTINGS) <= known and len(set(settings.SETTINGS)) == len(settings.SETTINGS)
    for name in settings.SETTINGS:
        assert settings.setting(name).value == settings.value_of(preset(DEFAULT_PRESET), name)


@pytest.mark.parametrize(("known", "is_named"), [("MNIST", True), ("hf:owner/name", False), ("", False), (None, False)])
def test_a_folder_of_files_is_asked_for_only_where_it_helps(known, is_named):
    assert form.show_known(known)[1].visible == is_named
    path, upload, sets, folder = form.show_source(form.KNOWN, known)
    assert (path.visible, upload.visible, sets.visible, folder.visible) == (False, False, True, is_named)


def test_a_known_set_and_its_folder_become_data_and_data_root(filled):
    train = form.config_of(*filled(source=form.KNOWN, known=" mnist ", data_root="/files")).train
    assert (train.data, train.data_root) == ("mnist", "/files")
    train = form.config_of(*filled(source=form.KNOWN, known="hf:owner/name", data_root="/files")).train
    assert (train.data, train.data_root) == ("hf:owner/name", None)
    assert form.config_of(*filled(source=form.DRAWN, data_root="/files")).train.data_root is None
