"""A run whose settings were edited: the page shows what has changed, and nothing runs before somebody chose."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from explorer_page import SECONDS, new_page
from playwright.sync_api import Browser, Page, expect

from gan_core.home import REPOSITORY
from gan_core.runs.run_dir import RunDir

TINY = ["--size", "16", "--ngf", "4", "--ndf", "4", "--batch-size", "8", "--eval-seconds", "0", "--no-auto-heal"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run(app) -> RunDir:
    """A finished run whose learning rate was edited and whose source has one face more."""
    command = [
        sys.executable,
        "-m",
        "gan_core",
        "train",
        "--data",
        "drawn:40",
        *TINY,
        "--kimg",
        "0.2",
        "--run",
        "faces",
    ]
    environment = {**os.environ, "DCGAN_STUDIO_HOME": str(app.home)}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True, timeout=600)
    run = RunDir(app.home / "checkpoints" / "faces")
    run.write_config(run.config().with_options(lr=0.001, r1_gamma=1.0, data="drawn:41"))
    return run


@pytest.fixture(scope="module")
def page(app, run, browser: Browser) -> Page:
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#title")).to_contain_text("faces")
    page.get_by_label("Train for").fill("1")
    page.get_by_label("Unit").click()
    page.get_by_role("option", name="kimg").click()
    yield page
    page.context.close()


def open_panel(page: Page) -> None:
    page.get_by_role("button", name="Train longer").click()
    expect(page.locator("#changes")).to_be_visible()


def test_the_differences_come_first_and_can_be_left_alone(page, run):
    before = run.status()
    open_panel(page)
    table = page.locator("#changes table")
    for words in ("learning rate (lr)", "0.0004", "0.001", "40 of drawn:40", "41 of drawn:41"):
        expect(table).to_contain_text(words)
    expect(page.locator("#changes")).to_contain_text("Not all weights would fit: D's norm changed")
    page.locator("#cancel-resume").click()
    expect(page.locator("#changes")).to_be_hidden()
    assert run.status() == before


def test_fine_tuning_begins_a_new_run_that_names_its_parent(page, app, run):
    before = run.status()
    open_panel(page)
    page.get_by_role("button", name="Fine-tune", exact=True).click()
    expect(page.locator("#title")).to_contain_text("faces-2")
    expect(page.locator("#changes")).to_be_hidden()
    expect(page.locator("#title")).to_contain_text("done", timeout=240 * SECONDS)
    expect(page.locator("#title")).to_contain_text("from faces")
    new = RunDir(app.home / "checkpoints" / "faces-2")
    assert (new.config().parent, new.config().train.lr, new.data()["count"]) == ("faces", 0.001, 41)
    assert run.status() == before


def test_a_run_goes_on_as_it_was(page, run):
    page.locator("#runs").get_by_text("faces", exact=True).click()
    expect(page.locator("#title .runhead b")).to_have_text("faces")
    open_panel(page)
    page.get_by_role("button", name="Resume as it was").click()
    expect(page.locator("#changes")).to_be_hidden()
    page.wait_for_function("document.querySelector('#title').textContent.includes('1.2 kimg')", timeout=240 * SECONDS)
    expect(page.locator("#title")).to_contain_text("done", timeout=240 * SECONDS)
    assert (run.config().train.lr, run.data()["count"]) == (0.0004, 40)
    assert [row["nimg"] for row in run.metrics()] == sorted({row["nimg"] for row in run.metrics()})
