"""Slider to pixels: visitors drag sliders of the real app, alone and beside a training; and how long the app starts.

    python -m benchmarks.explorer                        # the shipped model; 1, 4 and 16 visitors at once
    python -m benchmarks.explorer --model my-run --seconds 30
    python -m benchmarks.explorer --no-browser --no-training --seconds 3
    python -m benchmarks.explorer --visitors 1 --seconds 60 --cores 1 --no-training   # the app on one core

Server: clients over HTTP, from a request to its answer. Browser: pages of one Chromium, from the slider's input event
to the frame after its face was drawn. Both share the processor with the app. The clients take little of it, but a page
takes more than the app does for its faces: on two cores the rows of many pages measure Chromium, while real visitors
bring processors of their own. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks import startup
from benchmarks.real_app import App, launch_browser
from benchmarks.visitors import Drag, drag_by_http, drag_in_pages
from gan_core.config import preset
from gan_core.home import checkpoints
from gan_core.runs import job
from gan_core.runs.library import SHIPPED, find_model
from gan_core.runs.run_dir import RunDir

MODEL = "model"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--visitors", default="1,4,16", help="how many at once, in turn (default 1,4,16)")
    parser.add_argument("--seconds", type=float, default=10, help="of dragging each time (default 10)")
    parser.add_argument("--cores", type=int, help="cores for the app, on Linux (default all)")
    parser.add_argument("--no-browser", action="store_true", help="only the server, and no start-up")
    parser.add_argument("--no-training", action="store_true", help="not beside a training")
    return parser.parse_args()


@contextmanager
def running_app(model: Path, cores: int | None) -> Iterator[App]:
    """The app with a copy of that model, at home in a folder that vanishes with it and with what it trains."""
    with tempfile.TemporaryDirectory(dir=checkpoints()) as home:
        os.environ["DCGAN_STUDIO_HOME"] = home
        shutil.copy2(model, RunDir.create(checkpoints() / MODEL, preset("dcgan")).generator)
        app = App(Path(home))
        with on_cores(cores):
            app.start()
        try:
            yield app
        finally:
            app.stop()
            app.end_trainings()


@contextmanager
def on_cores(cores: int | None) -> Iterator[None]:
    """Processes that begin here get only so many cores."""
    if cores is None:
        yield
        return
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(mine)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def train_beside() -> None:
    """Start a 64 px training of drawn faces as the app does, and wait until it trains."""
    run = job.start(preset("dcgan").with_options(data="drawn", minutes=60))
    deadline = time.monotonic() + 180
    while not run.metrics():
        if time.monotonic() > deadline or not run.status().active:
            raise RuntimeError(run.log.read_text())
        time.sleep(0.5)


def drags(app: App, browser: Browser | None, visitors: list[int], seconds: float) -> dict[str, list[Drag]]:
    # In a thread of its own, since Playwright runs an event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        rows = {
            "server": [
                pool.submit(asyncio.run, drag_by_http(app.url, MODEL, count, seconds)).result() for count in visitors
            ]
        }
    if browser:
        rows["browser"] = [drag_in_pages(app.url, browser, MODEL, count, seconds) for count in visitors]
    return rows


def show(title: str, rows: dict[str, list[Drag]]) -> None:
    columns = ("p50 ms", "p95 ms", "longest")
    print(
        f"\n{title:20}{'visitors':>10}{'faces/s each: min':>20}{'median':>10}"
        + "".join(f"{each:>10}" for each in columns)
    )
    for place, found in rows.items():
        for row in found:
            rates = f"{row.faces_per_sec_min:>20}{row.faces_per_sec_median:>10}"
            print(f"{place:20}{row.visitors:>10}{rates}{row.p50_ms:>10}{row.p95_ms:>10}{row.longest_ms:>10}")


def main() -> None:
    args = parse()
    visitors = [int(count) for count in args.visitors.split(",")]
    found = {}
    with ExitStack() as stack:
        browser = None
        if not args.no_browser:
            browser = stack.enter_context(closing(launch_browser(stack.enter_context(sync_playwright()))))
            found["startup"] = startup.measure(browser)
        app = stack.enter_context(running_app(find_model(args.model), args.cores))
        for title in ["alone"] if args.no_training else ["alone", "beside a training"]:
            if title != "alone":
                train_beside()
            rows = drags(app, browser, visitors, args.seconds)
            show(title, rows)
            found[title.replace(" ", "_")] = {place: [asdict(row) for row in each] for place, each in rows.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
