"""What the page keeps when things change under it: work whose answers are lost, and the place of the keyboard."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import partial

import pytest
from explorer_page import SECONDS, choose_model, open_tool, opened, slider, untrained, wait_until_ready
from playwright.sync_api import Page, Request, Route, expect

from gan_core.latent import Explorer
from gan_core.latent.catalogue import FILE, write

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_work_outlives_a_while_without_answers_and_the_note_of_it_goes(page):
    away = False

    def answer_or_lose(route: Route) -> None:
        nonlocal away
        away = away or asks(route.request, "progress")
        route.abort() if away else route.continue_()

    open_tool(page, "Morph")
    page.route("**/component_server/", answer_or_lose)
    note, film = page.locator(".explorer .note"), page.locator('[data-is="morphfile"]')
    film.get_by_role("button", name="Strip", exact=True).click()
    with page.expect_download(timeout=60 * SECONDS) as download:
        film.get_by_role("button", name="Save", exact=True).click()
        expect(note).to_contain_text("waits for it")
        expect(film.get_by_role("progressbar", name="How far it is")).to_be_visible()
        page.unroute("**/component_server/")
    assert download.value.suggested_filename.endswith(".png")
    expect(note).to_be_empty()
    assert not page.errors


def asks(request: Request, name: str) -> bool:
    return json.loads(request.post_data or "{}").get("fn_name") == name


def test_the_keyboard_stays_in_its_row_of_directions(app, browser):
    run = untrained(app, "told")
    found = Explorer.load(run.generator).directions["pca-3"]
    write(run.path / FILE, [replace(found, measured={"factor": "smile", "effect": 0.9, "others": 0.1})])
    page = opened(app.url, browser)
    choose_model(page, "told")
    choose(page, "Direction 2", downs=1)
    expect(slider(page, "Direction 2")).to_have_count(0)
    expect(page.get_by_label("More for mostly smile", exact=True)).to_be_focused()
    choose(page, "mostly smile", downs=2)
    expect(page.get_by_role("slider", name="Pad")).to_have_attribute("aria-valuetext", re.compile("^mostly smile"))
    choose(page, "mostly smile", downs=0)
    page.get_by_label("Name", exact=True).fill("Grin")
    page.keyboard.press("Enter")
    expect(page.get_by_label("More for Grin", exact=True)).to_be_focused()
    assert not page.errors
    page.context.close()


def choose(page: Page, name: str, downs: int) -> None:
    """From the menu of a direction, by keys alone."""
    page.get_by_label(f"More for {name}", exact=True).press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    for _ in range(downs):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_the_keyboard_stays_in_its_strip_and_no_late_answer_fills_it(page):
    held, late = [], False

    def draws(request: Request, seed: int) -> bool:
        return asks(request, "faces") and f'"seed":{seed}' in request.post_data

    def answer_or_hold_back(route: Route) -> None:
        held.append(route) if late and asks(route.request, "faces") else route.continue_()

    page.route("**/component_server/", answer_or_hold_back)
    strips = page.get_by_role("group", name="Pictures below")
    for seed in (1, 2, 3):
        seed_to(page, seed)
        late = seed == 2
        with page.expect_request(partial(draws, seed=seed)):
            page.get_by_role("button", name="♡ Keep").click()
    expect(strips.get_by_role("button", name="Kept 3")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.post_data == held[0].request.post_data):
        held[0].continue_()
    page.wait_for_timeout(200)
    strips.get_by_role("button", name="Kept 3").press("Enter")
    expect(page.get_by_label("Kept picture 3", exact=True)).to_be_visible()
    page.get_by_label("Remove kept picture 2", exact=True).press("Enter")
    expect(strips.get_by_role("button", name="Kept 2")).to_be_visible()
    expect(page.get_by_label("Remove kept picture 2", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Remove kept picture 1", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(strips.get_by_role("button", name="Kept", exact=True)).to_be_focused()
    strips.get_by_role("button", name="History").press("Enter")
    page.get_by_label("Picture of before 2", exact=True).press("Enter")
    page.wait_for_function("point().seed === 1")
    expect(page.get_by_label("Picture of before 2", exact=True)).to_be_focused()
    assert not page.errors


def seed_to(page: Page, seed: int) -> None:
    page.get_by_label("seed", exact=True).fill(str(seed))
    page.keyboard.press("Enter")
    page.wait_for_function("seed => point().seed === seed", arg=seed)


def test_the_keyboard_stays_on_chips_and_slots_that_are_made_anew(app, browser):
    run = untrained(app, "two")
    shutil.copy(run.generator, run.best)
    page = opened(app.url, browser)
    choose_model(page, "two")
    weights = page.get_by_role("group", name="Weights")
    which = weights.locator('[aria-pressed="false"]').inner_text()
    weights.get_by_role("button", name=which, exact=True).press("Enter")
    expect(weights.get_by_role("button", name=which, exact=True)).to_have_attribute("aria-pressed", "true")
    wait_until_ready(page, "two")
    expect(weights.get_by_role("button", name=which, exact=True)).to_be_focused()
    seed = page.locator('[data-is="seeds"] .tile').nth(2)
    seed.press("Enter")
    expect(seed).to_have_attribute("aria-pressed", "true")
    open_tool(page, "Arithmetic")
    page.get_by_role("button", name="The one on the stage").click()
    page.get_by_label("Empty slot 1 of A", exact=True).press("Enter")
    expect(page.get_by_label("Slot 1 of A, empty", exact=True)).to_be_focused()
    assert not page.errors
    page.context.close()
