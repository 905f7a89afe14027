"""Start-up: seconds from `python app.py` until a page, opened as soon as it answers, draws its first face.

    python -m benchmarks.startup

The first start after a boot or an install reads everything from the disk: run it twice.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from benchmarks.real_app import App, launch_browser

STARTS = 3
FIRST_FACE = ".explorer[data-frames]:not([data-frames='0'])"


def measure(browser: Browser) -> dict:
    """Prints every start; the median seconds until the server answers and until the first face."""
    with tempfile.TemporaryDirectory() as scratch:
        starts = [one_start(browser, Path(scratch)) for _ in range(STARTS)]
    for answers, face in starts:
        print(f"start: the server answers after {answers:.2f} s, the first face is drawn after {face:.2f} s")
    answers, face = (round(statistics.median(times), 2) for times in zip(*starts, strict=True))
    return {"answers_sec": answers, "first_face_sec": face}


def one_start(browser: Browser, home: Path) -> tuple[float, float]:
    with closing(browser.new_context(viewport={"width": 1280, "height": 800})) as context:
        page, app = context.new_page(), App(home)
        began = time.perf_counter()
        app.launch()
        try:
            # Not with the page: a browser that finds nobody costs more than the app's own start.
            while not answers_at(app.url):
                if app.process.poll() is not None:
                    raise RuntimeError((home / "app.log").read_text())
                time.sleep(0.05)
            answers = time.perf_counter() - began
            page.goto(app.url, wait_until="commit")
            page.wait_for_selector(FIRST_FACE, timeout=120_000)
            return answers, time.perf_counter() - began
        finally:
            app.stop()


def answers_at(url: str) -> bool:
    try:
        urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def main() -> None:
    with sync_playwright() as playwright, closing(launch_browser(playwright)) as browser:
        print(json.dumps({"startup": measure(browser)}))


if __name__ == "__main__":
    main()
