"""The paper's figures in a real browser: one made, enlarged, walked into and taken home; boxes by keyboard alone."""

from __future__ import annotations

import pytest
from explorer_page import DESK, PHONE, open_tool, opened
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(request, app, browser: Browser) -> Page:
    page = opened(app.url, browser, viewport=request.param)
    open_tool(page, "The paper")
    page.wait_for_selector(".papertool .boxed img")
    yield page
    assert not page.errors
    page.context.close()


def test_a_figure_is_made_enlarged_walked_into_and_taken_home(page, tmp_path):
    card = page.locator("[data-figure=walk]")
    card.get_by_role("button", name="Make it").click()
    expect(card.locator(".enlarge img")).to_be_visible()
    expect(card).to_contain_text("steps")
    tile = card.locator(".tiles .tile").nth(5)
    tile.click()
    page.wait_for_function("point().z")
    card.get_by_role("button", name="Enlarge").click()
    expect(page.get_by_role("dialog", name="The figure, enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "A walk in latent space" in text and "data:image/png" in text and "sections -->" not in text


def test_boxes_are_drawn_by_keyboard_and_by_pointer(page):
    boxes = page.locator("[data-figure=drop] .boxed")
    boxes.first.focus()
    page.keyboard.press("Enter")
    before = boxes.first.locator("i").bounding_box()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    after = boxes.first.locator("i").bounding_box()
    assert after["x"] < before["x"] and after["height"] > before["height"]
    page.keyboard.press("Delete")
    expect(boxes.first.locator("i")).to_have_count(0)
    second = boxes.nth(1).bounding_box()
    page.mouse.move(second["x"] + 8, second["y"] + 8)
    page.mouse.down()
    page.mouse.move(second["x"] + 40, second["y"] + 30)
    page.mouse.up()
    assert boxes.nth(1).locator("i").bounding_box()["width"] == pytest.approx(34, abs=4)


def test_nothing_is_wider_than_the_page(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
