"""The page without a server: how much a browser loads of it, and slider to pixels.

    python -m benchmarks.static_page                     # the shipped faces
    python -m benchmarks.static_page --model my-run --seconds 60

The first use fetches ONNX Runtime Web, or takes its files from the folder that DCGAN_STUDIO_ORT names. The page has one
processor core at least: Chromium draws, while its own thread runs the generator. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.real_app import launch_browser
from benchmarks.visitors import PROBE, drag
from gan_core.hub.prepare import prepare
from gan_core.runs.library import SHIPPED, find_run


class Counting(http.server.SimpleHTTPRequestHandler):
    """A plain file server that counts what it sends."""

    sent = 0

    def copyfile(self, source, outputfile) -> None:
        Counting.sent += Path(source.name).stat().st_size
        super().copyfile(source, outputfile)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with closing(server.socket):
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--seconds", type=float, default=10, help="of dragging (default 10)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        files = prepare("static", find_run(args.model), Path(folder), "somebody/page")
        whole = sum(files.sizes.values())
        browser = launch_browser(playwright)
        with served(files.folder) as url:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(url)
            page.wait_for_selector(".explorer[data-ready]", timeout=120_000)
            runtime, loaded = page.evaluate("document.body.dataset.runtime"), Counting.sent
            page.evaluate(PROBE)
            found = drag([page], args.seconds)
        browser.close()
    print(f"{args.model}, {runtime}: {loaded / 1e6:.1f} MB loaded of {whole / 1e6:.1f} MB")
    latencies = f"p50 {found.p50_ms} ms, p95 {found.p95_ms} ms, longest {found.longest_ms} ms"
    print(f"{found.faces_per_sec_min} faces/s, {latencies}")
    print(json.dumps({"model": args.model, "runtime": runtime, "bytes_loaded": loaded, **asdict(found)}))


if __name__ == "__main__":
    main()
