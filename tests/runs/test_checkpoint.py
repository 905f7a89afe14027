import os
import pickle
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan_core.config import NewerFormat
from gan_core.models import build_discriminator
from gan_core.runs.checkpoint import (
    copy_network,
    load_discriminator,
    load_generator,
    load_state,
    read_nimg,
    save_discriminator,
    save_generator,
    save_state,
)


@pytest.fixture
def path(tmp_path, G, tiny) -> Path:
    save_generator(tmp_path / "generator.safetensors", G, tiny, nimg=1234)
    return tmp_path / "generator.safetensors"


def test_a_generator_comes_back_bit_for_bit_with_its_config(path, G, tiny):
    loaded, config, nimg = load_generator(path)
    assert (config, nimg) == (tiny, 1234)
    assert loaded.state_dict().keys() == G.state_dict().keys()
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in G.state_dict().items())
    z = torch.randn(3, tiny.model.latent_dim)
    torch.testing.assert_close(loaded(z), G(z), rtol=0, atol=1e-6)


def test_a_loaded_generator_is_for_looking_only(path):
    loaded, _, _ = load_generator(path)
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_saving_replaces_the_file_and_leaves_no_other(path, G, tiny):
    G.project.weight.data.zero_()
    save_generator(path, G, tiny, nimg=1235)
    loaded, _, nimg = load_generator(path)
    assert nimg == 1235
    assert not loaded.project.weight.any()
    assert list(path.parent.iterdir()) == [path]


def test_equal_networks_are_equal_files(path, G, tiny):
    first = path.read_bytes()
    for _ in range(8):
        save_generator(path, G, tiny, nimg=1234)
        assert path.read_bytes() == first
    assert load_file(path).keys() == G.state_dict().keys()


def test_a_copy_has_the_same_weights_in_the_same_precision_and_another_config(path, G, tiny, tmp_path):
    for half in (False, True):
        save_generator(path, G, tiny, nimg=1234, half=half)
        copy_network(path, tmp_path / "copy.safetensors", lambda config: config.with_options(data="pets"))
        weights, copied = load_file(path), load_file(tmp_path / "copy.safetensors")
        assert all(torch.equal(weights[name], copied[name]) for name in weights)
        assert all(weights[name].dtype == copied[name].dtype for name in weights)
    assert load_generator(tmp_path / "copy.safetensors")[1].train.data == "pets"
    assert read_nimg(tmp_path / "copy.safetensors") == 1234


@pytest.mark.parametrize(("norm", "loss"), [("auto", "bce"), ("spectral", "bce"), ("auto", "relativistic")])
def test_a_discriminator_comes_back_bit_for_bit_with_the_norm_it_was_trained_with(tmp_path, tiny, norm, loss):
    config = tiny.with_options(d_norm=norm, loss=loss)
    D = build_discriminator(config.model, config.d_norm)
    images = torch.randn(8, 3, 32, 32)
    D(images)
    save_discriminator(tmp_path / "d.safetensors", D, config, nimg=1234)
    loaded, found, nimg = load_discriminator(tmp_path / "d.safetensors")
    assert (found, nimg, loaded.training) == (config, 1234, False)
    assert loaded.state_dict().keys() == D.state_dict().keys()
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in D.state_dict().items())
    torch.testing.assert_close(loaded(images), D.eval()(images), rtol=0, atol=1e-5)


def test_a_generator_is_no_discriminator(path):
    with pytest.raises(ValueError, match="do not fit"):
        load_discriminator(path)


def test_weights_in_half_precision_take_half_the_room_and_come_back_as_float32(path, G, tiny):
    whole = path.stat().st_size
    save_generator(path, G, tiny, nimg=1234, half=True)
    assert path.stat().st_size < 0.7 * whole
    loaded, _, _ = load_generator(path)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    z = torch.randn(3, tiny.model.latent_dim)
    torch.testing.assert_close(loaded(z), G(z), rtol=0, atol=2e-3)


def missing(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("no weights here, only words")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def header_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def without_metadata(path: Path) -> None:
    save_file(load_file(path), path)


def of_a_future_format(path: Path) -> None:
    save_file(load_file(path), path, {"config": '{"format_version": 99}'})


def config_no_json(path: Path) -> None:
    save_file(load_file(path), path, {"config": "{"})


def config_no_settings(path: Path) -> None:
    save_file(load_file(path), path, {"config": "[]"})


def weights_of_another_shape(path: Path) -> None:
    weights = load_file(path)
    weights["to_image.bias"] = torch.zeros(1)
    save_file(weights, path, {"config": '{"format_version": 1, "model": {"image_size": 32}}'})


def a_pickle(path: Path) -> None:
    torch.save({"a": torch.zeros(3)}, path)


@pytest.mark.parametrize(
    "spoil",
    [
        missing, empty, text, folder, truncated, header_truncated, without_metadata, of_a_future_format,
        config_no_json, config_no_settings, weights_of_another_shape, a_pickle,
    ],
)  # fmt: skip
def test_a_file_that_is_no_generator_is_refused_with_a_sentence(path, spoil):
    spoil(path)
    with pytest.raises(ValueError, match=" "):
        load_generator(path)


def test_a_state_comes_back_bit_for_bit(tmp_path):
    state = {"nimg": 3, "rng": torch.Generator().get_state(), "G": {"weight": torch.randn(3)}, "opt": [1, (0.5, None)]}
    save_state(tmp_path / "8.pt", state)
    torch.testing.assert_close(load_state(tmp_path / "8.pt"), state, rtol=0, atol=0)
    assert list(tmp_path.iterdir()) == [tmp_path / "8.pt"]


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def as_torch_file(payload: Payload, path: Path) -> None:
    torch.save({"nimg": 1, "G": payload}, path)


def as_old_torch_file(payload: Payload, path: Path) -> None:
    torch.save({"nimg": 1, "G": payload}, path, _use_new_zipfile_serialization=False)


def as_pickle(payload: Payload, path: Path) -> None:
    path.write_bytes(pickle.dumps(payload, protocol=2))


@pytest.mark.parametrize("write", [as_torch_file, as_old_torch_file, as_pickle])
def test_a_state_never_executes_anything(tmp_path, write):
    path, proof = tmp_path / "8.pt", tmp_path / "executed"
    write(Payload(proof), path)
    with pytest.raises(ValueError, match="8.pt is damaged"):
        load_state(path)
    assert not proof.exists()
    if write is as_pickle:
        pickle.loads(path.read_bytes())
        assert proof.exists(), "the payload would have worked"


def test_whatever_is_left_of_a_state_is_a_sentence(tmp_path, recwarn):
    path, rng = tmp_path / "8.pt", random.Random(0)
    save_state(path, {"G": {"weight": torch.zeros(10)}, "nimg": 3})
    whole = path.read_bytes()
    remains = [whole[:size] for size in range(0, len(whole), 97)]
    noise = [rng.randbytes(rng.randrange(1, 200)) for _ in range(300)]
    for content in [*remains, *noise, b"hello world", b"\x00" * 64]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="8.pt is damaged"):
            load_state(path)


def test_a_bit_that_flipped_on_disk_is_noticed(tmp_path):
    path = tmp_path / "8.pt"
    save_state(path, {"G": {"weight": torch.zeros(1000)}, "nimg": 3})
    content = bytearray(path.read_bytes())
    content[content.index(bytes(1000)) + 500] = 1
    path.write_bytes(content)
    assert torch.load(path, weights_only=True)["nimg"] == 3, "PyTorch does not look"
    with pytest.raises(ValueError, match="8.pt is damaged"):
        load_state(path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(tmp_path, bad):
    state = {"nimg": 3, "G": {"weight": torch.tensor([1.0, bad]), "count": torch.tensor(5), "none": torch.zeros(0)}}
    with pytest.raises(FloatingPointError, match="finite"):
        save_state(tmp_path / "8.pt", state)
    assert list(tmp_path.iterdir()) == []
    torch.save(state, tmp_path / "8.pt")
    with pytest.raises(ValueError, match="finite"):
        load_state(tmp_path / "8.pt")


def test_a_state_of_a_newer_format_says_so(tmp_path):
    save_state(tmp_path / "8.pt", {"format_version": 99})
    with pytest.raises(NewerFormat, match="newer version of this program, in format 99"):
        load_state(tmp_path / "8.pt")


def test_a_missing_state_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="8.pt is damaged"):
        load_state(tmp_path / "8.pt")
