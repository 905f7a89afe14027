"""What one does on the page is done to what it shows, whatever comes late, is deleted or changes."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace

import pytest
from explorer_page import (
    PATTERNS,
    Held,
    asked_for,
    choose_model,
    open_tool,
    opened,
    reload,
    set_to,
    shown,
    slider,
    untrained,
    wait_until_ready,
)
from playwright.sync_api import Page, expect

from gan_core.latent import Explorer, catalogue
from gan_core.runs.library import SHIPPED

STORED = "what => JSON.parse(localStorage.getItem(`dcgan-studio/${what}`))"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def stored(page: Page, what: str, model: str = PATTERNS):
    return page.evaluate(STORED, f"{what}/{model}")


def drag(page: Page, value: float) -> None:
    scrub = page.get_by_label("Moment of the film")
    scrub.evaluate("(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", value)
    page.wait_for_function("t => document.querySelector('.explorer').dataset.shown.includes(`\"t\":${t}`)", arg=value)


def put_kept(page: Page, seeds: range) -> None:
    page.evaluate(
        "([name, seeds]) => localStorage.setItem(name, JSON.stringify(seeds.map("
        "(seed) => ({ seed, moves: {}, label: null }))))",
        [f"dcgan-studio/kept/{PATTERNS}", list(seeds)],
    )


def test_a_moment_of_a_morph_is_what_one_keeps_links_and_saves(page):
    keep = page.locator('.stage [data-do="keep"]')
    keep.click()
    expect(keep).to_have_text("♥ Kept")
    open_tool(page, "Morph")
    drag(page, 0.25)
    expect(keep).to_have_text("♡ Keep")
    picture = page.evaluate("pixels()")
    keep.click()
    expect(keep).to_have_text("♥ Kept")
    page.wait_for_function("point().z")
    moment, first = stored(page, "kept")
    assert moment["z"] == shown(page)["at"]["z"] and "z" not in first
    assert page.evaluate("pixels()") == picture
    drag(page, 0.3)
    page.get_by_role("button", name="Link", exact=True).click()
    page.wait_for_function("z => location.hash && point().z && point().z !== z", arg=moment["z"])
    linked = json.loads(base64.b64decode(page.evaluate("location.hash").partition("=")[2]))
    assert linked["at"]["z"] == shown(page)["at"]["z"]
    drag(page, 0.35)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename == f"{PATTERNS}-picture.png"
    assert not page.errors


def test_a_favourite_is_never_dropped_for_another(page):
    put_kept(page, range(1000, 1058))
    open_tool(page, "Grid")
    page.get_by_role("group", name="How many pictures").get_by_role("button", name="64", exact=True).click()
    expect(page.get_by_text("64 pictures", exact=True)).to_be_visible()
    for seed in (3, 9, 20):
        page.get_by_role("option", name=f"Seed {seed}", exact=True).click(modifiers=["Control"])
    keep = page.locator(".gridtool").get_by_role("button", name="Keep")
    keep.click()
    expect(page.locator(".explorer .note")).to_contain_text("2 more fit")
    assert [point["seed"] for point in stored(page, "kept")] == list(range(1000, 1058))
    page.get_by_role("option", name="Seed 20", exact=True).click(modifiers=["Control"])
    keep.click()
    page.wait_for_function(f"({STORED})('kept/{PATTERNS}').length === 60")
    assert [point["seed"] for point in stored(page, "kept")] == [3, 9, *range(1000, 1058)]
    page.locator('.stage [data-do="keep"]').click()
    expect(page.locator(".explorer .note")).to_contain_text("no more fit")
    assert len(stored(page, "kept")) == 60


def test_the_chooser_names_the_model_that_is_open(app, browser, patterns):
    run = untrained(app, "fleeting")
    page = opened(app.url, browser)
    chooser = page.get_by_label("Model", exact=True)
    held = Held(page, "open_model")
    chooser.select_option("fleeting")
    chooser.blur()
    held.wait()
    with page.expect_response(lambda answer: asked_for(answer.request, "models")) as poll:
        pass
    poll.value.finished()
    page.wait_for_function("document.querySelector('[data-is=models] option:checked').value === 'fleeting'")
    expect(chooser).to_have_value("fleeting")
    held.answer()
    page.wait_for_selector('.explorer[data-ready^="fleeting@"]')
    shutil.rmtree(run.path)
    expect(chooser.locator("option:checked")).to_have_text("fleeting · gone")
    choose_model(page, PATTERNS)
    expect(chooser.locator("option:checked")).to_have_text(PATTERNS)
    assert not page.errors
    page.context.close()


def test_a_slow_model_after_a_quick_one_may_have_several_requests_under_way(page):
    page.evaluate("() => { window.clock = 0; window.tick = 1; performance.now = () => clock += tick; }")
    for amount in (0.5, 1, 1.5):
        set_to(page, "Direction 1", amount)
        page.wait_for_function("amount => amount === window.amount('pca-1')", arg=amount)
    page.evaluate("tick = 100")
    choose_model(page, SHIPPED)
    names = page.locator(".dir .knob")
    for amount in (0.5, 1, 1.5):
        names.first.fill(str(amount))
        page.wait_for_function("amount => Object.values(point().moves)[0] === amount", arg=amount)
    held = Held(page, "face")
    for amount in (2, 2.2):
        names.first.fill(str(amount))
    held.wait(2)
    held.answer()


def test_a_deleted_direction_is_taken_out_of_every_tool(app, browser):
    untrained(app, "mixing")
    page = opened(app.url, browser)
    choose_model(page, "mixing")
    set_to(page, "Direction 5", 1)
    page.get_by_role("button", name="Keep this mix").click()
    page.get_by_label("Name of the direction").fill("Mixture")
    page.keyboard.press("Enter")
    set_to(page, "Mixture", 2)
    page.wait_for_function("Object.keys(point().moves).length === 2")
    open_tool(page, "Morph")
    page.get_by_role("button", name="Add the picture on the stage").click()
    open_tool(page, "Arithmetic")
    page.get_by_role("button", name="The one on the stage").click()
    page.wait_for_function("point().z")
    for what in ("morph", "arithmetic"):
        assert "mine-" in json.dumps(stored(page, what, "mixing"))
    open_tool(page, "Play")
    page.get_by_role("button", name="Mine").click()
    page.get_by_label("More for Mixture", exact=True).click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(slider(page, "Mixture")).to_have_count(0)
    for what in ("morph", "arithmetic"):
        page.wait_for_function(
            "what => !localStorage.getItem(`dcgan-studio/${what}/mixing`).includes('mine-')", arg=what
        )
    for again in (False, True):
        if again:
            reload(page, "mixing")
        open_tool(page, "Morph")
        expect(page.locator('[data-is="keys"] img[src^="data:"]')).to_have_count(3)
        drag(page, 0.9)
        open_tool(page, "Arithmetic")
        expect(page.locator('[data-slot="00"] img[src^="data:"]')).to_have_count(1)
        expect(page.get_by_role("button", name="The sum")).to_be_visible()
    assert not page.errors
    page.context.close()


def test_a_sum_comes_to_the_stage_unless_one_has_gone_elsewhere(page):
    open_tool(page, "Grid")
    page.get_by_role("option", name="Seed 7", exact=True).click(modifiers=["Control"])
    page.get_by_role("button", name="To Arithmetic").click()
    expect(page.get_by_role("button", name="The sum")).to_have_class(re.compile(r"\bon\b"))
    page.wait_for_function("point().z")
    held = Held(page, "arithmetic")
    page.get_by_role("button", name="The one on the stage").click()
    held.wait()
    page.locator('[data-is="seed"]').fill("5")
    page.locator('[data-is="seed"]').press("Enter")
    page.wait_for_function("point().seed === 5")
    held.answer()
    page.locator('.stage [data-do="keep"]').click()
    assert stored(page, "kept")[0]["seed"] == 5


def test_what_cannot_be_made_any_more_hides_nothing_else(app, browser):
    run = untrained(app, "hiding")
    explorer = Explorer.load(run.generator)
    catalogue.write(run.path / catalogue.FILE, [replace(each, hidden=True) for each in explorer.directions.values()])
    page = opened(app.url, browser)
    choose_model(page, "hiding")
    page.evaluate(
        "localStorage.setItem('dcgan-studio/kept/hiding', JSON.stringify("
        "[{ seed: 1, moves: { 'mine-x': 1 }, label: null }, { seed: 2, moves: {}, label: null }]))"
    )
    open_tool(page, "Arithmetic")
    page.get_by_role("group", name="Where the pictures come from").get_by_role("button", name="kept").click()
    expect(page.get_by_role("button", name=re.compile("Picture . to pick"))).to_have_count(1)
    page.get_by_role("button", name="Example", exact=True).click()
    expect(page.locator(".explorer .note")).to_contain_text("hidden")
    assert not page.errors
    page.context.close()


def test_the_paper_stays_with_the_model_that_it_was_asked_about(page):
    chooser, begun = page.get_by_label("Model", exact=True), []
    about = Held(page, "paper_about")
    open_tool(page, "The paper")
    about.wait()
    chooser.select_option(SHIPPED)
    about.wait(2)
    about.routes.reverse()
    about.answer()
    wait_until_ready(page, SHIPPED)
    expect(page.locator(".papertool .boxed img").first).to_be_visible()
    expect(page.locator(".papertool .lacking")).to_have_count(0)
    choose_model(page, PATTERNS)
    expect(page.locator(".papertool .lacking")).to_have_count(3)
    page.on("request", lambda each: begun.append(each) if asked_for(each, "paper_figure") else None)
    progress = Held(page, "progress")
    page.get_by_role("button", name="Make all").click()
    progress.wait()
    choose_model(page, SHIPPED)
    progress.answer()
    expect(page.get_by_role("button", name="Make all")).to_be_enabled()
    assert len(begun) == 1 and not page.errors
