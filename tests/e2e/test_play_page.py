"""An afternoon with sliders: the pad, names, mixes, and the page by keys alone and by touch."""

from __future__ import annotations

import json
import re

import pytest
from explorer_page import PATTERNS, PHONE, choose_model, open_tool, opened, reload, set_to, slider, untrained
from playwright.sync_api import Page, Route, expect

from gan_core.latent.catalogue import FILE

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STOP_THE_CLOCK = "() => { const now = performance.now(); performance.now = () => now; }"


def more(page: Page, name: str, choice: str) -> None:
    page.get_by_label(f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=choice).click()


def rename(page: Page, name: str, new: str) -> None:
    more(page, name, "Rename")
    page.get_by_label("Name", exact=True).fill(new)
    page.keyboard.press("Enter")
    expect(slider(page, new)).to_be_visible()


def test_the_pad_moves_along_two_directions_by_hand_and_by_keys(page):
    pad = page.get_by_role("slider", name="Pad")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4, steps=8)
    page.wait_for_function("Math.abs(amount('pca-1') - 1) < 0.05 && Math.abs(amount('pca-2') - 0.5) < 0.05")
    page.mouse.move(box["x"] + box["width"] * 3, box["y"], steps=3)
    page.wait_for_function("amount('pca-1') === 2.5")
    page.mouse.up()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("Math.abs(amount('pca-1') - 2.4) < 0.001")
    expect(pad).to_have_attribute("aria-valuetext", re.compile(r"Direction 1 \+2\.40, Direction 2 \+2\.50"))
    expect(slider(page, "Direction 1")).to_have_value("2.4")
    pad.dblclick()
    page.wait_for_function("amount('pca-1') === 0 && amount('pca-2') === 0")


def test_an_answer_that_was_overtaken_is_not_drawn(page):
    held, asked = [], '"pca-1":0.5'

    def answer_or_hold_back(route: Route) -> None:
        held.append(route) if asked in (route.request.post_data or "") else route.continue_()

    page.route("**/component_server/", answer_or_hold_back)
    # Only after quick answers more than one is asked for at once, and nothing is as quick as a clock that stands.
    page.evaluate(STOP_THE_CLOCK)
    set_to(page, "Direction 1", 2)
    page.wait_for_function("amount('pca-1') === 2")
    set_to(page, "Direction 1", 0.5)
    set_to(page, "Direction 1", 1.5)
    page.wait_for_function("amount('pca-1') === 1.5")
    newest = page.evaluate("pixels()")
    with page.expect_response(lambda answer: asked in (answer.request.post_data or "")):
        held[0].continue_()
    page.wait_for_timeout(200)
    assert page.evaluate("pixels()") == newest and page.evaluate("amount('pca-1')") == 1.5


def test_the_pads_directions_are_chosen_and_remembered(page):
    more(page, "Direction 4", "Pad: left and right")
    page.locator(".explorer canvas.hero").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("Math.abs(amount('pca-4') - 0.1) < 0.001")
    page.get_by_label("Up the pad").select_option("pca-4")
    expect(page.get_by_label("Across the pad")).to_have_value("pca-2")


def test_names_and_hidden_ones_stay_with_the_browser_then_with_the_model(app, browser):
    run = untrained(app, "named")
    page = opened(app.url, browser)
    choose_model(page, "named")
    rename(page, "Direction 1", "Sky <b>blue</b>")
    more(page, "Direction 2", "Hide")
    expect(slider(page, "Direction 2")).to_have_count(0)
    reload(page, "named")
    expect(slider(page, "Sky <b>blue</b>")).to_be_visible()
    expect(slider(page, "Direction 2")).to_have_count(0)
    other = opened(app.url, browser)
    choose_model(other, "named")
    expect(slider(other, "Sky <b>blue</b>")).to_have_count(0)
    page.get_by_role("button", name="Save with the model").click()
    expect(page.get_by_role("button", name="Save with the model")).to_be_hidden()
    assert {each["id"] for each in json.loads((run.path / FILE).read_text())} == {"pca-1", "pca-2"}
    reload(other, "named")
    expect(slider(other, "Sky <b>blue</b>")).to_be_visible()
    other.get_by_role("button", name="Hidden 1").click()
    more(other, "Direction 2", "Show again")
    other.get_by_role("button", name="Strongest").click()
    expect(slider(other, "Direction 2")).to_be_visible()
    for each in (page, other):
        each.context.close()


def test_a_mix_becomes_a_direction_of_ones_own_and_goes_again(app, browser):
    untrained(app, "mixed")
    page = opened(app.url, browser)
    choose_model(page, "mixed")
    set_to(page, "Direction 5", 1)
    set_to(page, "Direction 6", -1)
    page.get_by_role("button", name="Keep this mix").click()
    page.get_by_label("Name of the direction").fill("Mixture")
    page.keyboard.press("Enter")
    expect(slider(page, "Mixture")).to_be_visible()
    set_to(page, "Mixture", 2)
    page.wait_for_function("Object.keys(point().moves).length === 3")
    more(page, "Mixture", "Delete")
    page.wait_for_function("Object.keys(point().moves).length === 2")
    expect(slider(page, "Mixture")).to_have_count(0)
    page.context.close()


def test_the_wheel_turns_a_slider_in_one_step_of_undo(page):
    box = slider(page, "Direction 3").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # A pause would begin another step, and nothing is as quick as a clock that stands.
    page.evaluate(STOP_THE_CLOCK)
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.wait_for_function("Math.abs(amount('pca-3') - 0.3) < 0.001")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("amount('pca-3') === 0")


def test_the_keyboard_alone_is_enough(page):
    page.get_by_role("button", name="Surprise me").focus()
    on = "document.activeElement.getAttribute('aria-label')"
    tab_to(page, "Direction 1")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("amount('pca-1') > 0")
    page.keyboard.press("Tab")
    assert page.evaluate(on) == "More for Direction 1"
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Hide")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    assert page.evaluate(on) == "More for Direction 1"
    page.keyboard.press("Control+z")
    page.wait_for_function("amount('pca-1') === 0")
    page.locator(".explorer canvas.hero").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("amount('pca-2') > 0")


def tab_to(page: Page, label: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.labels?.[0]?.textContent") == label:
            return
    raise AssertionError(f"Tab does not lead to {label}")


def test_a_phone_shows_all_of_it_without_sideways_scrolling(app, browser, patterns):
    page = opened(app.url, browser, viewport=PHONE, has_touch=True)
    choose_model(page, PATTERNS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    slider(page, "Direction 12").scroll_into_view_if_needed()
    hero = page.locator(".explorer canvas.hero").bounding_box()
    assert hero["y"] >= 0 and hero["height"] < 0.45 * PHONE["height"], "the picture stays in sight of the sliders"
    page.get_by_role("slider", name="Pad").scroll_into_view_if_needed()
    page.get_by_role("slider", name="Pad").tap(position={"x": 20, "y": 20})
    page.wait_for_function("amount('pca-1') < 0 && amount('pca-2') > 0")
    page.context.close()


def test_a_finger_that_scrolls_over_a_slider_leaves_it_as_it_was(app, browser, patterns):
    page = opened(app.url, browser, viewport=PHONE, has_touch=True)
    choose_model(page, PATTERNS)
    slider = page.locator(".dir .knob").nth(2)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2
    page.evaluate("window.heard = 0; document.addEventListener('input', () => { heard += 1; })")
    before = scrolled(page)
    swipe(page, (x, y), (x, y - 150))
    page.wait_for_function("before => window.scrolled() !== before", arg=before)
    assert page.evaluate("heard") == 0 and slider.input_value() == "0"
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, middle)
    page.wait_for_function("amount(document.querySelectorAll('.dir')[2].dataset.id) > 0")
    swipe(page, (box["x"] + box["width"] * 0.8, middle), (box["x"] + box["width"] * 0.2, middle))
    page.wait_for_function("amount(document.querySelectorAll('.dir')[2].dataset.id) < 0")
    assert not page.errors
    page.context.close()


def test_a_note_is_in_sight_wherever_one_acts(app, browser, patterns):
    page = opened(app.url, browser, viewport={"width": 1280, "height": 360})
    choose_model(page, PATTERNS)
    open_tool(page, "Morph")
    note, button = page.locator(".explorer .note"), page.get_by_role("button", name="Kept pictures")
    expect(button).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_function("document.querySelector('canvas.hero').getBoundingClientRect().top < -50")
    button.evaluate("button => button.click()")
    expect(note).to_contain_text("Keep a picture first")
    expect(note).to_be_in_viewport(ratio=1)
    assert not page.errors
    page.context.close()


def scrolled(page: Page) -> float:
    """How far the page, and whatever within it scrolls, has gone."""
    return page.evaluate(
        "window.scrolled = () => scrollY + [...document.querySelectorAll('.rows, .gradio-container, main')]"
        ".reduce((sum, each) => sum + each.scrollTop, 0); window.scrolled()"
    )


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float], steps: int = 12) -> None:
    """A finger that comes down at `start` and is lifted at `end`, through the browser's own touch handling."""
    devtools = page.context.new_cdp_session(page)
    places = [[a + (b - a) * i / steps for a, b in zip(start, end, strict=True)] for i in range(steps + 1)]
    for i, (x, y) in enumerate(places):
        kind = "touchMove" if i else "touchStart"
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(20)
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
