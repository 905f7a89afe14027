"""An afternoon with sliders: the pad, names, walks, the ways back, links, and the keyboard alone."""

from __future__ import annotations

import json
import re

import pytest
import torch
from playwright.sync_api import Browser, Page, Request, Route, expect

from gan_core.config import Config
from gan_core.latent.catalogue import FILE
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir, Status

SIZE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
MODEL = "patterns"
SECONDS = 1000
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run(app) -> RunDir:
    return make_run(app, MODEL)


def make_run(app, name: str) -> RunDir:
    """A small model whose pictures differ, though it never saw any."""
    config = Config().with_options(image_size=32, ngf=8, ndf=8, latent_dim=16)
    run = RunDir.create(app.home / "checkpoints" / name, config)
    run.write_status(Status("done", nimg=1000))
    torch.manual_seed(0)
    G = build_generator(config.model)
    for module in G.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.01, 0.1)
    G.to_image.weight.data.normal_(0, 0.2)
    save_generator(run.generator, G, config, 1000)
    return run


@pytest.fixture
def page(app, browser: Browser, run) -> Page:
    page = opened(app.url, browser)
    choose_model(page)
    yield page
    page.context.close()


def opened(url: str, browser: Browser, **options) -> Page:
    page = browser.new_context(**{"viewport": SIZE} | options).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector(".explorer[data-ready]", timeout=60 * SECONDS)
    page.evaluate(
        "window.point = () => JSON.parse(document.querySelector('.explorer').dataset.shown || '{}').at || {};"
        "window.amount = (id) => point().moves?.[id] ?? 0;"
        "window.pixels = () => document.querySelector('.explorer canvas.hero').toDataURL()"
    )
    return page


def choose_model(page: Page, name: str = MODEL, first: str = "Direction 1") -> None:
    page.get_by_label("Model", exact=True).select_option(name)
    page.wait_for_function(
        "run => document.querySelector('.explorer').dataset.ready?.startsWith(run)", arg=name, timeout=30 * SECONDS
    )
    expect(slider(page, first)).to_be_visible(timeout=20 * SECONDS)


def slider(page: Page, name: str):
    return page.get_by_role("slider", name=name, exact=True)


def more(page: Page, name: str, choice: str) -> None:
    page.get_by_label(f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=choice).click()


def rename(page: Page, name: str, new: str) -> None:
    more(page, name, "Rename")
    page.get_by_label("Name", exact=True).fill(new)
    page.keyboard.press("Enter")
    expect(slider(page, new)).to_be_visible()


def set_to(page: Page, name: str, amount: float) -> None:
    slider(page, name).fill(str(amount))


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
    held, asked, image = [], '"pca-1":0.5', {"image": page.evaluate("pixels()")}

    def answer_or_hold_back(route: Route) -> None:
        request = route.request.post_data or ""
        if asked in request:
            held.append(route)
        elif '"pca-1":2' in request:
            route.fulfill(json=image)
        else:
            route.continue_()

    page.route("**/component_server/", answer_or_hold_back)
    # Only after quick answers more than one is asked for at once.
    for amount in (2, 2.1, 2.2, 2.3):
        set_to(page, "Direction 1", amount)
        page.wait_for_function(f"amount('pca-1') === {amount}")
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
    run = make_run(app, "named")
    page = opened(app.url, browser)
    choose_model(page, "named")
    rename(page, "Direction 1", "Sky <b>blue</b>")
    more(page, "Direction 2", "Hide")
    expect(slider(page, "Direction 2")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".explorer[data-ready]", timeout=60 * SECONDS)
    choose_model(page, "named", "Sky <b>blue</b>")
    expect(slider(page, "Direction 2")).to_have_count(0)
    other = opened(app.url, browser)
    choose_model(other, "named")
    expect(slider(other, "Sky <b>blue</b>")).to_have_count(0)
    page.get_by_role("button", name="Save with the model").click()
    expect(page.get_by_role("button", name="Save with the model")).to_be_hidden()
    assert {each["id"] for each in json.loads((run.path / FILE).read_text())} == {"pca-1", "pca-2"}
    other.reload()
    other.wait_for_selector(".explorer[data-ready]", timeout=60 * SECONDS)
    choose_model(other, "named", "Sky <b>blue</b>")
    other.get_by_role("button", name="Hidden 1").click()
    more(other, "Direction 2", "Show again")
    other.get_by_role("button", name="Strongest").click()
    expect(slider(other, "Direction 2")).to_be_visible()
    for each in (page, other):
        each.context.close()


def test_a_mix_becomes_a_direction_of_ones_own_and_goes_again(app, browser):
    make_run(app, "mixed")
    page = opened(app.url, browser)
    choose_model(page, "mixed")
    set_to(page, "Direction 5", 1)
    set_to(page, "Direction 6", -1)
    page.get_by_role("button", name="Keep this mix").click()
    page.get_by_label("Name of the direction").fill("Mixture")
    page.keyboard.press("Enter")
    expect(slider(page, "Mixture")).to_be_visible(timeout=10 * SECONDS)
    set_to(page, "Mixture", 2)
    page.wait_for_function("Object.keys(point().moves).length === 3")
    more(page, "Mixture", "Delete")
    page.wait_for_function("Object.keys(point().moves).length === 2")
    expect(slider(page, "Mixture")).to_have_count(0)
    page.context.close()


def test_the_wheel_turns_a_slider_in_one_step_of_undo(page):
    box = slider(page, "Direction 3").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.wait_for_function("Math.abs(amount('pca-3') - 0.3) < 0.001")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("amount('pca-3') === 0")


def test_a_walk_moves_keeps_the_moves_and_stops_at_a_real_place(page):
    set_to(page, "Direction 1", 1.5)
    page.wait_for_function("amount('pca-1') === 1.5")
    before = page.evaluate("pixels()")
    page.get_by_role("button", name="Walk").click()
    page.wait_for_function("point().z && Number(document.querySelector('.explorer').dataset.frames) > 20")
    page.locator(".explorer canvas.hero").click()
    expect(page.get_by_role("button", name="Walk")).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(300)
    stopped = page.evaluate("[pixels(), JSON.stringify(point())]")
    page.wait_for_timeout(500)
    assert page.evaluate("[pixels(), JSON.stringify(point())]") == stopped and stopped[0] != before
    assert page.evaluate("amount('pca-1')") == 1.5
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_function("was => JSON.stringify(point()) !== was", arg=stopped[1])
    page.keyboard.press("Space")
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    page.wait_for_function("before => pixels() === before", arg=before)


def test_a_slow_walk_for_who_wants_no_motion(app, browser, run):
    page = opened(app.url, browser, reduced_motion="reduce")
    choose_model(page)
    frames = "Number(document.querySelector('.explorer').dataset.frames)"
    page.get_by_role("button", name="Walk").click()
    page.wait_for_function("point().z")
    before = page.evaluate(frames)
    page.wait_for_timeout(2000)
    assert 1 <= page.evaluate(frames) - before <= 3
    page.context.close()


def test_undo_redo_and_the_history_lead_back(page):
    page.get_by_label("Picture of seed 111", exact=True).click()
    page.wait_for_function("point().seed === 111")
    first = page.evaluate("pixels()")
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_function("point().seed !== 111")
    second = page.evaluate("pixels()")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("first => pixels() === first", arg=first)
    page.get_by_role("button", name="Redo").click()
    page.wait_for_function("second => pixels() === second", arg=second)
    page.get_by_role("button", name="History").click()
    page.get_by_label("Picture of before 1", exact=True).click()
    page.wait_for_function("first => pixels() === first", arg=first)


def test_pictures_nearby_in_the_model_before_do_not_come_later(page):
    held = []

    def nearby(request: Request, model: str) -> bool:
        return all(each in (request.post_data or "") for each in ("nearby", model))

    def hold_back(route: Route) -> None:
        held.append(route) if nearby(route.request, "avatars-64") else route.continue_()

    page.route("**/component_server/", hold_back)
    expect(page.get_by_label("Picture nearby 3", exact=True)).to_be_visible(timeout=20 * SECONDS)
    with page.expect_request(lambda request: nearby(request, "avatars-64")):
        page.get_by_label("Model", exact=True).select_option("avatars-64")
    with page.expect_response(lambda answer: nearby(answer.request, MODEL)):
        choose_model(page)
    with page.expect_response(lambda answer: nearby(answer.request, "avatars-64")):
        held[0].continue_()
    page.wait_for_timeout(200)
    page.get_by_label("Picture nearby 3", exact=True).click()
    page.wait_for_function("point().z")


def test_a_picture_nearby_is_somewhere_else_and_near(page):
    here = page.evaluate("pixels()")
    page.get_by_label("Picture nearby 3", exact=True).click()
    page.wait_for_function("point().z")
    assert page.evaluate("pixels()") != here
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("here => pixels() === here", arg=here)


def test_kept_pictures_survive_a_reload_and_can_be_removed(page):
    page.get_by_label("Picture of seed 110", exact=True).click()
    page.wait_for_function("point().seed === 110")
    page.get_by_role("button", name="Keep", exact=False).first.click()
    page.reload()
    page.wait_for_selector(".explorer[data-ready]", timeout=60 * SECONDS)
    choose_model(page)
    page.get_by_role("button", name="Kept 1").click()
    page.get_by_label("Kept picture 1", exact=True).click()
    expect(page.get_by_label("seed", exact=True)).to_have_value("110")
    page.get_by_label("Remove kept picture 1").click()
    expect(page.get_by_label("Kept picture 1", exact=True)).to_have_count(0)


def test_a_link_opens_the_same_picture_in_another_browser(page, app, browser):
    page.get_by_label("Picture nearby 2", exact=True).click()
    page.wait_for_function("point().z")
    set_to(page, "Direction 2", -1.25)
    page.wait_for_function("amount('pca-2') === -1.25")
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_text("link")).not_to_have_count(0)
    other = opened(page.url, browser)
    other.wait_for_function("amount('pca-2') === -1.25")
    assert other.evaluate("[pixels(), JSON.stringify(point())]") == page.evaluate("[pixels(), JSON.stringify(point())]")
    expect(slider(other, "Direction 2")).to_have_value("-1.25")
    other.context.close()


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("no base64 at all!", "The link is damaged"),
        ({"at": {"seed": 1}}, "The link is damaged"),
        ({"model": "lost", "at": {"seed": 1}}, "“lost”, is not here"),
        ({"model": MODEL, "at": {"seed": 1, "moves": {"smile": 1}}}, "no direction 'smile'"),
        ({"model": MODEL, "at": {"seed": 1, "z": "AAAA"}}, "cannot be opened"),
    ],
)
def test_a_link_that_cannot_be_followed_says_why_and_opens_something(app, browser, run, page, wish, sentence):
    words = wish if isinstance(wish, str) else page.evaluate("wish => btoa(JSON.stringify(wish))", wish)
    other = opened(f"{app.url}/#picture={words}", browser)
    expect(other.locator(".explorer .note")).to_contain_text(sentence)
    assert int(other.locator(".explorer").get_attribute("data-frames")) > 0 and not other.errors
    other.get_by_role("button", name="Surprise me").click()
    expect(other.locator(".explorer .note")).to_be_hidden()
    other.context.close()


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
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
            return
    raise AssertionError(f"Tab does not lead to {label}")


def test_a_phone_shows_all_of_it_without_sideways_scrolling(app, browser, run):
    page = opened(app.url, browser, viewport=PHONE, has_touch=True)
    choose_model(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    slider(page, "Direction 12").scroll_into_view_if_needed()
    hero = page.locator(".explorer canvas.hero").bounding_box()
    assert hero["y"] >= 0 and hero["height"] < 0.45 * PHONE["height"], "the picture stays in sight of the sliders"
    page.get_by_role("slider", name="Pad").scroll_into_view_if_needed()
    page.get_by_role("slider", name="Pad").tap(position={"x": 20, "y": 20})
    page.wait_for_function("amount('pca-1') < 0 && amount('pca-2') > 0")
    page.context.close()


def test_a_finger_that_scrolls_over_a_slider_leaves_it_as_it_was(app, browser, run):
    page = opened(app.url, browser, viewport=PHONE, has_touch=True)
    choose_model(page)
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


def test_a_note_is_in_sight_wherever_one_acts(app, browser, run):
    page = opened(app.url, browser, viewport={"width": 1280, "height": 360})
    choose_model(page)
    page.get_by_role("button", name="Morph", exact=True).click()
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
