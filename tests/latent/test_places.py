import numpy as np
import pytest

from gan_core.config import Config
from gan_core.home import REPOSITORY
from gan_core.latent import Explorer, Point
from gan_core.latent.places import average, between, nearby
from gan_core.models import build_generator
from gan_core.runs.library import SHIPPED

MOVED = Point(3, {"pca-1": 1.5})


@pytest.fixture(scope="module")
def with_classes() -> Explorer:
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, classes=("cat", "dog", "owl"))
    return Explorer(build_generator(config.model), config, 0)


@pytest.mark.parametrize("t", [0, 0.3, 1])
def test_a_point_between_two_shows_what_the_morph_shows(explorer, t):
    a, b = MOVED, Point(5)
    morphed = explorer.render_z(explorer.timeline([a, b], closed=False).at(t)[None])
    assert (explorer.render([between(explorer, a, b, t)]) == morphed).all()


def test_between_two_classes_lies_their_blend_and_a_shared_class_stays(with_classes):
    blend = between(with_classes, Point(1, label=0), Point(2, label=2), 0.25)
    assert blend.label is None and with_classes.z(blend)[8:] == pytest.approx([0.75, 0, 0.25])
    assert between(with_classes, Point(1, label=2), Point(2, label=2), 0.5).label == 2


def test_nearby_pictures_keep_the_moves_the_length_and_the_class(explorer, with_classes):
    around = nearby(explorer, MOVED)
    assert len(around) == 8 and all(each.moves == MOVED.moves for each in around)
    here = explorer.z(MOVED)
    for z in explorer.keys(around):
        assert np.linalg.norm(z) == pytest.approx(np.linalg.norm(here), rel=1e-4)
        assert 0.7 < here @ z / (np.linalg.norm(here) * np.linalg.norm(z)) < 1
    for point in (Point(4), Point(4, label=2), between(with_classes, Point(0), Point(1), 0.5)):
        weights = with_classes.keys(nearby(with_classes, point))[:, 8:]
        assert np.allclose(weights, with_classes.z(point)[8:])


def test_the_same_place_always_has_the_same_neighbours(explorer):
    assert nearby(explorer, MOVED) == nearby(explorer, MOVED)
    assert nearby(explorer, MOVED) != nearby(explorer, Point(3))


def test_the_average_picture_is_none_where_it_is_all_one_grey(with_classes):
    assert average(with_classes) is None
    shipped = Explorer.load(REPOSITORY / "checkpoints" / SHIPPED / "generator.safetensors")
    image = average(shipped, 32)
    pictures = shipped.render([Point(seed) for seed in range(32)])
    assert image.dtype == np.uint8 and np.abs(image - pictures.mean(0)).max() <= 1
