import numpy as np
import pytest
import torch

from gan_core import pixels
from gan_core.config import ModelConfig
from gan_core.latent import Point
from gan_core.latent.ranking import ORDERS, Looks, farthest_first, judge_of, look, order, projected, real
from gan_core.models import build_discriminator
from gan_core.runs.checkpoint import save_discriminator

POINTS = [Point(seed) for seed in range(40)]
NO_CLASSES = np.zeros((5, 0), np.float32)


@pytest.fixture
def D(config):
    torch.manual_seed(1)
    return build_discriminator(config.model, "none").eval().requires_grad_(False)


def looks(values, classes=NO_CLASSES, scores=None) -> Looks:
    return Looks(np.array(values, np.float32).reshape(len(values), -1), np.array(classes, np.float32), scores)


def test_scores_are_the_discriminators_own(explorer, D):
    found = look(explorer, POINTS, D)
    with torch.inference_mode():
        expected = D(pixels.to_float(torch.from_numpy(explorer.render(POINTS)))).numpy()
    assert found.scores == pytest.approx(expected, abs=0.05) and found.scores.std() > 0
    assert order("real", found)[0] == found.scores.argmax() and order("real", found)[-1] == found.scores.argmin()


def test_progress_is_told_and_can_end_the_work(explorer):
    told = []
    look(explorer, POINTS, on_progress=told.append)
    assert told == [0.8, 1.0]

    def cancel(_share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(explorer, POINTS, on_progress=cancel)


@pytest.mark.parametrize("name", ORDERS)
def test_every_order_has_each_picture_once_and_is_the_same_again(explorer, D, name):
    first, second = (order(name, look(explorer, POINTS, D)) for _ in range(2))
    assert sorted(first) == list(range(40)) and first.tolist() == second.tolist()


def test_without_a_discriminator_only_it_can_say_what_looks_real(explorer):
    found = look(explorer, POINTS)
    assert found.scores is None and sorted(order("typical", found)) == list(range(40))
    with pytest.raises(ValueError, match="no discriminator"):
        order("real", found)


def test_a_picture_with_few_like_it_comes_last_and_one_among_many_first():
    values = [0.0, 0.1, 0.2, 9.0, 0.3]
    assert order("typical", looks(values)).tolist()[-1] == 3


def test_classes_are_judged_by_their_own():
    two = np.eye(2)[[0, 1, 0, 1, 0, 1]]
    found = looks(np.zeros(6), two, np.array([1, 101, 2, 102, 3, 103]))
    assert real(found).tolist() == pytest.approx(real(found)[[1, 0, 3, 2, 5, 4]].tolist())
    wide = looks([0, 100, 0.1, 110, 0.9, 190], two)
    assert set(order("typical", wide)[-2:]) == {4, 5}, "the stranger of each class, whichever class is wider"


def test_the_first_of_the_different_ones_differ_most():
    assert list(farthest_first(np.array([[4.0], [5], [0], [10], [4.5]])))[:3] == [4, 3, 2]
    spread = order("different", looks([0, 0.1, 1, 1.1, 50], NO_CLASSES))
    assert spread[-1] == 4 and set(spread[:2].tolist()) != {0, 1}


def test_twins_are_each_listed_once():
    assert sorted(farthest_first(np.zeros((5, 3)))) == [0, 1, 2, 3, 4]


def test_one_picture_is_in_order_and_none_is_refused(explorer):
    assert order("different", look(explorer, POINTS[:1])).tolist() == [0]
    with pytest.raises(ValueError, match="at least one seed"):
        look(explorer, [])


def test_an_unknown_order_is_named(explorer):
    with pytest.raises(ValueError, match="not by 'beauty'"):
        order("beauty", looks([1, 2, 3, 4, 5]))


def test_projections_keep_distances():
    rows = torch.randn(20, 3000, generator=torch.Generator().manual_seed(3))
    assert projected(rows).shape == (20, 512)
    assert (torch.pdist(projected(rows)) / torch.pdist(rows)).sub(1).abs().max() < 0.2


def test_only_a_discriminator_of_such_pictures_judges_them(D, config, tmp_path):
    path = tmp_path / "discriminator.safetensors"
    assert judge_of(path, config.model) is None
    save_discriminator(path, D, config.with_options(d_norm="none"), 0)
    assert judge_of(path, config.model) is not None
    assert judge_of(path, ModelConfig(image_size=64)) is None
