"""What somebody does with the runs of a week: look at them, tidy up, compare two, take one away."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pytest
from explorer_page import new_page
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core import pixels
from gan_core.config import Config
from gan_core.models import build_generator
from gan_core.runs.checkpoint import load_generator, save_generator
from gan_core.runs.run_dir import RunDir, Status

SIZE = {"width": 1280, "height": 900}
# The words with the Undo stay for 12 seconds, which a busy machine may need for a look at them.
LONG_TOASTS = """
const later = window.setTimeout;
window.setTimeout = (call, wait, ...rest) => later(call, wait === 12000 ? 600000 : wait, ...rest);
"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def make_run(app, name: str, **options) -> RunDir:
    """A stopped run of four ticks."""
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, data="drawn:8", **options)
    run = RunDir.create(app.home / "checkpoints" / name, config)
    run.write_status(Status("stopped", nimg=4000, seconds=10.0, device="fp32 on CPU"))
    images = np.random.default_rng(0).integers(0, 255, (64, 16, 16, 3), dtype=np.uint8)
    for nimg in (1000, 2000, 3000, 4000):
        line = {"nimg": nimg, "seconds": nimg / 400, "img_per_sec": 400.0, "loss/D": 1.0, "loss/G": 2.0}
        run.append_metrics(line | {"score/real": 0.6, "score/fake": 0.4, "swd": 9000 / nimg, "swd_floor": 1.0})
        run.add_sample(nimg, pixels.jpeg(pixels.sheet(images, 8)))
    save_generator(run.generator, build_generator(config.model), config, 4000)
    run.state_path(4000).write_bytes(b"state")
    return run


@pytest.fixture(scope="module")
def page(app, browser: Browser) -> Page:
    make_run(app, "monday")
    make_run(app, "tuesday", lr=0.001)
    page = new_page(browser, viewport=SIZE)
    page.add_init_script(LONG_TOASTS)
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    expect(item(page, "monday")).to_be_visible()
    yield page
    page.context.close()


def names(app) -> set[str]:
    return {path.name for path in (app.home / "checkpoints").glob("[!.]*")}


def item(page: Page, name: str) -> Locator:
    return page.locator("#runs .item").filter(has=page.get_by_text(name, exact=True))


def choose(page: Page, name: str, offer: str) -> Locator:
    """Take an offer of a run's menu; the dialog that it opens."""
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=offer).click()
    return page.get_by_role("dialog")


def test_each_run_shows_what_it_is(page):
    expect(item(page, "tuesday")).to_contain_text("stopped · 4.0 kimg · 2.25")
    expect(item(page, "tuesday")).to_contain_text(re.compile(r"dcgan 16 px · (just now|\d+ min ago)"))
    expect(item(page, "clothes-28")).to_contain_text("done")
    drawn = (
        "() => [...document.querySelectorAll('#runs .item img')].slice(0, 2).every((each) => each.naturalWidth > 40)"
    )
    page.wait_for_function(drawn)
    item(page, "monday").get_by_role("button").first.click()
    expect(page.locator("#title")).to_contain_text("monday")
    expect(item(page, "monday")).to_have_attribute("aria-current", "true")


def test_a_run_is_renamed_after_a_name_that_is_taken_was_refused(page, app):
    dialog = choose(page, "monday", "Rename")
    dialog.get_by_label("Name").fill("tuesday")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a run 'tuesday' already")
    dialog.get_by_label("Name").fill("sunday")
    dialog.get_by_label("Name").press("Enter")
    expect(page.locator("#title")).to_contain_text("sunday")
    expect(dialog).not_to_be_visible()
    assert "sunday" in names(app) and "monday" not in names(app)


def test_a_copy_is_made_and_shown(page, app):
    dialog = choose(page, "sunday", "Duplicate")
    expect(dialog.get_by_label("Name")).to_have_value("sunday-copy")
    dialog.get_by_role("button", name="Duplicate").click()
    expect(page.locator("#title")).to_contain_text("sunday-copy")
    assert RunDir(app.home / "checkpoints" / "sunday-copy").states()


@pytest.mark.parametrize("with_state", [False, True])
def test_a_run_is_taken_away_as_a_zip(page, tmp_path, with_state):
    dialog = choose(page, "sunday", "Download")
    if with_state:
        dialog.get_by_role("checkbox").check()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "sunday.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    run = RunDir(tmp_path / "sunday")
    assert load_generator(run.generator)[2] == 4000 and len(run.samples()) == 4
    assert len(run.states()) == with_state


def test_two_runs_are_compared_until_that_is_enough(page):
    dialog = choose(page, "sunday", "Compare with…")
    dialog.get_by_role("combobox").select_option("tuesday")
    dialog.get_by_role("button", name="Compare").click()
    table, chart = page.locator("#comparison"), page.locator("#chart-loss")
    expect(table).to_contain_text("learning rate")
    expect(chart).to_contain_text("G, tuesday")
    expect(chart.locator(".mark-line path")).to_have_count(4)
    page.get_by_role("button", name="End the comparison").click()
    expect(table).not_to_be_visible()
    expect(chart.locator(".mark-line path")).to_have_count(2)
    expect(chart).not_to_contain_text("tuesday")


def test_a_deleted_run_comes_back_by_undo_and_from_the_bin(page, app):
    for way in ("Undo", "Restore"):
        dialog = choose(page, "sunday-copy", "Delete")
        expect(dialog).to_contain_text("30 days")
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("status").filter(has_text="in the bin")).to_be_visible()
        expect(item(page, "sunday-copy")).to_have_count(0)
        assert "sunday-copy" not in names(app)
        if way == "Restore":
            page.get_by_text("Bin (1)").click()
        page.get_by_role("button", name=way).click()
        expect(page.locator("#title")).to_contain_text("sunday-copy")
        assert RunDir(app.home / "checkpoints" / "sunday-copy").states()
    expect(page.get_by_text("Bin (1)")).not_to_be_visible()


def test_a_shipped_model_is_neither_renamed_nor_deleted(page):
    page.get_by_role("button", name="More for clothes-28").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Duplicate", "Download", "Publish…", "Compare with…"])
    page.keyboard.press("Escape")
    expect(page.get_by_role("menuitem").first).not_to_be_visible()


def test_the_keyboard_alone_reaches_everything(page):
    page.get_by_role("button", name="More for tuesday").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Duplicate tuesday")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(page.locator("#title")).to_contain_text("tuesday")


def test_the_history_stays_where_it_was_put_while_older_sheets_are_thinned(page, app):
    run, history, sheet = make_run(app, "long"), page.locator("#sheet input"), page.locator("#sheet img")
    for nimg in range(4010, 4410, 10):
        run.add_sample(nimg, run.samples()[0][1].read_bytes())
    item(page, "long").get_by_role("button").first.click()
    expect(sheet).to_have_attribute("data-nimg", "4400")
    history.fill("3")
    expect(sheet).to_have_attribute("data-nimg", "4000")
    history.fill("40")
    expect(sheet).to_have_attribute("data-nimg", "4370")
    for nimg in range(50_000, 110_000, 1000):
        run.add_sample(nimg, run.samples()[0][1].read_bytes())
    left = [nimg for nimg, _ in run.samples()]
    just_before = max(nimg for nimg in left if nimg <= 4370)
    assert just_before < 4370, "this very sheet went, too"
    expect(sheet).to_have_attribute("data-nimg", str(just_before))
    expect(history).to_have_value(str(left.index(just_before)))
    expect(page.locator("#sheet")).to_contain_text(f"{just_before // 1000} kimg")
