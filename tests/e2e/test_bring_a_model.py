"""Somebody else's DCGAN, brought by its file: it opens, and draws what PyTorch draws of the same z."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from explorer_page import opened, shown
from foreign_nets import example_D, example_G, named
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gan_core.latent import z_from_seeds
from gan_core.pixels import to_uint8

SEED = 7
LISTEN = """
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (image, ...place) {
  if (this.canvas.classList.contains("hero")) window.drawn = image.src;
  return draw.call(this, image, ...place);
};
"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def page(app, browser: Browser) -> Page:
    page = opened(app.url, browser, LISTEN)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("theirs")
    torch.save({f"module.{name}": value for name, value in named(example_G(ngf=16)).items()}, folder / "netG.pth")
    torch.save(named(example_D(ndf=16)), folder / "netD.pth")
    return folder


def on_stage(page: Page) -> np.ndarray:
    """The picture that was last drawn on the stage."""
    with Image.open(io.BytesIO(base64.b64decode(page.evaluate("drawn").partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"), int)


def drawn_by_pytorch(seed: int) -> np.ndarray:
    z = torch.from_numpy(z_from_seeds([seed], 100))[:, :, None, None]
    return to_uint8(example_G(ngf=16)(z))[0].astype(int)


def test_an_examples_file_opens_and_draws_what_pytorch_draws(page, theirs):
    page.get_by_role("button", name="Bring a model…").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[data-is=bring-file]").set_input_files(theirs / "netG.pth")
    dialog.locator("[data-is=bring-discriminator]").set_input_files(theirs / "netD.pth")
    expect(dialog).to_contain_text("netG.pth · ")
    dialog.get_by_role("button", name="Bring it").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-is=models]")).to_have_value("netG")
    page.locator("[data-is=seed]").fill(str(SEED))
    page.locator("[data-is=seed]").press("Enter")
    page.wait_for_function(f"point().seed === {SEED}")
    wanted = drawn_by_pytorch(SEED)
    # Such a picture is the hardest for a JPEG: all noise.
    assert np.abs(on_stage(page) - wanted).mean() < 8
    assert np.abs(on_stage(page) - drawn_by_pytorch(SEED + 1)).mean() > 32
    expect(page.locator("[data-is=about]")).to_have_text("64 px · from netG.pth")
    assert page.errors == []


def test_what_is_wrong_stands_in_the_dialog_and_the_keyboard_is_enough(page, theirs):
    page.get_by_role("button", name="Bring a model…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="This computer").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    dialog.get_by_label("File or folder").fill(str(theirs / "netD.pth"))
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text(
        "netD.pth cannot be opened: this is a discriminator: the generator is wanted."
    )
    dialog.get_by_label("File or folder").fill(str(theirs))
    dialog.get_by_label("Name here").fill("from-a-folder")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-is=models]")).to_have_value("from-a-folder")
    assert shown(page) and page.errors == []


def test_escape_closes_it_and_the_picture_stays(page):
    before = shown(page)
    page.get_by_role("button", name="Bring a model…").click()
    page.get_by_role("dialog").get_by_role("button", name="The Hub").click()
    page.get_by_role("button", name="Bring it").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("Choose a file, or say where the model is.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert shown(page) == before
