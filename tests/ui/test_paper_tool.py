import base64
import io

import pytest
import torch
from long_work import result_of
from PIL import Image

from gan_core.models import build_discriminator
from gan_core.paper import FIGURES
from gan_core.paper import filters as first
from gan_core.runs.checkpoint import save_discriminator
from ui import guard
from ui.explore import opened, paper, work


@pytest.fixture(autouse=True)
def nothing_is_open(monkeypatch):
    opened._open.clear()
    monkeypatch.setattr(first, "SAMPLES", 64)


@pytest.fixture
def key(run, config) -> str:
    """A model with a discriminator."""
    torch.manual_seed(0)
    save_discriminator(run.discriminator, build_discriminator(config.model, config.d_norm), config, 1000)
    return opened.open_model({"model": run.name})["key"]


def pictures_in(section: str) -> list[Image.Image]:
    parts = section.split("data:image/png;base64,")[1:]
    return [Image.open(io.BytesIO(base64.b64decode(part.partition('"')[0]))) for part in parts]


def test_a_figure_comes_as_a_section_of_the_report_with_points_for_the_stage(key):
    result = result_of(paper.paper_figure({"key": key, "name": "walk"}))
    assert "A walk in latent space" in result["section"] and len(pictures_in(result["section"])) == 1
    assert 0 < len(result["points"]) <= paper.MOST_POINTS
    explorer = opened.explorer_of(key)
    assert len(explorer.render(paper.points(result["points"], explorer, 99))) == len(result["points"])


def test_the_report_is_the_page_around_the_sections(key):
    answer = paper.paper_report({"key": key})
    assert answer["page"].count("<!-- sections -->") == 1 and answer["name"] == "tiny-paper.html"


def test_exemplars_boxes_and_groups_of_a_visitor_are_used(key):
    seeds = [{"seed": seed} for seed in range(9)]
    turned = result_of(paper.paper_figure({"key": key, "name": "turn", "left": seeds[:2], "right": seeds[2:4]}))
    assert "With 2 exemplars a side" in turned["section"] and "Nobody chose" not in turned["section"]
    box = {"left": 0.2, "top": 0.2, "right": 0.6, "bottom": 0.6}
    dropped = result_of(paper.paper_figure({"key": key, "name": "drop", "boxes": [{"at": at, **box} for at in seeds]}))
    assert "From 9 boxes" in dropped["section"] and "Nobody drew" not in dropped["section"]
    groups = [seeds[:3], seeds[3:6], seeds[6:]]
    summed = result_of(paper.paper_figure({"key": key, "name": "arithmetic", "groups": groups}))
    assert "Nobody chose" not in summed["section"]


@pytest.mark.parametrize(
    "wish, wrong",
    [
        ({"name": "figure 9"}, "choose a figure: walk"),
        ({"name": None}, "choose a figure"),
        ({"name": "turn", "left": [{"seed": 1}]}, "look right"),
        ({"name": "drop", "boxes": [{"at": {"seed": 1}, "left": 0.5, "right": 0.5}]}, "a box must"),
        ({"name": "drop", "boxes": [7]}, "a box must"),
        ({"name": "classify"}, "Name labelled pictures"),
        ({"name": "classify", "data": "own"}, "are not here"),
        ({"name": "classify", "data": "/nowhere"}, "There is no /nowhere"),
    ],
)
def test_wrong_wishes_are_one_sentence(key, wish, wrong):
    answer = result_of(paper.paper_figure({"key": key} | wish))
    assert wrong in answer["error"]


def test_without_a_discriminator_it_is_said_before_and_after(key, run):
    assert paper.paper_about({"key": key})["hasD"]
    run.discriminator.unlink()
    assert not paper.paper_about({"key": key})["hasD"]
    assert "train it a little longer" in result_of(paper.paper_figure({"key": key, "name": "features"}))["error"]


def test_every_filter_has_its_picture_and_its_samples(key, config):
    result = result_of(paper.paper_filters({"key": key}))
    assert len(result["filters"]) == len(result["points"]) == config.model.ndf
    assert all(len(points) == first.BEST for points in result["points"])


def test_a_visitor_of_a_hosted_page_has_no_paths_and_downloads_nothing(key, monkeypatch):
    monkeypatch.setattr(guard, "is_owner", lambda: False)
    monkeypatch.setattr(paper, "is_owner", lambda: False)
    about = paper.paper_about({"key": key})
    assert about["sets"] == [] and not about["paths"]
    for data in ("mnist", "/etc"):
        assert guard.OWNER_ONLY in paper.paper_figure({"key": key, "name": "classify", "data": data})["error"]


def test_labelled_pictures_of_a_path_are_learned_from(key, tmp_path):
    for name, colour in {"red": (200, 30, 30), "green": (30, 200, 30)}.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(60):
            Image.new("RGB", (40, 40), tuple(each + i % 20 for each in colour)).save(tmp_path / f"data/{name}/{i}.png")
    result = result_of(paper.paper_figure({"key": key, "name": "classify", "data": str(tmp_path / "data")}))
    assert "100 labels of data" in result["section"]


def test_a_cancelled_figure_ends(key):
    begun = paper.paper_figure({"key": key, "name": "turn"})
    work.cancel(begun)
    assert result_of(begun) == {"error": "Cancelled."}


def test_every_figure_has_a_card():
    from gan_core.web import page as web

    script = web.text("paper.js")
    assert all(f'["{name}", "' in script for name in FIGURES)
