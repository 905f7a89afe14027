"""Published from the page to the double of the Hub, over real HTTP, and opened again from there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from explorer_page import SECONDS, begin, new_page
from hub_double import Hub
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.real_app import App
from gan_core.home import REPOSITORY
from gan_core.latent import Explorer, Point

RUN = "avatars-64"
TOKEN, READS = "hf_writes", "hf_reads"
POINTS = [Point(seed) for seed in range(6)]
PULL = """
import sys
import numpy as np
from gan_core.hub import from_pretrained
from gan_core.latent import Point
np.save(sys.argv[2], from_pretrained(sys.argv[1]).render([Point(seed) for seed in range(6)]))
"""
DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type="space", local_dir=sys.argv[2])
"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def hub() -> Hub:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def at_hub(hub, tmp_path_factory) -> dict[str, str]:
    """The environment of a process for which the double is the Hub, and where nobody is logged in."""
    return {
        "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path_factory.mktemp("hf")), "HF_HUB_DISABLE_XET": "1",
    }  # fmt: skip


@pytest.fixture(scope="module")
def app(at_hub, runtime, tmp_path_factory) -> App:
    app = App(tmp_path_factory.mktemp("home"), **at_hub, **runtime)
    app.start()
    yield app
    app.stop()


@pytest.fixture(scope="module")
def page(app, browser: Browser) -> Page:
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    yield page
    page.context.close()


def choose(page: Page, kind: str, name: str, token: str = TOKEN) -> None:
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    page.get_by_label("Name on Hugging Face").fill(name)
    page.get_by_label("Token with the right to write").fill(token)


def press(page: Page, button: str) -> Locator:
    """Press it, and wait for what it comes to."""
    begin(page, button, "#cancel-publish")
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_visible(timeout=180 * SECONDS)
    return page.locator("#publishing")


def command(code: str, *arguments: object, python: Path | str = sys.executable, **environment: str) -> None:
    done = subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert not done.returncode, done.stderr


def test_a_run_s_menu_leads_to_its_publishing(page):
    page.get_by_role("button", name=f"More for {RUN}", exact=True).click()
    page.get_by_role("menuitem", name="Publish…").click()
    expect(page.get_by_label("Run to publish")).to_have_value(RUN)
    expect(page.locator("#publish .picked img")).to_be_visible()
    expect(page.get_by_label("Name on Hugging Face")).to_have_attribute("placeholder", RUN)
    expect(page.locator("#publish")).to_contain_text("where nobody who may write is logged in now")


def expect_refusal(page: Page, words: str) -> None:
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()


def test_without_a_token_and_with_one_that_only_reads(page, hub):
    choose(page, "The model", "avatars", token="")
    expect_refusal(page, "You are not logged in to Hugging Face: make a token")
    choose(page, "The model", "avatars", token=READS)
    expect_refusal(page, "Your token may only read: make one with the right to write")
    assert hub.repos == {}


def test_a_name_that_is_taken(page, hub):
    hub.repos["me/bert"] = {"model.safetensors": b"bert"}
    choose(page, "The model", "bert")
    expect_refusal(page, "me/bert holds something else than a model of yours: choose another name")
    choose(page, "The model", "them/avatars")
    expect_refusal(page, "ou may not write to them/avatars")
    assert hub.repos.pop("me/bert") == {"model.safetensors": b"bert"} and hub.repos == {}


def test_a_model_is_looked_at_then_sent_and_is_there(page, hub):
    choose(page, "The model", "avatars")
    press(page, "Preview")
    expect(page.locator(".goes-up")).to_contain_text("me/avatars, a new model; everybody sees it.")
    shown = page.locator(".goes-up td:first-child").all_text_contents()
    expect(page.locator("#publish-card")).to_contain_text('from_pretrained("me/avatars")')
    assert page.locator("#publish-card img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert hub.repos == {}
    expect(press(page, "Publish")).to_contain_text(f"Published; everybody sees it:{hub.endpoint}/me/avatars")
    assert set(hub.repos["me/avatars"]) == {".gitattributes", *shown}
    expect(page.get_by_label("Token with the right to write")).to_have_value("")


def test_it_is_updated_and_a_card_that_was_edited_there_stays(page, hub):
    there, sent = hub.repos["me/avatars"], len(hub.sent)
    there["README.md"], hub.heads["me/avatars"] = b"my own words", "a" * 40
    choose(page, "The model", "avatars")
    press(page, "Preview")
    expect(page.locator(".goes-up")).to_contain_text("a model that is there: this updates it")
    expect(page.locator(".goes-up tr").filter(has_text="README.md")).to_contain_text("stays as it was edited there")
    expect(press(page, "Publish")).to_contain_text("Left as it was edited there: README.md.")
    assert hub.repos["me/avatars"]["README.md"] == b"my own words" and len(hub.sent) == sent


def test_a_preview_can_be_cancelled(page, app):
    choose(page, "The model", "cancelled")
    begin(page, "Preview", "#cancel-publish")
    page.locator("#cancel-publish").click()
    expect(page.locator("#publishing")).to_contain_text("Cancelled.")
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_visible()


def test_a_page_without_a_server_is_published_and_taken_away(page, hub, tmp_path):
    choose(page, "A page in the visitor", "page")
    expect(press(page, "Publish")).to_contain_text(f"{hub.endpoint}/spaces/me/page")
    assert hub.sdks["spaces/me/page"] == "static" and "index.html" in hub.repos["spaces/me/page"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a folder (zip)").click()
    assert download.value.suggested_filename == f"{RUN}-static.zip"


@pytest.fixture(scope="module")
def downloaded(page, hub, at_hub, tmp_path_factory) -> Path:
    """The Gradio Space that was published, in a new folder."""
    choose(page, "This whole app", "app")
    expect(press(page, "Publish")).to_contain_text(f"{hub.endpoint}/spaces/me/app")
    folder = tmp_path_factory.mktemp("download") / "space"
    command(DOWNLOAD, "me/app", folder, **at_hub)
    return folder


@pytest.fixture(scope="module")
def clean_python(downloaded, tmp_path_factory) -> Path:
    """A new environment of what the Space asks for and nothing else, as a machine has it that never saw this one."""
    venv = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # Without the index of wheels for processors alone, which only saves room.
    pinned = [line for line in (downloaded / "requirements.txt").read_text().splitlines() if not line.startswith("--")]
    # What is used is compiled then; to compile all of it takes as long as to install it.
    install = [venv / "bin/pip", "install", "--quiet", "--no-compile", *pinned]
    subprocess.run(install, check=True, timeout=1800)
    yield venv / "bin/python"
    shutil.rmtree(venv)


@pytest.fixture
def space(downloaded, clean_python, at_hub) -> App:
    app = App(downloaded, downloaded, clean_python, SPACE_ID="me/app", SPACE_AUTHOR_NAME="me", **at_hub)
    app.start()
    yield app
    app.stop()


def test_the_downloaded_app_draws_that_run(space, browser: Browser):
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(space.url)
    page.wait_for_selector(".explorer[data-ready]", state="attached")
    canvas, slider = "document.querySelector('canvas.hero').toDataURL()", page.locator(".dir input").first
    before, box = page.evaluate(canvas), slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=10)
    page.mouse.up()
    page.wait_for_function(f"before => {canvas} !== before", arg=before)
    page.context.close()


def test_the_model_gives_the_same_pixels_anywhere(at_hub, clean_python, tmp_path):
    command(PULL, "me/avatars", tmp_path / "drawn.npy", python=clean_python, **at_hub)
    drawn = Explorer.load(REPOSITORY / "checkpoints" / RUN / "generator.safetensors").render(POINTS)
    assert np.array_equal(np.load(tmp_path / "drawn.npy"), drawn)


def test_no_token_is_left_anywhere(page, app, hub):
    assert TOKEN not in page.content()
    files = [path for path in app.home.rglob("*") if path.is_file()]
    assert files and not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert not [name for files in hub.repos.values() for name, data in files.items() if TOKEN.encode() in data]
