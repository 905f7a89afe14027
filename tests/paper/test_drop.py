import numpy as np
import pytest
import torch
from torch import nn

from gan_core.config import Config, ModelConfig
from gan_core.latent import Point
from gan_core.models import Generator
from gan_core.paper import finish
from gan_core.paper.drop import Box, chosen, collected, drop, rendered


class Planted(Generator):
    """A toy: map 5 draws a white square in the upper left quarter, the other maps draw noise everywhere."""

    MAPS, SQUARE = 8, 5

    def __init__(self):
        super().__init__(ModelConfig("dcgan", 16, 1, latent_dim=8))
        self.blocks = nn.ModuleList([nn.Identity(), nn.Identity()])

    def forward(self, z):
        noise = torch.stack([torch.roll(z, i, 1).repeat(1, 32).view(-1, 16, 16) for i in range(self.MAPS)], 1).abs()
        noise[:, self.SQUARE] = 0
        noise[:, self.SQUARE, :8, :8] = 9 + z[:, :1, None]
        maps = self.blocks[0](noise)
        square, rest = maps[:, self.SQUARE], maps[:, [i for i in range(self.MAPS) if i != self.SQUARE]].mean(1)
        return (square / 5 + 0.3 * rest - 1).clamp(-1, 1)[:, None]


class Toy:
    """What `drop` needs of a subject."""

    config = Config(model=ModelConfig("dcgan", 16, 1, latent_dim=8))

    def __init__(self):
        self.explorer = self

    def generator(self):
        return Planted()

    def points(self, num_points, first_seed=0):
        return [Point(seed) for seed in range(first_seed, first_seed + num_points)]

    def z(self, points):
        return np.stack([np.random.default_rng(each.seed).standard_normal(8).astype(np.float32) for each in points])


def test_the_map_that_draws_the_object_is_found_and_dropping_it_removes_the_object():
    toy, G = Toy(), Planted()
    boxes = [(point, Box(0, 0, 0.5, 0.5)) for point in toy.points(30)]
    weights, found = chosen(*collected(G, toy, boxes))
    assert weights.argmax() == Planted.SQUARE and weights[Planted.SQUARE] > 0
    assert found["right_about_unseen_places"] > 0.95
    z = torch.from_numpy(toy.z(toy.points(4, 500)))
    before, after = rendered(G, z), rendered(G, z, weights > 0)
    assert before[:, :8, :8].min() > 150 and after[:, :8, :8].max() < 100


def test_the_figure_tells_what_changed_inside_the_boxes_and_outside():
    toy = Toy()
    finding = finish(drop(toy, [(point, Box(0, 0, 0.5, 0.5)) for point in toy.points(12)]))
    effect = finding.numbers["effect"]
    assert effect["inside"] > 10 * effect["outside"]
    assert finding.numbers["boxes"] == 12 and finding.numbers["maps"] == Planted.MAPS
    assert "Nobody drew boxes" not in " ".join(finding.seen)


@pytest.mark.parametrize("edges", [(0.5, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0.9, 1, 0.2), (0, 0, 1, float("nan"))])
def test_a_box_must_be_one(edges):
    with pytest.raises(ValueError, match="box"):
        Box(*edges)


def test_a_small_box_has_a_cell_nevertheless():
    assert Box(0.5, 0.5, 0.51, 0.51).cells(4, 4).sum() == 1
    assert Box(0, 0, 1, 1).cells(4, 4).all()


def test_boxes_over_everything_leave_nothing_to_compare_with():
    toy = Toy()
    with pytest.raises(ValueError, match="leave something outside"):
        finish(drop(toy, [(point, Box(0, 0, 1, 1)) for point in toy.points(3)]))
