"""A person's first hour, in order: train, come back, stop, resume, explore, save a morph."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from explorer_page import QUESTIONS, SECONDS, begin, choose_model, new_page, wait_until_ready
from playwright.sync_api import Browser, Page, expect

from gan_core.home import REPOSITORY
from gan_core.runs.run_dir import RunDir

SIZE = {"width": 1280, "height": 800}
RUN = "holiday-32"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def page(app, browser: Browser) -> Page:
    page = open_page(app, browser)
    yield page
    page.context.close()


def open_page(app, browser: Browser) -> Page:
    page = new_page(browser, viewport=SIZE)
    page.add_init_script(QUESTIONS)
    page.goto(app.url)
    expect(page.get_by_role("tab", name="Train")).to_be_visible()
    return page


def run_of(app) -> RunDir:
    return RunDir(app.home / "checkpoints" / RUN)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def sampled(page: Page) -> int:
    """How many images the networks had seen when the sheet on the page was made."""
    return int(page.locator("#sheet img").get_attribute("data-nimg") or 0)


def wait_for_samples_after(page: Page, nimg: int) -> None:
    """Until the page shows a sheet of the run that is newer than `nimg`."""
    shown = "document.querySelector('#sheet img')?.dataset"
    newer = f"([run, nimg]) => {shown}?.run === run && Number({shown}.nimg) > nimg"
    page.wait_for_function(newer, arg=[RUN, nimg])


def fill_form(page: Page, photos) -> None:
    page.get_by_role("tab", name="Train").click()
    choose(page, "Pictures", "Folder or zip")
    page.get_by_label("Path").fill(str(photos))
    choose(page, "Recipe", "fast")
    choose(page, "Size", "32 px")
    page.get_by_label("Train for").fill("30")


def test_a_missing_folder_is_refused_in_one_sentence(page, app, photos):
    fill_form(page, photos / "nowhere")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(f"There is no {photos / 'nowhere'}")).to_be_visible()
    assert not list(app.home.glob("checkpoints/*/")), "nothing was made for it"


def test_a_trial_tells_how_long_it_will_take_and_can_be_cancelled(page, app, photos):
    fill_form(page, photos)
    result, cancel = page.locator("#trial"), page.locator("#cancel-try")
    page.get_by_role("button", name="Try it first").click()
    expect(result).to_contain_text("images/s with batches of 16", timeout=120 * SECONDS)
    expect(result).to_contain_text("30 min the networks will have seen")
    # Again at once: the button of a trial that is over is no dead one.
    begin(page, "Try it first", "#cancel-try")
    cancel.click()
    expect(page.get_by_role("button", name="Try it first")).to_be_visible()
    expect(result).to_contain_text("Nothing is kept")
    assert not list(app.home.glob("checkpoints/*/")), "a trial leaves no run"


def test_a_start_takes_the_trial_off_the_page(page, photos):
    fill_form(page, photos / "nowhere")
    page.get_by_role("button", name="Try it first").click()
    expect(page.locator("#trial")).to_contain_text("There is no")
    page.get_by_label("Path").fill(str(photos))
    begin(page, "Try it first", "#cancel-try")
    page.get_by_label("Path").fill(str(photos / "nowhere"))
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Try it first")).to_be_visible()
    expect(page.locator("#trial")).to_contain_text("Nothing is kept")


def test_training_starts_and_shows_samples_charts_and_what_was_skipped(page, app, photos):
    fill_form(page, photos)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#title")).to_contain_text(RUN)
    wait_for_samples_after(page, 0)
    wait_for_samples_after(page, sampled(page))
    for chart in ("#chart-loss", "#chart-score"):
        expect(page.locator(f"{chart} canvas, {chart} svg").first).to_be_visible()
    expect(page.locator("#facts")).to_contain_text("160")
    page.get_by_text("1 picture skipped").click()
    expect(page.locator("#facts")).to_contain_text("notes.jpg: not an image")
    assert run_of(app).status().state == "training"


def test_a_reload_shows_the_same_run_with_its_history(page, app):
    before, sheets = sampled(page), len(run_of(app).samples())
    page.reload()
    expect(page.locator("#title")).to_contain_text(RUN)
    wait_for_samples_after(page, before - 1)
    history = page.locator("#sheet input")
    assert int(history.get_attribute("max")) >= sheets - 1 >= 1
    first = run_of(app).samples()[0][0]
    history.fill("0")
    expect(page.locator("#sheet img")).to_have_attribute("data-nimg", str(first))


def test_a_second_browser_sees_it_is_refused_a_second_start_and_can_stop_it(page, app, browser, photos):
    other = open_page(app, browser)
    expect(other.locator("#title")).to_contain_text(RUN)
    fill_form(other, photos)
    other.get_by_role("button", name="Start").click()
    expect(other.get_by_text(f"'{RUN}' is training: stop it first")).to_be_visible()
    other.get_by_role("button", name="Stop and save").click()
    expect(page.locator("#title")).to_contain_text("stopped")
    assert run_of(app).states(), "a stop saves everything"
    other.context.close()


def test_resume_goes_on_and_survives_a_restart_of_the_app(page, app):
    stopped_at = run_of(app).status().nimg
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#title")).to_contain_text("training")
    app.stop()
    app.start()
    page.goto(app.url)
    expect(page.locator("#title")).to_contain_text("training")
    wait_for_samples_after(page, stopped_at)
    seen = [row["nimg"] for row in run_of(app).metrics()]
    assert seen == sorted(set(seen)), "the history has no duplicates"


def test_sliders_redraw_the_face_continuously_while_it_trains(page):
    explore(page)
    slider = page.get_by_label("Direction 1", exact=True)
    before, deadline = frames(page), time.monotonic() + 600
    slider.hover()  # wherever it is now: the news of a newer model may have moved it
    page.mouse.down()
    box = slider.bounding_box()
    for step in itertools.count():
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.4 * math.sin(step / 20)), box["y"])
        page.wait_for_timeout(10)
        if frames(page) - before >= 10 and abs(float(slider.input_value())) > 0.5:
            break
        assert time.monotonic() < deadline
    page.mouse.up()
    page.wait_for_function("value => amount('pca-1') === value", arg=float(slider.input_value()))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("amount('pca-1') === 0")


def test_the_keyboard_moves_a_slider_and_undo_takes_it_back_step_by_step(page):
    explore(page)
    slider = page.get_by_label("Direction 2", exact=True)
    slider.focus()
    for key in ("End", "Home"):
        slider.press(key)
    page.wait_for_function("amount('pca-2') < 0")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("amount('pca-2') > 0")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("point().moves && !amount('pca-2')")


def test_a_process_that_was_killed_is_said_to_have_died_and_can_be_resumed(page, app):
    pid = run_of(app).status().pid
    assert pid, "0 would be the tests themselves"
    os.kill(pid, signal.SIGKILL)
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#title")).to_contain_text("its process died")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#title")).to_contain_text("training")
    page.get_by_role("button", name="Stop and save").click()
    expect(page.locator("#title")).to_contain_text("stopped")


def test_a_seed_is_picked(page):
    explore(page)
    page.get_by_label("Picture of seed 111", exact=True).click()
    page.wait_for_function("point().seed === 111")


def test_the_page_asks_nothing_of_the_outside_world_and_logs_no_errors(app, browser):
    asked, errors = [], []
    page = new_page(browser, viewport=SIZE)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    explore(page)
    outside = [url for url in asked if not url.startswith((app.url, "data:", "blob:"))]
    assert not outside and not errors
    page.context.close()


def explore(page: Page, run: str = RUN) -> None:
    """Open the Explore tab on a run, ready to play."""
    page.get_by_role("tab", name="Explore").click()
    wait_until_ready(page)
    choose_model(page, run)


def frames(page: Page) -> int:
    return int(page.locator(".explorer").get_attribute("data-frames"))


def test_the_run_on_disk_is_whole(app):
    run = run_of(app)
    assert run.data()["count"] == 160 and run.data()["skipped"] == [["notes.jpg", "not an image"]]
    assert run.generator.exists() and not run.stop_requested()
    assert json.loads((run.path / "config.json").read_text())["model"]["image_size"] == 32


def test_a_run_deleted_from_disk_leaves_the_page_alive(page, app):
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#title")).to_contain_text(RUN)
    shutil.rmtree(run_of(app).path)
    expect(page.locator("#title")).not_to_contain_text(RUN)
    expect(page.locator("#runs")).not_to_contain_text(RUN)
    assert "Traceback" not in (app.home / "app.log").read_text()


def test_an_uploaded_zip_is_trained_on(page, app, photos, tmp_path):
    zipped = shutil.make_archive(str(tmp_path / "pets"), "zip", photos)
    choose(page, "Pictures", "Upload a zip")
    choose(page, "Recipe", "fast")
    choose(page, "Size", "32 px")
    page.locator("#train input[type=file]").set_input_files(zipped)
    expect(page.locator("#train a[href*='pets.zip']")).to_be_visible()  # its name alone is there from the beginning
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#title")).to_contain_text("pets-32")
    expect(page.locator("#facts")).to_contain_text("160")
    page.get_by_role("button", name="Stop and save").click()
    expect(page.locator("#title")).to_contain_text("stopped")
    assert app.home in Path(RunDir(app.home / "checkpoints" / "pets-32").config().train.data).parents


def train_on_classes(app, photos: Path, folder: Path) -> None:
    """A short training on photographs in one folder for each class."""
    for photo in photos.glob("*-*.jpg"):
        place = folder / photo.stem.partition("-")[0]
        place.mkdir(exist_ok=True)
        shutil.copy(photo, place)
    options = ["--size", "16", "--ngf", "8", "--ndf", "8", "--kimg", "0.5", "--run", "classes"]
    command = [sys.executable, "-m", "gan_core", "train", "--data", str(folder), *options]
    environment = {**os.environ, "DCGAN_STUDIO_HOME": str(app.home)}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True, timeout=600)


def test_a_class_is_chosen_and_a_face_of_it_compared_with_the_pictures(page, app, photos, tmp_path):
    train_on_classes(app, photos, tmp_path)
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_selector("option[value=classes]", state="attached")
    explore(page, "classes")
    seen = "[...document.querySelectorAll('.explorer .seeds img')].map((img) => img.src).join()"
    face, seeds = "document.querySelector('.explorer canvas.hero').toDataURL()", page.evaluate(seen)
    page.get_by_role("button", name="coffee", exact=True).click()
    page.wait_for_function("point().label === 2")
    coffee = page.evaluate(face)
    page.wait_for_function(f"before => {seen} !== before", arg=seeds)
    page.get_by_role("button", name="rocket", exact=True).click()
    page.wait_for_function("point().label === 3")
    assert page.evaluate(face) != coffee
    page.get_by_role("button", name="Is it a copy?").click()
    expect(page.locator(".explorer .near img")).to_have_count(3)
