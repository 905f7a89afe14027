"""A photo is put into latent space, moved by the sliders there, and mended: with the mouse and by keys alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from explorer_page import SECONDS, Held, open_tool, opened, shown
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.home import REPOSITORY
from gan_core.latent import Explorer, Point
from gan_core.runs.library import SHIPPED

SEED = 200
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """A picture that the shipped model can make."""
    path = tmp_path_factory.mktemp("photo") / "sample.png"
    image = Explorer.load(REPOSITORY / "checkpoints" / SHIPPED / "generator.safetensors").render([Point(SEED)])[0]
    Image.fromarray(image).save(path)
    return path


@pytest.fixture
def page(app, browser: Browser) -> Page:
    page = opened(app.url, browser, viewport={"width": 1280, "height": 900})
    open_tool(page, "From a photo")
    yield page
    page.context.close()


def tool(page: Page):
    return page.locator(".phototool")


def upload(page: Page, path: Path) -> None:
    tool(page).get_by_label("Choose a picture").set_input_files(path)
    expect(tool(page).get_by_role("group", name="What to do")).to_be_visible()


def press(button: Locator) -> None:
    """By the keyboard, once there is something to press: a key on a button that is off is lost."""
    expect(button).to_be_enabled()
    button.press("Enter")


def job(page: Page, name: str):
    return tool(page).get_by_role("group", name="What to do").get_by_role("button", name=name)


def verdict(page: Page):
    return tool(page).get_by_text("random pictures")


def test_a_photo_is_found_and_moved_by_the_sliders(page, photo):
    upload(page, photo)
    expect(tool(page).get_by_text("the average of the model's pictures")).to_be_visible()
    tool(page).locator("[data-do=search]").click()
    expect(tool(page).get_by_text("so far")).to_be_visible()
    expect(verdict(page)).to_be_visible(timeout=240 * SECONDS)
    assert float(re.search(r"by ([\d.]+) %", verdict(page).inner_text())[1]) < 3
    page.wait_for_function("point().z")
    tool(page).get_by_role("button", name="Move its sliders").click()
    slider = page.locator(".dir .knob").first
    slider.focus()
    page.keyboard.press("PageUp")
    page.wait_for_function("Object.keys(point().moves).length")
    assert shown(page)["at"]["z"]


def test_a_search_can_be_cancelled_and_the_stage_comes_back(page, photo):
    before = shown(page)
    upload(page, photo)
    tool(page).locator("[data-do=search]").click()
    expect(tool(page).get_by_text("so far")).to_be_visible()
    tool(page).get_by_role("button", name="Cancel").click()
    expect(tool(page).locator("[data-do=search]")).to_be_enabled()
    page.wait_for_function("point().moves")
    assert shown(page) == before
    expect(tool(page).get_by_role("button", name="Save result")).to_be_disabled()


def test_a_search_for_something_else_ends_and_leaves_nothing(page, photo):
    keep = page.locator('.stage [data-do="keep"]')
    upload(page, photo)
    tool(page).locator("[data-do=search]").click()
    expect(tool(page).get_by_text("so far")).to_be_visible()
    page.wait_for_function("document.querySelector('.explorer').dataset.shown === '{}'")
    progress = Held(page, "progress")
    progress.wait()
    expect(keep).to_be_disabled()
    expect(keep).to_have_attribute("title", re.compile("shows the search"))
    job(page, "Remove noise").click()
    expect(tool(page).locator("[data-do=search]")).to_be_enabled()
    page.wait_for_function("point().moves")
    expect(keep).to_be_enabled()
    progress.answer()
    expect(tool(page).get_by_role("button", name="Cancel")).to_be_hidden()
    tool(page).locator("[data-do=search]").click()
    expect(verdict(page)).to_contain_text("With its noise", timeout=240 * SECONDS)
    job(page, "Find it").click()
    expect(verdict(page)).to_be_hidden()


def test_a_hole_is_filled_by_keys_alone_and_saved(page, photo, tmp_path):
    upload(page, photo)
    press(job(page, "Fill a hole"))
    press(tool(page).locator("[data-do=search]"))
    expect(page.get_by_text("Paint over a part of your picture first")).to_be_visible()
    press(tool(page).get_by_role("button", name="Middle"))
    press(tool(page).locator("[data-do=search]"))
    expect(verdict(page)).to_be_visible(timeout=240 * SECONDS)
    expect(tool(page).get_by_text("the result takes from it only what fills the hole")).to_be_visible()
    with page.expect_download() as download:
        press(tool(page).get_by_role("button", name="Save result"))
    download.value.save_as(tmp_path / "filled.png")
    assert Image.open(tmp_path / "filled.png").size == (64, 64)


def test_what_is_no_picture_is_refused_in_a_sentence(page, photo, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    tool(page).get_by_label("Choose a picture").set_input_files(tmp_path / "notes.png")
    expect(page.get_by_text("this picture cannot be used: not an image")).to_be_visible()


def test_a_small_picture_is_offered_to_be_enlarged(page, photo, tmp_path):
    Image.open(photo).resize((21, 20)).save(tmp_path / "small.png")
    upload(page, tmp_path / "small.png")
    expect(job(page, "Enlarge")).to_have_attribute("aria-pressed", "true")
    expect(tool(page).get_by_role("button", name="20 × 20 px")).to_have_attribute("aria-pressed", "true")
