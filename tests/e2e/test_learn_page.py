"""Directions are learned from labelled pictures that the app knows, and move the picture on the stage."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from explorer_page import SECONDS, choose_model, open_tool, opened, slider
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gan_core.config import Config
from gan_core.latent import Explorer, Point, catalogue
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir

MODEL = "lights"


@pytest.fixture(scope="module")
def run(app, tmp_path_factory) -> RunDir:
    """A model of darker and brighter pictures, which it was "trained" on."""
    pets = tmp_path_factory.mktemp("data") / "pets"
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, data=str(pets))
    torch.manual_seed(0)
    G = build_generator(config.model)
    for module in G.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.fill_(0.001)
    G.to_image.weight.data.abs_().mul_(4)
    save_labelled(Explorer(G.eval(), config, 0).render([Point(seed) for seed in range(200)]), pets)
    run = RunDir.create(app.home / "checkpoints" / MODEL, config)
    save_generator(run.generator, G, config, 1000)
    return run


def save_labelled(images: np.ndarray, folder: Path) -> None:
    """As files with a labels.csv that knows the brighter half."""
    brightness = images.mean((1, 2, 3))
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    rows = [(f"{i}.png", "yes" if each > np.median(brightness) else "no") for i, each in enumerate(brightness)]
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "light"), *rows])


@pytest.fixture
def page(app, browser: Browser, run) -> Page:
    page = opened(app.url, browser, viewport={"width": 1280, "height": 900})
    yield page
    page.context.close()


def sources(page: Page):
    return page.get_by_role("group", name="Whose labels")


def test_a_model_without_labels_offers_the_pictures_that_are_known_and_a_path_at_last(page):
    open_tool(page, "Learn directions")
    expect(sources(page).get_by_role("button")).to_have_text(["pets", "drawn faces", "a folder or zip…"])
    path = page.get_by_label("Folder or zip of labelled pictures")
    expect(path).to_be_hidden()
    sources(page).get_by_role("button", name="pets").click()
    expect(page.get_by_text("200 pictures of pets.")).to_be_visible()
    sources(page).get_by_role("button", name="a folder or zip").click()
    expect(page.get_by_role("button", name="Learn and measure")).to_be_disabled()
    path.fill("/gone/away")
    path.press("Enter")
    expect(page.locator(".explorer .note")).to_contain_text("/gone/away")


def test_a_direction_is_learned_and_moves_the_stage(page, run):
    choose_model(page, MODEL)
    open_tool(page, "Learn directions")
    expect(sources(page).get_by_role("button", name="the model's own pictures")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name="Learn and measure").click()
    found = page.get_by_role("table").get_by_role("button", name="Light")
    expect(found).to_be_visible(timeout=150 * SECONDS)
    expect(page.get_by_role("columnheader", name="recognised")).to_be_visible()
    found.click()
    page.wait_for_function("amount('label-light') === 2")
    kept = catalogue.read(run.path / catalogue.FILE, 8)
    assert "label-light" in {each.id for each in kept}
    open_tool(page, "Play")
    page.get_by_role("button", name=re.compile("From labels")).click()
    expect(slider(page, "Light")).to_have_value("2")
