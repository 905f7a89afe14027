"""Slider to pixels: a real browser drags a slider of the real app, alone and beside a training.

    python -m benchmarks.explorer                        # the shipped model, 10 seconds of dragging each
    python -m benchmarks.explorer --model my-run --seconds 30

A latency runs from the slider's input event to the frame after its face was drawn. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.real_app import App, launch_browser
from gan_core.config import preset
from gan_core.home import checkpoints
from gan_core.runs.library import SHIPPED, find_model
from gan_core.runs.run_dir import RunDir

PROBE = """
() => {
  const root = document.querySelector(".explorer"), slider = root.querySelector("#direction-0");
  window.latencies = [];
  let pending = [];
  slider.addEventListener("input", () => pending.push([performance.now(), Number(slider.value)]), true);
  new MutationObserver(() => {
    const amount = JSON.parse(root.dataset.shown).at?.amounts[0];
    const last = pending.map(([, value]) => value).lastIndexOf(amount);
    const seen = pending.slice(0, last + 1);
    pending = pending.slice(last + 1);
    requestAnimationFrame(() => seen.forEach(([time]) => latencies.push(performance.now() - time)));
  }).observe(root, { attributes: true, attributeFilter: ["data-frames", "data-shown"] });
}
"""


def drag(page: Page, seconds: float) -> dict:
    """Drag the first slider to and fro; faces a second, and milliseconds from input to pixels."""
    slider = page.locator("#direction-0")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle, reach = box["x"] + box["width"] / 2, box["width"] * 0.4
    page.mouse.move(middle, box["y"] + box["height"] / 2)
    page.mouse.down()
    began, frames = page.evaluate("performance.now()"), count(page)
    step = 0
    while (now := page.evaluate("performance.now()")) - began < seconds * 1000:
        step += 1
        swing = abs(step % 12 - 6) / 3 - 1
        page.mouse.move(middle + reach * swing, box["y"] + box["height"] / 2, steps=10)
    faces = (count(page) - frames) / ((now - began) / 1000)
    page.mouse.up()
    page.wait_for_timeout(300)
    latencies = sorted(page.evaluate("latencies"))
    return {
        "faces_per_sec": round(faces, 1),
        "p50_ms": round(statistics.median(latencies), 1),
        "p95_ms": round(latencies[int(len(latencies) * 0.95)], 1),
        "inputs": len(latencies),
    }


def count(page: Page) -> int:
    return int(page.locator(".explorer").get_attribute("data-frames"))


def open_explorer(app: App, browser, model: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(app.url)
    # While a training runs, the page opens on it: let that happen first.
    page.wait_for_timeout(3000)
    page.get_by_role("tab", name="Explore").click()
    page.get_by_label("Model", exact=True).select_option(model)
    page.wait_for_selector(f".explorer[data-ready^='{model}']", timeout=60_000)
    page.evaluate(PROBE)
    return page


def train_beside(app: App, browser) -> None:
    """Start a 64 px training of drawn faces in the app, and wait until it trains."""
    page = browser.new_context().new_page()
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("#sheet img[data-nimg]", timeout=180_000)
    page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=checkpoints()) as scratch, sync_playwright() as playwright:
        home = Path(scratch)
        run = RunDir.create(home / "checkpoints" / "model", preset("dcgan"))
        shutil.copy2(find_model(args.model), run.generator)
        app, browser = App(home), launch_browser(playwright)
        app.start()
        try:
            alone = drag(open_explorer(app, browser, "model"), args.seconds)
            train_beside(app, browser)
            beside = drag(open_explorer(app, browser, "model"), args.seconds)
        finally:
            browser.close()
            app.stop()
            app.end_trainings()
    print(f"{'':20}{'faces/s':>10}{'p50 ms':>10}{'p95 ms':>10}")
    for name, row in (("alone", alone), ("beside a training", beside)):
        print(f"{name:20}{row['faces_per_sec']:>10}{row['p50_ms']:>10}{row['p95_ms']:>10}")
    print(json.dumps({"alone": alone, "beside_training": beside}))


if __name__ == "__main__":
    main()
