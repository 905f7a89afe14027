"""The app, photographs and a browser: all of them real."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from explorer_page import PATTERNS, SECONDS, choose_model, opened, untrained
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from skimage import data as photographs

from benchmarks.real_app import App, launch_browser
from gan_core.hub import browser_runtime
from gan_core.runs.run_dir import RunDir

expect.set_options(timeout=60 * SECONDS)


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


@pytest.fixture(scope="module")
def patterns(app) -> RunDir:
    """A model that draws at once, and something else of every seed."""
    return untrained(app, PATTERNS)


@pytest.fixture
def page(app, browser: Browser, patterns) -> Page:
    """The explorer's page on that model, unless the tests of a file have a page of their own."""
    page = opened(app.url, browser)
    choose_model(page, PATTERNS)
    yield page
    page.context.close()


@pytest.fixture(scope="session")
def runtime(tmp_path_factory) -> dict[str, str]:
    """The environment of a command that needs ONNX Runtime Web: from where everybody gets it, else as npm's package."""
    folder = tmp_path_factory.mktemp("runtime")
    try:
        browser_runtime.fetch("ort.wasm.bundle.min.mjs", folder / "probe.mjs")
        return {}
    except ValueError:
        pass
    command = [shutil.which("npm"), "pack", f"onnxruntime-web@{browser_runtime.VERSION}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return {browser_runtime.SOURCE_VARIABLE: str(folder / "package" / "dist")}
