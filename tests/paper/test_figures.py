"""Every figure, with every architecture."""

import numpy as np
import pytest
from paper_models import ARCHITECTURES, model_in

from gan_core.latent import Point
from gan_core.paper import FIGURES, Subject, begin, finish
from gan_core.paper import arithmetic as sums
from gan_core.paper import features as deep
from gan_core.paper import filters as first
from gan_core.paper import turn as turning
from gan_core.paper.board import likeness, signed
from gan_core.paper.features import responses
from gan_core.paper.filters import as_images, exciting
from gan_core.paper.layers import first_filters
from gan_core.paper.turn import lopsidedness, turn
from gan_core.paper.walk import measured, walk

SAMPLES = FIGURES[:-1]


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(turning, "SAMPLES", 128)
    monkeypatch.setattr(turning, "TRIED", 16)
    monkeypatch.setattr(deep, "SAMPLES", 64)
    monkeypatch.setattr(first, "SAMPLES", 64)
    monkeypatch.setattr(sums, "SAMPLES", 64)


@pytest.mark.parametrize("architecture, size, channels", ARCHITECTURES)
def test_every_figure_of_every_architecture(tmp_path, architecture, size, channels):
    subject = Subject.load(model_in(tmp_path, architecture, size, channels))
    for name in SAMPLES:
        shares = []
        if name == "drop" and architecture in ("mlp", "dense"):
            with pytest.raises(ValueError, match="no feature maps"):
                finish(begin(name, subject))
            continue
        finding = finish(begin(name, subject), shares.append)
        assert finding.name == name and finding.seen and finding.paper and finding.numbers
        assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1.001
        assert min(finding.picture.size) > 60
        if finding.points:
            assert subject.explorer.render(finding.points[:2]).shape[1:] == (size, size, channels)


def test_a_model_of_classes_has_them_all(tmp_path):
    subject = Subject.load(model_in(tmp_path, "dcgan-28", 28, 1, classes=("cat", "dog")))
    for name in SAMPLES:
        assert finish(begin(name, subject)).seen


@pytest.mark.parametrize("name", ["filters", "features"])
def test_without_a_discriminator_one_sentence_says_what_to_do(model, name):
    (model.parent / "discriminator.safetensors").unlink()
    with pytest.raises(ValueError, match="train it a little longer"):
        finish(begin(name, Subject.load(model)))


def test_an_unknown_figure_and_one_without_its_pictures(subject):
    with pytest.raises(ValueError, match="there is no figure 'fig-9'; there are walk"):
        begin("fig-9", subject)
    with pytest.raises(ValueError, match="labelled pictures"):
        begin("classify", subject)


def test_the_same_model_gives_the_same_numbers(model):
    for name in ("walk", "filters", "features", "drop"):
        first, second = (finish(begin(name, Subject.load(model))).numbers for _ in range(2))
        assert first == second, name


def test_a_jump_on_the_way_is_told_from_a_smooth_walk():
    ramp = np.linspace(0, 90, 10)[None, :, None, None, None] * np.ones((1, 10, 8, 8, 1))
    jump = np.where(ramp < 45, 0, 90)
    strangers = np.concatenate([np.zeros((1, 8, 8, 1)), np.full((1, 8, 8, 1), 90)])
    assert measured(ramp, strangers)["largest_step"] == pytest.approx(1 / 9)
    assert measured(jump, strangers)["largest_step"] == pytest.approx(1)


def test_a_walk_goes_through_the_points_that_somebody_chose(subject):
    finding = finish(walk(subject, [Point(3), Point(4)]))
    assert finding.numbers["steps"] == 2 * 8
    np.testing.assert_allclose(finding.points[0].z, subject.explorer.z(Point(3)), atol=1e-5)


def test_a_symmetric_picture_is_not_lopsided_and_its_mirror_image_is_so_the_other_way():
    images = np.random.default_rng(0).integers(0, 255, (3, 16, 16, 3)).astype(np.uint8)
    both = np.maximum(images, images[:, :, ::-1])
    assert np.abs(lopsidedness(both)).max() == 0
    np.testing.assert_allclose(lopsidedness(images), -lopsidedness(np.ascontiguousarray(images[:, :, ::-1])), atol=1e-3)


def test_exemplars_of_both_sides_are_needed(subject):
    with pytest.raises(ValueError, match="look left and"):
        finish(turn(subject, left=[Point(1)]))
    with pytest.raises(ValueError, match="are the same"):
        finish(turn(subject, [Point(1)], [Point(1)]))
    assert "with_2" in finish(turn(subject, [Point(1), Point(2)], [Point(3), Point(4)])).numbers


def test_filters_are_kernels_or_whole_pictures(tmp_path, subject):
    model = subject.config.model
    weights = first_filters(subject.D, model)
    assert weights.shape == (8, 4, 4, 3) and len(as_images(subject.D, subject)) == 8
    kernel = subject.D.from_image[0].weight[2].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(weights[2], kernel)
    (tmp_path / "flat").mkdir()
    flat = Subject.load(model_in(tmp_path / "flat", "mlp", 28, 1))
    assert first_filters(flat.D, flat.config.model).shape == (32, 28, 28, 1)


def test_each_filter_has_the_samples_that_excite_it_most(subject):
    best = finish(exciting(subject))
    assert len(best) == 8 and all(len(points) == 8 for points in best)
    answers = responses(subject.D, subject.explorer.render_many(best[3] + subject.points(64)), 0)[:, 3]
    assert answers[0] >= answers.max() - 1e-5


def test_neighbours_are_alike_in_edges_and_not_in_noise():
    rng = np.random.default_rng(0)
    edges = np.where(np.arange(12) < 6, -1.0, 1.0)[None, None, :, None] * np.ones((4, 12, 12, 1))
    assert likeness(edges) > 0.8 and abs(likeness(rng.normal(size=(200, 8, 8, 3)))) < 0.2


def test_no_weight_is_grey_and_the_largest_has_full_contrast():
    image = signed(np.array([[[0.0], [-2.0]], [[1.0], [2.0]]]), side=4)
    assert image.shape == (4, 4, 1) and image[0, 0, 0] == 128 and image[0, 2, 0] == 1 and image[3, 3, 0] == 255
