import base64
import io

import numpy as np
import pytest
from PIL import Image

from gan_core.latent import Point
from ui.explore import arithmetic as tool
from ui.explore import opened, wishes

GROUPS = [[{"seed": 1}, {"seed": 2}], [{"seed": 3}], [{"seed": 4, "moves": {"pca-1": 1.0}}]]


@pytest.fixture(autouse=True)
def nothing_is_open():
    opened._open.clear()


@pytest.fixture
def key(clothes) -> str:
    return opened.open_model({"model": clothes.name})["key"]


def picture(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_there_are_means_and_a_result_amid_its_neighbours(key):
    answer = tool.arithmetic({"key": key, "groups": GROUPS})
    assert len(answer["means"]) == 3 and len(answer["images"]) == len(answer["points"]) == 9
    assert all(picture(uri).size == (32, 32) for uri in [*answer["means"], *answer["images"]])


def test_a_point_of_the_answer_is_the_picture_beside_it(key):
    explorer = opened.explorer_of(key)
    answer = tool.arithmetic({"key": key, "groups": GROUPS, "noise": 1.0})
    for uri, value in zip(answer["images"], answer["points"], strict=True):
        image = explorer.render([wishes.point(value, explorer)])[0]
        assert np.abs(np.asarray(picture(uri), int) - image).mean() < 12


def test_the_middle_is_the_sum(key):
    explorer = opened.explorer_of(key)
    answer = tool.arithmetic({"key": key, "groups": GROUPS, "shell": False})
    keys = [explorer.keys([Point(1), Point(2)]).mean(0), explorer.z(Point(3)), explorer.z(Point(4, {"pca-1": 1.0}))]
    found = explorer.z(wishes.point(answer["points"][4], explorer))
    assert np.allclose(found[:16], (keys[0] - keys[1] + keys[2])[:16], atol=1e-5)
    assert found[16:].sum() == pytest.approx(1) and found[16:].min() >= 0


def test_an_empty_group_has_no_mean_and_nothing_to_add_no_result(key):
    assert tool.arithmetic({"key": key, "groups": [[], GROUPS[1], []]})["images"] == []
    answer = tool.arithmetic({"key": key, "groups": [GROUPS[0], [], []]})
    assert answer["means"][1:] == [None, None] and len(answer["images"]) == 9
    assert tool.arithmetic({"key": key, "groups": "nonsense", "noise": "much"})["means"] == [None] * 3


def test_no_more_than_three_exemplars_count(key):
    three, many = (tool.arithmetic({"key": key, "groups": [[{"seed": s} for s in range(n)]]}) for n in (3, 9))
    assert three["points"] == many["points"]


def test_the_figure_is_a_picture_to_download(key):
    answer = tool.arithmetic_figure({"key": key, "groups": GROUPS, "names": ["coats", 7]})
    assert answer["name"] == "arithmetic.png" and picture(answer["file"]).width > 500
    assert "at least one picture" in tool.arithmetic_figure({"key": key, "groups": [[], GROUPS[1], []]})["error"]
