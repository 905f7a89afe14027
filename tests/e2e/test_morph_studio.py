"""A film of three pictures made on the timeline, and how a picture looked while its model learned."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from explorer_page import choose_model, open_tool, opened, wait_until_ready
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.config import Config
from gan_core.home import REPOSITORY
from gan_core.latent import Explorer, Point
from gan_core.latent.timeline import Piece
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.library import SHIPPED
from gan_core.runs.run_dir import RunDir

SEEDS = (7, 113, 81)
LEARNED = "learned-16"


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return Explorer.load(REPOSITORY / "checkpoints" / SHIPPED / "generator.safetensors")


@pytest.fixture(scope="module")
def learned(app) -> RunDir:
    """A run with two snapshots, each of which draws in a grey of its own."""
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8)
    run = RunDir.create(app.home / "checkpoints" / LEARNED, config)
    for nimg, grey in ((1000, -0.5), (2000, 0.0), (3000, 0.5)):
        G = build_generator(config.model)
        torch.nn.init.zeros_(G.to_image.weight)
        torch.nn.init.constant_(G.to_image.bias, np.arctanh(grey))
        save_generator(run.generator if nimg == 3000 else run.snapshot_path(nimg), G, config, nimg)
    return run


@pytest.fixture(scope="module")
def page(app, learned, browser: Browser) -> Page:
    page = opened(app.url, browser, viewport={"width": 1280, "height": 900})
    open_morph(page)
    yield page
    page.context.close()


def open_morph(page: Page) -> None:
    open_tool(page, "Morph")
    expect(keys(page).first).to_be_visible()


def keys(page: Page) -> Locator:
    return page.locator('[data-is="keys"] .tile')


def seeds(page: Page) -> list[int]:
    """Those of the timeline's pictures, as they are kept in the browser."""
    kept = page.evaluate(f"localStorage.getItem('dcgan-studio/morph/{SHIPPED}')")
    return [each["point"]["seed"] for each in json.loads(kept)["keys"]]


def show_seed(page: Page, seed: int) -> None:
    page.locator('[data-is="seed"]').fill(str(seed))
    page.locator('[data-is="seed"]').press("Enter")
    shown(page, f'"seed":{seed}')


def shown(page: Page, part: str) -> None:
    """Wait until the stage shows a view with this part."""
    page.wait_for_function("part => document.querySelector('.explorer').dataset.shown.includes(part)", arg=part)


def drag(slider: Locator, value: float) -> None:
    slider.evaluate("(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", value)


def stage(page: Page) -> np.ndarray:
    """The picture on the stage, 512 pixels wide."""
    uri = page.locator("canvas.hero").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"), int)


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), int)


def saved(page: Page, section: str) -> Path:
    with page.expect_download() as download:
        page.locator(f'[data-is="{section}"]').get_by_role("button", name="Save", exact=True).click()
    path = download.value.path()
    return path.rename(path.with_name(download.value.suggested_filename))


def test_two_pictures_are_on_the_timeline_at_once_and_go_by_keyboard(page):
    expect(keys(page)).to_have_count(2)
    for left in (1, 0):
        keys(page).first.press("Delete")
        expect(keys(page)).to_have_count(left)
    expect(page.get_by_role("button", name="Play", exact=True).locator("visible=true")).to_have_count(1)


def test_three_pictures_are_added_and_put_in_order(page):
    for seed in SEEDS:
        show_seed(page, seed)
        page.get_by_role("button", name="Add the picture on the stage").click()
    assert seeds(page) == list(SEEDS)
    keys(page).nth(2).press("Alt+ArrowLeft")
    expect(keys(page).nth(1)).to_be_focused()
    assert seeds(page) == [SEEDS[0], SEEDS[2], SEEDS[1]]
    page.get_by_role("button", name="Later").click()
    assert seeds(page) == list(SEEDS)
    keys(page).nth(0).drag_to(keys(page).nth(2))
    assert seeds(page) == [*SEEDS[1:], SEEDS[0]]
    keys(page).nth(2).drag_to(keys(page).nth(0))
    assert seeds(page) == list(SEEDS)


def test_every_step_of_the_timeline_can_be_taken_back(page):
    undo, redo = (page.get_by_role("button", name=f"{word} on the timeline") for word in ("Undo", "Redo"))
    page.get_by_role("button", name="Random pictures").click()
    others = seeds(page)
    assert len(others) == 4
    undo.click()
    assert seeds(page) == list(SEEDS)
    expect(keys(page)).to_have_count(3)
    redo.click()
    assert seeds(page) == others
    expect(redo).to_be_disabled()
    keys(page).nth(1).press("Control+z")
    keys(page).nth(1).press("Delete")
    assert seeds(page) == [SEEDS[0], SEEDS[2]]
    page.keyboard.press("Control+z")
    assert seeds(page) == list(SEEDS)
    expect(keys(page).nth(1)).to_be_focused()
    loop = page.get_by_label("loop")
    loop.uncheck()
    page.keyboard.press("Control+z")
    expect(loop).to_be_checked()
    page.keyboard.press("Control+Shift+z")
    expect(loop).not_to_be_checked()
    page.keyboard.press("Control+z")


def test_the_keyboard_at_the_stage_takes_back_what_the_stage_showed(page):
    show_seed(page, SEEDS[0])
    page.get_by_role("button", name="Surprise me").click()
    page.keyboard.press("Control+z")
    shown(page, f'"seed":{SEEDS[0]}')
    assert seeds(page) == list(SEEDS)


def test_the_scrubber_shows_what_the_library_draws(page, explorer):
    page.get_by_role("button", name="smooth curve").click()
    for i, (length, easing) in enumerate(((0.5, "linear"), (0.5, "smooth"), (1.0, "linear")), 1):
        page.get_by_label(f"Seconds after picture {i}").fill(str(length))
        page.get_by_label(f"Seconds after picture {i}").press("Tab")
        page.get_by_label(f"Pace after picture {i}").select_option(easing)
    expect(page.get_by_text("3 pictures · 2.0 s")).to_be_visible()
    pieces = [Piece(0.5), Piece(0.5, "smooth"), Piece(1.0)]
    timeline = explorer.timeline([Point(seed) for seed in SEEDS], pieces, way="spline")
    for t in (0.1, 0.4, 0.75):
        drag(page.get_by_label("Moment of the film"), t)
        shown(page, f'"t":{t}')
        expected = enlarged(explorer.render_z(timeline.at(t)[None])[0], 512)
        assert np.abs(stage(page) - expected).mean() < 4


def test_the_film_is_the_one_of_the_timeline(page, explorer):
    section = page.locator('[data-is="timeline"]')
    section.get_by_label("frames a second").select_option("20")
    section.get_by_label("size").select_option("128")
    path = saved(page, "timeline")
    assert path.name == f"{SHIPPED}-morph.mp4"
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 40 and frames[0].shape == (128, 128, 3)
    pictures = explorer.render([Point(seed) for seed in SEEDS])
    for place, picture in zip((0, 10, 20), pictures, strict=True):
        assert np.abs(frames[place] - enlarged(picture, 128)).mean() < 6


def test_playing_moves_the_stage_and_stops(page):
    play = page.locator('[data-is="timeline"]').get_by_role("button", name="Play")
    before = page.locator(".explorer").get_attribute("data-frames")
    play.click()
    page.wait_for_function(
        "before => Number(document.querySelector('.explorer').dataset.frames) > Number(before) + 5", arg=before
    )
    page.get_by_role("button", name="Surprise me").click()
    expect(play).to_have_attribute("aria-pressed", "false")


def test_the_timeline_is_there_again_after_a_reload(page):
    page.reload()
    wait_until_ready(page)
    open_morph(page)
    expect(keys(page)).to_have_count(3)
    assert seeds(page) == list(SEEDS)
    expect(page.get_by_text("this one has only its last weights")).to_be_visible()


def test_a_slider_goes_through_the_training_and_saves_it(page, learned):
    choose_model(page, LEARNED)
    slider = page.get_by_label("Moment of the training")
    expect(slider).to_be_visible()
    for place, nimg, grey in ((0, 1000, 64), (1, 2000, 128), (2, 3000, 191)):
        drag(slider, place)
        shown(page, f'"stage":{nimg}')
        assert abs(stage(page).mean() - grey) < 4
    expect(page.locator('.stage [data-do="keep"]')).to_be_disabled()
    section = page.locator('[data-is="learning"]')
    section.get_by_role("button", name="Strip").click()
    section.get_by_label("frames", exact=True).fill("3")
    section.get_by_label("size").select_option("64")
    section.get_by_label("pictures seen, in the corner").uncheck()
    strip = np.asarray(Image.open(saved(page, "learning")).convert("RGB"))
    assert strip.shape == (64, 3 * 66 - 2, 3)
    np.testing.assert_allclose([strip[:, i * 66 : i * 66 + 64].mean() for i in range(3)], [64, 128, 191], atol=3)
