"""What the page keeps when things change under it: work whose answers are lost, and the place of the keyboard."""

from __future__ import annotations

import json

import pytest
from explorer_page import SECONDS, open_tool
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_work_outlives_a_while_without_answers_and_the_note_of_it_goes(page):
    away = False

    def answer_or_lose(route: Route) -> None:
        nonlocal away
        away = away or asks(route, "progress")
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


def asks(route: Route, name: str) -> bool:
    return json.loads(route.request.post_data or "{}").get("fn_name") == name
