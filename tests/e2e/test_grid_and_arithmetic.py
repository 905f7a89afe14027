"""Hundreds of seeds, some of them chosen, and what they add up to: with the mouse and with the keyboard alone."""

from __future__ import annotations

import json
import re
import shutil
import zipfile

import pytest
from explorer_page import choose_model, open_tool, opened, shown
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gan_core.home import REPOSITORY
from gan_core.latent import catalogue
from gan_core.runs.library import SHIPPED
from gan_core.runs.run_dir import RunDir

MODEL = "mine"
SIZE = {"width": 1280, "height": 900}
PLACES = "(tiles => [...tiles].map((tile) => Number(tile.dataset.place)))"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run(app) -> RunDir:
    """A copy of the shipped model, to which directions can be added."""
    return RunDir(shutil.copytree(REPOSITORY / "checkpoints" / SHIPPED, app.home / "checkpoints" / MODEL))


@pytest.fixture
def page(app, browser: Browser, run) -> Page:
    page = opened(app.url, browser, viewport=SIZE)
    choose_model(page, MODEL)
    yield page
    page.context.close()


def open_grid(page: Page, count: int = 64) -> None:
    open_tool(page, "Grid")
    page.get_by_role("group", name="How many pictures").get_by_role("button", name=str(count), exact=True).click()
    expect(page.get_by_text(f"{count} pictures", exact=True)).to_be_visible()


def places(page: Page) -> list[int]:
    return page.eval_on_selector_all(".gridtool .cell", PLACES)


def wait_for_seed(page: Page, seed: int) -> None:
    page.wait_for_function("seed => point().seed === seed", arg=seed)


def download(page: Page, name: str | re.Pattern, path) -> None:
    with page.expect_download() as waited:
        page.get_by_role("button", name=name).click()
    waited.value.save_as(path)


def test_a_grid_is_ordered_and_leads_to_its_pictures(page):
    open_grid(page)
    assert page.locator(".gridtool .cell").count() == 64 and page.locator(".gridtool img").count() == 0
    page.get_by_role("option", name="Seed 7", exact=True).click()
    wait_for_seed(page, 7)
    for order in ("most typical first", "most different first", "most real first"):
        before = places(page)
        page.get_by_role("button", name=order).click()
        page.wait_for_function(
            f"before => String({PLACES}(document.querySelectorAll('.gridtool .cell'))) !== String(before)",
            arg=before,
        )
        assert sorted(places(page)) == list(range(64))


def test_the_keyboard_alone_walks_selects_and_goes(page):
    open_grid(page)
    page.locator(".gridtool .cell").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Space", "Shift+ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    chosen = page.eval_on_selector_all(
        ".gridtool [aria-selected=true]", "tiles => tiles.map((tile) => tile.dataset.place)"
    )
    assert chosen == ["2", "3"]
    focused = page.evaluate("Number(document.activeElement.dataset.place)")
    assert focused > 3
    wait_for_seed(page, focused)
    assert page.locator('.gridtool .cell[tabindex="0"]').count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".gridtool [aria-selected=true]").count() == 0


def test_selected_pictures_become_a_zip_and_favourites_and_exemplars(page, tmp_path):
    open_grid(page)
    for seed in (3, 9, 20):
        page.get_by_role("option", name=f"Seed {seed}", exact=True).click(modifiers=["Control"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    download(page, re.compile("Save a zip"), tmp_path / "some.zip")
    with zipfile.ZipFile(tmp_path / "some.zip") as file:
        assert len(file.namelist()) == 4
        assert [each["seed"] for each in json.loads(file.read("points.json"))] == [3, 9, 20]
    page.locator(".gridtool").get_by_role("button", name="Keep").click()
    kept = page.evaluate(
        "JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => key.includes('/kept/'))))"
    )
    assert sorted(point["seed"] for point in kept) == [3, 9, 20]
    page.get_by_role("button", name="To Arithmetic").click()
    expect(page.get_by_role("button", name=re.compile("Picture . to pick"))).to_have_count(3)
    for slot in (1, 2, 3):
        expect(page.get_by_role("button", name=f"Slot {slot} of A, filled")).to_be_visible()
    open_tool(page, "Grid")
    page.get_by_role("button", name="To Morph").click()
    keys = page.get_by_role("list", name="Pictures of the timeline").get_by_role("listitem")
    expect(keys).to_have_count(3)
    told = "JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => key.includes('/morph/'))))"
    assert [key["point"]["seed"] for key in page.evaluate(told)["keys"]] == [3, 9, 20]


def test_the_pad_shows_what_another_tool_put_on_the_stage(page):
    sheet = "document.querySelector('[data-is=sheet] img')?.src"
    page.wait_for_function(f"{sheet}")
    before = page.evaluate(sheet)
    open_grid(page)
    page.get_by_role("option", name="Seed 5", exact=True).click()
    page.wait_for_timeout(1500)
    open_tool(page, "Play")
    page.wait_for_function(f"before => {sheet} !== before", arg=before)


def test_pictures_are_added_and_the_result_is_on_the_stage(page, tmp_path):
    open_tool(page, "Arithmetic")
    candidates = page.get_by_role("button", name=re.compile(r"Picture \d+ to pick"))
    expect(candidates.first).to_be_visible()
    for i in range(7):
        candidates.nth(i).click()
    expect(page.get_by_role("button", name="Slot 1 of C, filled")).to_be_visible()
    expect(page.get_by_role("button", name="Slot 2 of C, empty")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="The sum")).to_have_class(re.compile(r"\bon\b"))
    page.wait_for_function("point().z")
    total = shown(page)["at"]["z"]
    page.get_by_role("button", name="Neighbour 1").click()
    page.wait_for_function("z => point().z !== z", arg=total)
    page.get_by_label("Name of A", exact=True).fill("smiling")
    download(page, "The paper's figure", tmp_path / "figure.png")
    assert Image.open(tmp_path / "figure.png").width > 700


def test_a_picture_can_be_dragged_into_a_slot_and_taken_away(page):
    open_tool(page, "Arithmetic")
    candidate = page.get_by_role("button", name="Picture 5 to pick")
    expect(candidate).to_be_visible()
    candidate.drag_to(page.get_by_role("button", name="Slot 2 of B, empty"))
    expect(page.get_by_role("button", name="Slot 2 of B, filled")).to_be_visible()
    page.get_by_role("button", name="Empty slot 2 of B").click()
    expect(page.get_by_role("button", name="Slot 2 of B, empty")).to_be_visible()


def test_an_example_is_made_of_the_directions_of_any_model(page):
    open_tool(page, "Arithmetic")
    name = page.get_by_label("Name of A", exact=True)
    names = []
    for _ in range(2):
        page.get_by_role("button", name="Example", exact=True).click()
        expect(page.get_by_text("the sum gives what A has more of to C")).to_be_visible()
        expect(name).not_to_have_value(names[-1] if names else "")
        names.append(name.input_value())
    assert all(each.endswith("+1.5") for each in names)
    for group in "ABC":
        expect(page.get_by_role("button", name=f"Slot 3 of {group}, filled")).to_be_visible()
    expect(page.get_by_role("button", name="The sum")).to_be_visible()


def test_the_buttons_below_the_grid_stay_in_sight(page):
    page.set_viewport_size({"width": 1280, "height": 640})
    open_grid(page, 256)
    page.get_by_role("button", name="most real first").click()
    expect(page.get_by_text("What the discriminator takes for real")).to_be_visible()
    expect(page.get_by_role("button", name="Save a zip")).to_be_in_viewport(ratio=1)


def test_the_difference_of_two_groups_becomes_a_direction(page, run):
    open_tool(page, "Arithmetic")
    page.get_by_role("button", name="Example", exact=True).click()
    keep = page.get_by_role("button", name="Keep A − B as a direction")
    expect(keep).to_be_enabled()
    page.get_by_label("Name of the new direction").fill("smile of mine")
    keep.click()
    expect(page.get_by_text("the direction is among the sliders")).to_be_visible()
    page.get_by_role("button", name="Slot 2 of A, filled").click()
    expect(page.get_by_text("the direction is among the sliders")).to_be_visible()
    saved = catalogue.read(run.path / catalogue.FILE, run.config().model.latent_dim)
    assert ("smile of mine", "mine") in [(each.name, each.kind) for each in saved]
