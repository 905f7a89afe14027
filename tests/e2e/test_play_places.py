"""From picture to picture: walks, the ways back, what lies nearby, what was kept, and links."""

from __future__ import annotations

import pytest
from explorer_page import PATTERNS, choose_model, opened, reload, set_to, slider
from playwright.sync_api import Request, Route, expect

# Whether no new picture has come for two seconds.
STANDS = """() => {
  const { frames } = document.querySelector(".explorer").dataset, now = performance.now();
  if (window.standing?.frames !== frames) window.standing = { frames, since: now };
  return now - standing.since > 2000;
}"""
# How many new pictures came in how many seconds.
NEW_FRAMES = """async () => {
  const look = () => [Number(document.querySelector(".explorer").dataset.frames), performance.now() / 1000];
  const before = look();
  await new Promise((resolve) => { setTimeout(resolve, 4000); });
  return look().map((now, i) => now - before[i]);
}"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_walk_moves_keeps_the_moves_and_stops_at_a_real_place(page):
    set_to(page, "Direction 1", 1.5)
    page.wait_for_function("amount('pca-1') === 1.5")
    before = page.evaluate("pixels()")
    page.get_by_role("button", name="Walk").click()
    page.wait_for_function("point().z && Number(document.querySelector('.explorer').dataset.frames) > 20")
    page.locator(".explorer canvas.hero").click()
    expect(page.get_by_role("button", name="Walk")).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(STANDS)
    stopped = page.evaluate("[pixels(), JSON.stringify(point())]")
    page.evaluate("standing = null")
    page.wait_for_function(STANDS)
    assert page.evaluate("[pixels(), JSON.stringify(point())]") == stopped and stopped[0] != before
    assert page.evaluate("amount('pca-1')") == 1.5
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_function("was => JSON.stringify(point()) !== was", arg=stopped[1])
    page.keyboard.press("Space")
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    page.wait_for_function("before => pixels() === before", arg=before)


def test_a_slow_walk_for_who_wants_no_motion(app, browser, patterns):
    page = opened(app.url, browser, reduced_motion="reduce")
    choose_model(page, PATTERNS)
    page.get_by_role("button", name="Walk").click()
    page.wait_for_function("point().z")
    frames, seconds = page.evaluate(NEW_FRAMES)
    assert frames <= seconds + 1
    page.wait_for_function("before => point().z !== before", arg=page.evaluate("point().z"))
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


def test_a_picture_nearby_is_somewhere_else_and_near(page):
    here = page.evaluate("pixels()")
    page.get_by_label("Picture nearby 3", exact=True).click()
    page.wait_for_function("point().z")
    assert page.evaluate("pixels()") != here
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("here => pixels() === here", arg=here)


def test_pictures_nearby_in_the_model_before_do_not_come_later(page):
    held = []

    def nearby(request: Request, model: str) -> bool:
        return all(each in (request.post_data or "") for each in ("nearby", model))

    def hold_back(route: Route) -> None:
        held.append(route) if nearby(route.request, "avatars-64") else route.continue_()

    page.route("**/component_server/", hold_back)
    expect(page.get_by_label("Picture nearby 3", exact=True)).to_be_visible()
    with page.expect_request(lambda request: nearby(request, "avatars-64")):
        page.get_by_label("Model", exact=True).select_option("avatars-64")
    with page.expect_response(lambda answer: nearby(answer.request, PATTERNS)):
        choose_model(page, PATTERNS)
    with page.expect_response(lambda answer: nearby(answer.request, "avatars-64")):
        held[0].continue_()
    page.wait_for_timeout(200)
    page.get_by_label("Picture nearby 3", exact=True).click()
    page.wait_for_function("point().z")


def test_the_model_that_was_chosen_last_is_the_one_that_opens(page):
    held = []

    def opens(request: Request) -> bool:
        return all(each in (request.post_data or "") for each in ("open_model", "avatars-64"))

    page.route("**/component_server/", lambda route: held.append(route) if opens(route.request) else route.continue_())
    with page.expect_request(opens):
        page.get_by_label("Model", exact=True).select_option("avatars-64")
    choose_model(page, PATTERNS)
    with page.expect_response(lambda answer: opens(answer.request)):
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator(f'.explorer[data-ready^="{PATTERNS}@"]')).to_be_visible()
    expect(page.locator(".explorer [data-is=about]")).to_contain_text("32 px")


def test_kept_pictures_survive_a_reload_and_can_be_removed(page):
    page.get_by_label("Picture of seed 110", exact=True).click()
    page.wait_for_function("point().seed === 110")
    page.get_by_role("button", name="Keep", exact=False).first.click()
    reload(page, PATTERNS)
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
        ({"model": PATTERNS, "at": {"seed": 1, "moves": {"smile": 1}}}, "no direction 'smile'"),
        ({"model": PATTERNS, "at": {"seed": 1, "z": "AAAA"}}, "cannot be opened"),
    ],
)
def test_a_link_that_cannot_be_followed_says_why_and_opens_something(app, browser, patterns, page, wish, sentence):
    words = wish if isinstance(wish, str) else page.evaluate("wish => btoa(JSON.stringify(wish))", wish)
    other = opened(f"{app.url}/#picture={words}", browser)
    expect(other.locator(".explorer .note")).to_contain_text(sentence)
    assert int(other.locator(".explorer").get_attribute("data-frames")) > 0 and not other.errors
    other.get_by_role("button", name="Surprise me").click()
    expect(other.locator(".explorer .note")).to_be_hidden()
    other.context.close()
