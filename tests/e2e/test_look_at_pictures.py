"""Pictures are looked at in a real browser, and what would help is applied to the form of a training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from explorer_page import begin, new_page
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from processes import children

ODD = "odd ${1+1} {{name}} <img src=x onerror=alert(1)>.jpg"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def holiday(photos, tmp_path_factory) -> Path:
    """The photographs with a few troubles: copies, a name that is code, a file that is no picture."""
    folder = tmp_path_factory.mktemp("troubled") / "holiday"
    shutil.copytree(photos, folder)
    for i in range(10):
        shutil.copy(folder / f"coffee-{i:02d}.jpg", folder / f"coffee-{i:02d} (1).jpg")
        Image.open(folder / f"chelsea-{i:02d}.jpg").resize((96, 96)).save(folder / f"shared-{i}.webp", quality=70)
    (folder / ODD).write_text("<html>")
    (folder / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    return folder


@pytest.fixture(scope="module")
def page(app, browser: Browser) -> Page:
    page = new_page(browser, viewport={"width": 390, "height": 844})
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(app.url)
    page.get_by_role("tab", name="Data").click()
    yield page
    page.context.close()


def look_at(page: Page, data: str) -> None:
    page.locator("#data").get_by_label("Path").fill(data)
    begin(page, "Look at my pictures", "#cancel-look")


def test_a_missing_folder_is_one_sentence(page, holiday):
    look_at(page, str(holiday / "nowhere"))
    expect(page.locator("#looking")).to_contain_text(f"There is no {holiday / 'nowhere'}")
    expect(page.get_by_role("button", name="Look at my pictures")).to_be_visible()


def test_a_long_look_can_be_cancelled(page, app, wait_for):
    look_at(page, "drawn:50000")
    expect(page.locator("#looking")).to_contain_text("looking at the pictures")
    assert children("doctor", app.process.pid)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Look at my pictures")).to_be_visible()
    wait_for(lambda: not children("doctor", app.process.pid))
    expect(page.locator("#looking")).to_have_text("")


def test_the_report_fits_a_phone_and_shows_everything(page, holiday):
    look_at(page, str(holiday))
    report = page.locator(".doctor")
    expect(report).to_contain_text("pictures are duplicates")
    for words in ("pictures are few", "recipe: few-shot", "What training will see at 64 px", "IMG_1.HEIC"):
        expect(report).to_contain_text(words)
    expect(report.locator(".crops img")).to_have_count(24)
    page.get_by_text("2 not readable").click()
    expect(report).to_contain_text(f"{ODD}: not an image")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_applied_fills_in_the_form_of_a_training(page, holiday):
    report = page.locator(".doctor")
    report.get_by_role("listitem").filter(has_text="duplicates").get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Apply all").click()
    expect(report.get_by_role("button", name="Applied")).to_have_count(2)
    page.get_by_role("button", name="Use these pictures").click()
    form = page.locator("#train")
    expect(form.get_by_label("Path")).to_have_value(str(holiday))
    expect(form.get_by_label("Recipe")).to_have_value("few-shot")
    page.locator("#settings > button").click()
    expect(form.get_by_label("duplicates")).to_have_value("drop")
    expect(form.get_by_label("augmentation")).to_have_value("diffaugment")


def test_a_second_look_is_remembered(page, app, holiday):
    page.get_by_role("tab", name="Data").click()
    (remembered,) = (app.home / "datasets" / "doctor").iterdir()
    before = remembered.stat().st_mtime_ns
    look_at(page, str(holiday))
    expect(page.get_by_role("button", name="Look at my pictures")).to_be_visible()
    expect(page.locator("#looking")).to_have_text("")
    assert remembered.stat().st_mtime_ns == before
