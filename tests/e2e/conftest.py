"""The app, photographs and a browser: all of them real."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from skimage import data as photographs

from benchmarks.real_app import App, launch_browser


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    app = App(tmp_path_factory.mktemp("home"))
    app.start()
    yield app
    app.stop()
    app.end_trainings()


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """A folder of crops from real photographs, and one file that is none."""
    folder = tmp_path_factory.mktemp("photos") / "holiday"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = Image.fromarray(getattr(photographs, name)())
        for i in range(40):
            left, top = (i % 8) * (picture.width - 128) // 8, (i // 8) * (picture.height - 128) // 5
            picture.crop((left, top, left + 128, top + 128)).save(folder / f"{name}-{i:02d}.jpg")
    (folder / "notes.jpg").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def browser() -> Browser:
    with sync_playwright() as playwright:
        browser = launch_browser(playwright)
        yield browser
        browser.close()
