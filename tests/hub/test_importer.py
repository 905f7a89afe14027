"""Other people's DCGANs become ours, with the same pictures for the same z."""

import io
import zipfile
from pathlib import Path

import pytest
import torch
from foreign_nets import example_D, example_G, named
from safetensors.torch import save_file
from torch import nn

from gan_core.hub.importer import Imported, import_file
from gan_core.hub.tensors import MAX_BYTES
from gan_core.models.dcgan import widths


@pytest.fixture
def write(tmp_path):
    """write(value, name) saves with torch.save and returns the path."""

    def write(value, name="netG.pth", **options) -> Path:
        torch.save(value, tmp_path / name, **options)
        return tmp_path / name

    return write


def assert_same(imported: Imported, net: nn.Module) -> None:
    """The same pictures for the same z, to the rounding of floats."""
    z = torch.randn(5, imported.config.model.latent_dim, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(imported.G(z), net(z[:, :, None, None]), atol=2e-5, rtol=0)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
@pytest.mark.parametrize(("nz", "ngf", "nc"), [(100, 8, 3), (7, 5, 1)])
def test_the_example_of_any_size_opens_with_the_same_pictures(write, size, nz, ngf, nc):
    net = example_G(nz, ngf, nc, size)
    imported = import_file(write(named(net)))
    model = imported.config.model
    assert (model.image_size, model.latent_dim, model.ngf, model.channels, model.widest) == (size, nz, ngf, nc, 8)
    assert imported.D is None and not imported.note
    assert_same(imported, net)


@pytest.mark.parametrize(("size", "most"), [(128, 16), (256, 32), (64, 4), (64, 1)])
def test_other_widths_open_too(write, size, most):
    net = example_G(20, 4, 3, size, most=most)
    imported = import_file(write(named(net)))
    assert imported.config.model.widest == most
    assert_same(imported, net)


def test_biases_go_where_they_change_nothing(write):
    net = example_G(bias=True)
    assert_same(import_file(write(named(net))), net)


def test_without_batch_norm_the_biases_do_the_work(write):
    layers = [layer for layer in example_G(bias=True) if not isinstance(layer, nn.BatchNorm2d)]
    for layer in layers:
        if isinstance(layer, nn.ConvTranspose2d):
            layer.weight.data *= 0.5
    net = nn.Sequential(*layers)
    assert_same(import_file(write(named(net))), net)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda sd: {f"module.{name}": value for name, value in sd.items()},
        lambda sd: {f"_orig_mod.{name}": value for name, value in sd.items()},
        lambda sd: {"state_dict": {f"generator.{name}": value for name, value in sd.items()}, "epoch": 3},
        lambda sd: {"netG": sd, "optimizerG": {"state": {0: {"exp_avg": torch.zeros(100, 128, 4, 4)}}}, "loss": [1.0]},
        lambda sd: {"generator": sd},
        lambda sd: {"G": sd},
        lambda sd: {"model": {"G": {f"module.{name}": value for name, value in sd.items()}}},
        lambda sd: {name.removeprefix("main."): value for name, value in sd.items()},
        lambda sd: {name: value.half() for name, value in sd.items()},
    ],
)
def test_it_is_found_in_whatever_it_is_wrapped(write, wrap):
    net = example_G()
    for new in (True, False):
        path = write(wrap(named(net)), _use_new_zipfile_serialization=new)
        imported = import_file(path)
        if imported.G.project.weight.equal(imported.G.project.weight.half().float()):
            net = net.half().float()
        assert_same(imported, net)


def test_layers_of_other_names_are_told_by_their_order(write):
    net, kinds = example_G(), {nn.ConvTranspose2d: "conv", nn.BatchNorm2d: "norm"}
    layers = [(kinds[type(layer)], layer) for layer in net if type(layer) in kinds]
    numbered = {}
    for kind, layer in layers:
        number = sum(name.startswith(kind) for name in {key.split(".")[0] for key in numbered}) + 1
        numbered |= {f"{kind}{number}.{name}": value for name, value in layer.state_dict().items()}
    assert_same(import_file(write(numbered)), net)
    convolutions_first = dict(sorted(numbered.items(), key=lambda each: each[0].startswith("norm")))
    assert_same(import_file(write(convolutions_first)), net)
    nested = {f"layers.{i}.{j}.{name}": value
              for i in range(5) for j, layer in enumerate(net[3 * i : 3 * i + 3])
              for name, value in layer.state_dict().items()}  # fmt: skip
    assert_same(import_file(write(nested)), net)


def test_a_safetensors_file_opens_though_it_sorts_its_layers_by_text(tmp_path):
    net = example_G(size=128)
    save_file(named(net), tmp_path / "model.safetensors")
    assert_same(import_file(tmp_path / "model.safetensors"), net)


def test_of_two_generators_the_average_is_taken(write):
    net, average = example_G(), example_G(ngf=8)
    assert_same(import_file(write({"G": named(net), "G_ema": named(average)})), average)


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_its_discriminator_judges_as_it_did(write, size, bias, beside):
    G, net = example_G(size=size), example_D(ndf=12, size=size, bias=bias)
    if beside:
        imported = import_file(write(named(G)), write(named(net), "netD.pth"))
    else:
        imported = import_file(write({"netG": named(G), "netD": named(net, "module.main.")}))
    assert imported.config.model.ndf == 12 and imported.config.d_norm == "batch"
    images = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(imported.D(images).sigmoid(), net(images).flatten(), atol=1e-5, rtol=0)
    assert_same(imported, G)


def test_a_discriminator_that_does_not_fit_is_left_out_or_refused(write):
    container = {"netG": named(example_G()), "netD": named(example_D(size=32))}
    imported = import_file(write(container))
    assert imported.D is None and imported.note == (
        "its discriminator was left out: its pictures have another size than the generator's"
    )
    with pytest.raises(ValueError, match="netD.pth cannot be opened: its pictures have other channels"):
        import_file(write(named(example_G())), write(named(example_D(nc=1)), "netD.pth"))
    with pytest.raises(ValueError, match="netD.pth cannot be opened: its layers are not those of a discriminator"):
        import_file(write(named(example_G())), write(named(example_G()), "netD.pth"))


def without(net, kind):
    return nn.Sequential(*(layer for layer in net if not isinstance(layer, kind)))


def changed(net, layer, value):
    net[layer].weight.data = value
    return net


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (lambda: named(example_D()), "netG.pth cannot be opened: this is a discriminator: the generator is wanted"),
        (lambda: {"netD": named(example_D())}, "this is a discriminator"),
        (dict, "it holds no weights"),
        (lambda: {"epoch": 3}, "it holds no weights"),
        (lambda: named(changed(example_G(), 3, torch.zeros(128, 64, 5, 5))), "main.3 has a kernel of 5×5, and only"),
        (lambda: named(changed(example_G(), 3, torch.zeros(128, 70, 4, 4))), "do not follow each other"),
        (lambda: named(changed(example_G(), 3, torch.full((128, 64, 4, 4), torch.nan))), "not finite numbers"),
        (lambda: named(example_G(size=512)), "it makes pictures of 512 px, and 256 is the most"),
        (lambda: named(example_G(nc=4)), "its pictures have 4 channels"),
        (lambda: named(example_G(nz=1001)), "latent_dim must lie between 1 and 1000, not 1001"),
        (lambda: named(without(example_G(), nn.BatchNorm2d)), "may be a norm that has left no trace"),
        (lambda: {k: v for k, v in named(example_G()).items() if "running" not in k}, "norms keep no averages"),
        (lambda: {"fc.weight": torch.zeros(64, 10)} | named(example_G()), "its layer fc is fully connected"),
        (lambda: {"g": named(example_G()) | {"g.fc.weight": torch.zeros(64, 10)}}, "its layer g.fc is fully connected"),
        (lambda: {"main.0.weight_orig": torch.zeros(4, 4, 4, 4)}, "its layer main.0 has a 'weight_orig'"),
        (lambda: {"g_ema": {"conv1.conv.modulation.weight": torch.zeros(9, 9)}, "d": {}}, "it is a StyleGAN"),
        (lambda: named(nn.Sequential(nn.Conv3d(2, 3, 4))), "neither a convolution of pictures nor a batch norm"),
        (lambda: named(nn.Sequential(nn.ConvTranspose2d(9, 3, 4))), "too few convolutions for a DCGAN"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_why(write, value, reason):
    with pytest.raises(ValueError, match=reason):
        import_file(write(value()))


def test_channels_that_follow_no_rule_are_refused(write):
    net = nn.Sequential(
        *(
            layer
            for a, b in ((10, 24), (24, 20), (20, 4))
            for layer in (nn.ConvTranspose2d(a, b, 4), nn.BatchNorm2d(b))
        ),
        nn.ConvTranspose2d(4, 3, 4),
    )
    with pytest.raises(ValueError, match="its layers have 24, 20, 4 channels, and only those that halve, or stay"):
        import_file(write(named(net)))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "network.pkl",
            b"\x80\x04N.",
            "network.pkl cannot be opened: it is a pickle, and loading that could execute anything",
        ),
        ("model.h5", b"\x89HDF\r\n", "is a Keras file"),
        ("weights.pth", b"\x89HDF\r\n", "is a Keras file"),
        ("saved_model.pb", b"..", "is a TensorFlow file"),
        ("netG.onnx", b"\x08\x07", "is an ONNX file"),
        ("netG.pth", b"version https://git-lfs.github.com/spec/v1\n", "only Git LFS's note"),
        ("netG.pth", b"<!DOCTYPE html>", "a web page: download the file itself"),
        ("netG.pth", b"", "netG.pth cannot be opened: it is empty"),
        ("netG.pth", b"PK\x03\x04 and then nothing", "netG.pth cannot be opened: it is damaged, or no file of weights"),
        ("netG.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "is damaged, or no file of weights"),
        ("netG.safetensors", b"\x10\0\0\0\0\0\0\0{", "is damaged, or no file of weights"),
        ("photo.jpg", b"\xff\xd8\xff\xe0", "is damaged, or no file of weights"),
    ],
)
def test_other_files_are_refused_by_what_they_are(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        import_file(tmp_path / name)


def test_a_whole_module_and_a_program_are_refused_without_being_loaded(write, tmp_path):
    with pytest.raises(ValueError, match=r"a pickled torch.nn.modules.container.Sequential, .*netG.state_dict\(\)"):
        import_file(write(example_G()))
    torch.jit.script(nn.Sequential(nn.Conv2d(1, 1, 4))).save(tmp_path / "program.pt")
    with pytest.raises(ValueError, match="program.pt cannot be opened: it is a TorchScript program"):
        import_file(tmp_path / "program.pt")


def test_what_would_grow_without_end_is_refused(write, tmp_path):
    stored = io.BytesIO()
    torch.save(named(example_G()), stored)
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
    with pytest.raises(ValueError, match="it is packed as PyTorch packs no file"):
        import_file(tmp_path / "bomb.pth")
    with pytest.raises(ValueError, match="holds too many numbers"):
        import_file(write({"main.0.weight": torch.zeros(1).expand(10**9)}))
    inner = {"a": torch.zeros(1)}
    for _ in range(200):
        inner = {"a": inner, "b": inner}
    with pytest.raises(ValueError, match="netG.pth"):
        import_file(write(inner))
    inner = {"a": torch.zeros(1)}
    for _ in range(4):
        inner = {str(key): inner for key in range(30)}
    with pytest.raises(ValueError, match="over 20,000 entries"):
        import_file(write(inner))
    with (tmp_path / "huge.pth").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ValueError, match="it is too large: 2.0 GB, and 2.0 GB is the most"):
        import_file(tmp_path / "huge.pth")


def test_the_rule_of_widths():
    assert widths(4, 128, 16) == [4, 8, 16, 32, 64] and widths(4, 128) == [4, 8, 16, 32, 32]
