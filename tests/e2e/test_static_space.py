"""A page without a server: the folder that is published, on a plain file server, in a real browser."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from explorer_page import DESK, PHONE, QUESTIONS, new_page, open_tool, opened, wait_until_ready
from playwright.sync_api import Browser, Page, expect

from gan_core.home import REPOSITORY
from gan_core.latent import Explorer, Point
from gan_core.latent.timeline import Piece

MODEL = REPOSITORY / "checkpoints" / "avatars-64"
MOST_BYTES = 25_000_000
POINTS = [
    Point(0),
    Point(7, {"pca-1": 1.5, "sefa-2": -2.0}),
    Point(123456789, {"pca-3": 2.5}),
    Point(2**31 - 1),
    Point(z=tuple(np.linspace(-2, 2, 100).astype(np.float32).tolist())),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, runtime) -> Path:
    """The folder that the command writes."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out") / "site"
    command = [sys.executable, "-m", "gan_core", "publish", str(MODEL), "somebody/avatars", "--as", "static"]
    environment = {**os.environ, **runtime, "DCGAN_STUDIO_HOME": str(home)}
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=REPOSITORY, env=environment, capture_output=True, timeout=600
    )
    assert not done.returncode, done.stderr.decode()
    return out


@pytest.fixture(scope="module")
def url(site) -> str:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def page(url, browser: Browser) -> Page:
    page = new_page(browser, viewport=DESK)
    page.add_init_script(QUESTIONS)
    page.asked, page.failures = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and page.failures.append(answer.url))
    page.goto(url)
    wait_until_ready(page)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return Explorer.load(MODEL / "generator.safetensors")


def as_json(point: Point) -> dict:
    from ui.explore.wishes import to_json

    return to_json(point)


def drawn(page: Page, views: list[dict]) -> np.ndarray:
    """The pixels [N, H, W, 3] that the page's own answers have for these views."""
    code = """async (views) => {
      const [engine, runtime] = await Promise.all([import("./engine.js"), import("./runtime.js")]);
      const site = await (await fetch("site.json")).json();
      const { session, Tensor } = await runtime.openRuntime("generator.onnx", () => {});
      const server = engine.answers(site, session, Tensor), found = [];
      for (const view of views) {
        const { image, error } = await server.face({ view });
        if (error) throw new Error(error);
        found.push([...image.getContext("2d").getImageData(0, 0, site.size, site.size).data]);
      }
      return found;
    }"""
    pixels = np.array(page.evaluate(code, views), np.uint8)
    return pixels.reshape(len(views), 64, 64, 4)[..., :3]


def grey_levels(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_the_whole_page_is_small_and_says_what_it_is(site):
    sizes = {path.name: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    assert sum(sizes.values()) <= MOST_BYTES
    assert "sdk: static" in (site / "README.md").read_text()
    assert json.loads((site / "site.json").read_text())["terms"] == "Open Peeps by Pablo Stanley, CC0 1.0"


def test_its_pictures_are_pytorchs_to_one_grey_level(page, explorer):
    found = drawn(page, [{"at": as_json(point)} for point in POINTS])
    assert grey_levels(found, explorer.render(POINTS)) <= 1


@pytest.mark.parametrize("third", ["in", "hold"])
@pytest.mark.parametrize(("way", "closed"), [("slerp", True), ("spline", True), ("spline", False), ("slerp", False)])
def test_its_timelines_go_where_pythons_go(page, explorer, way, closed, third):
    z = np.array(POINTS[4].z)
    points = [*POINTS[:2], Point(z=tuple((3 * z).tolist())), POINTS[2]]
    pieces = [Piece(1.0, "linear"), Piece(0.5, "smooth"), Piece(2.0, third), Piece(0.7, "out")]
    timeline = explorer.timeline(points, pieces, closed=closed, way=way)
    moments = [0.0, 0.1, 0.33, 0.5, 0.8, 0.97, 1.0]
    keys = [
        {"point": as_json(point), "seconds": piece.seconds, "easing": piece.easing}
        for point, piece in zip(points, pieces, strict=True)
    ]
    found = drawn(page, [{"keys": keys, "way": way, "closed": closed, "t": t} for t in moments])
    assert grey_levels(found, explorer.render_z(timeline.at(np.array(moments)))) <= 2


def test_a_slider_redraws_the_picture_and_undo_takes_it_back(page):
    slider = page.locator(".dir input").first
    slider.focus()
    before = int(page.locator(".explorer").get_attribute("data-frames"))
    slider.press("End")
    page.wait_for_function("Object.keys(point().moves ?? {}).length === 1")
    assert int(page.locator(".explorer").get_attribute("data-frames")) > before
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("Object.keys(point().moves ?? {}).length === 0")


def test_a_film_of_an_open_path_arrives_and_one_of_a_closed_path_does_not_repeat(page):
    code = """async (closed) => {
      const { film } = await import("./film.js"), moments = [], canvas = document.createElement("canvas");
      const frame = async (t) => { moments.push(t); return canvas; };
      await film(frame, { size: 64, fps: 20, seconds: 0.25, closed }, () => {});
      return moments;
    }"""
    assert page.evaluate(code, False) == [0, 0.25, 0.5, 0.75, 1]
    assert page.evaluate(code, True) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


def test_a_number_of_frames_that_cannot_be_becomes_one_that_can(page):
    open_tool(page, "Morph")
    page.get_by_role("button", name="Strip", exact=True).click()
    frames = page.locator("[data-is=morphfile] [data-of=frames]")
    for given, taken in (("999", "64"), ("", "2"), ("8", "8")):
        frames.fill(given)
        frames.blur()
        expect(frames).to_have_value(taken)


def test_a_strip_and_a_film_are_saved(page, tmp_path):
    open_tool(page, "Morph")
    for kind in ("Strip", "Film"):
        page.get_by_role("button", name=kind, exact=True).click()
        with page.expect_download() as download:
            page.locator("[data-is=morphfile] button.primary").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.stat().st_size > 5000 and path.suffix in ((".png",) if kind == "Strip" else (".mp4", ".webm"))
    open_tool(page, "Play")


def test_it_asks_nothing_of_anybody_else_and_fails_at_nothing(page, url):
    assert not [each for each in page.asked if not each.startswith((url, "data:", "blob:"))]
    assert not page.failures


def test_a_link_opens_the_same_picture_on_a_phone(page, url, browser):
    page.locator(".dir input").nth(1).fill("1.2")
    page.get_by_role("button", name="Link").click()
    page.wait_for_function("location.hash.length > 10")
    phone = opened(page.url, browser, viewport=PHONE)
    phone.wait_for_function("before => pixels() === before", arg=page.evaluate("pixels()"))
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.context.close()


def test_opened_as_a_file_it_says_what_to_do(site, browser):
    page = new_page(browser)
    page.goto((site / "index.html").as_uri())
    expect(page.get_by_role("status")).to_contain_text("in its folder run python -m http.server")
    page.context.close()


def test_a_missing_file_is_told_in_a_sentence(site, url, browser):
    (site / "generator.onnx").rename(site / "away.onnx")
    try:
        page = new_page(browser)
        page.goto(url)
        expect(page.locator(".loading")).to_contain_text("generator.onnx is missing")
        page.context.close()
    finally:
        (site / "away.onnx").rename(site / "generator.onnx")
