"""Pictures of a chosen class, and ways between classes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.latent.directions import principal_directions
from gan_core.latent.explorer import Explorer, Point
from gan_core.latent.z import z_from_seeds
from gan_core.models import Generator, build_generator
from gan_core.runs.checkpoint import save_generator

CLASSES = ("cat", "dog", "owl")


def conditional(config: Config, architecture: str = "dcgan") -> tuple[Generator, Config]:
    config = replace(config, model=replace(config.model, architecture=architecture, classes=CLASSES))
    torch.manual_seed(0)
    G = build_generator(config.model)
    G.to_image.weight.data.mul_(20)
    for _ in range(20):
        # Measures batch norm's statistics.
        G(torch.cat([torch.randn(24, 16), torch.eye(3).repeat(8, 1)], 1))
    return G.eval().requires_grad_(False), config


@pytest.fixture
def explorer(config, tmp_path) -> Explorer:
    G, config = conditional(config)
    save_generator(tmp_path / "generator.safetensors", G, config, 4096)
    return Explorer.load(tmp_path / "generator.safetensors")


def grey_levels(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_a_point_is_its_seeds_z_and_its_class(explorer):
    z = z_from_seeds([7], 16)[0]
    for label in range(3):
        np.testing.assert_array_equal(explorer.z(Point(7, label=label)), [*z, *np.eye(3)[label]])
    assert explorer.z(Point(7, label=1)).dtype == np.float32


def test_without_a_class_the_seed_chooses_one_and_all_get_their_turn(explorer):
    chosen = [int(explorer.z(Point(seed))[16:].argmax()) for seed in range(6)]
    assert sorted(chosen) == [0, 0, 1, 1, 2, 2]
    assert grey_levels(explorer.render([Point(5)]), explorer.render([Point(5, label=chosen[5])])) <= 1


def test_the_same_seed_makes_another_picture_of_every_class(explorer):
    images = explorer.render([Point(3, label=label) for label in range(3)])
    assert all(grey_levels(images[i], images[j]) > 5 for i, j in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize("label", [-1, 3, 100])
def test_an_unknown_class_is_refused_with_how_many_there_are(explorer, label):
    with pytest.raises(ValueError, match=f"knows 3 classes, and {label} is none of them"):
        explorer.render([Point(0, label=label)])


def test_a_model_without_classes_makes_none(G, config):
    explorer = Explorer(G, config, 0)
    assert explorer.z(Point(3)).shape == (16,)
    with pytest.raises(ValueError, match="knows no classes"):
        explorer.z(Point(3, label=0))


def test_amounts_move_z_and_leave_the_class(explorer):
    still, moved = explorer.z(Point(3, label=2)), explorer.z(Point(3, {"pca-1": 2.0}, label=2))
    assert moved[16:].tolist() == [0, 0, 1] and not np.allclose(still[:16], moved[:16])
    assert np.linalg.norm(moved[:16]) == pytest.approx(np.linalg.norm(still[:16]), rel=1e-5)


def test_a_morph_between_classes_starts_and_ends_on_them_and_blends_their_weights(explorer):
    a, b = Point(3, label=0), Point(3, label=2)
    path = explorer.timeline([a, b], closed=False).path(5)
    np.testing.assert_allclose(path[1, 16:], [0.75, 0, 0.25])
    np.testing.assert_allclose(path[1, :16], z_from_seeds([3], 16)[0], rtol=1e-5)
    images, ends = explorer.render_z(path), explorer.render([a, b])
    assert grey_levels(images[0], ends[0]) <= 1 and grey_levels(images[4], ends[1]) <= 1
    assert grey_levels(images[1], ends[0]) > 2


def test_a_film_through_classes_shows_each_of_its_points(explorer):
    points = [Point(1, label=0), Point(2, label=1), Point(3, label=2)]
    frames = list(explorer.frames(explorer.timeline(points), 12))
    for frame, image in zip(frames[::4], explorer.render(points), strict=True):
        assert grey_levels(frame, image) <= 1


@pytest.mark.parametrize("architecture", ["dcgan", "mlp", "residual"])
def test_directions_ignore_what_separates_the_classes(config, architecture):
    # So loud that nothing but the classes would be left of the features, were they not taken out.
    G, _ = conditional(config, architecture)
    plain = principal_directions(G, 4)
    assert len(plain) == 4 and 0 < sum(each.explained for each in plain) <= 1
    offsets, features = 100 * torch.randn(3, *G.features(torch.zeros(1, 19), 1).shape[1:]), G.features

    def with_offsets(inputs, depth):
        return features(inputs, depth) + offsets[inputs[:, 16:].argmax(1)]

    G.features = with_offsets
    loud = principal_directions(G, 4)
    for ours, theirs in zip(loud, plain, strict=True):
        np.testing.assert_allclose(ours.vector, theirs.vector, atol=0.02)
        assert ours.explained == pytest.approx(theirs.explained, abs=1e-3)
