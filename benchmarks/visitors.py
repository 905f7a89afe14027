"""Visitors that drag sliders: plain HTTP clients, which load the server and little else, or pages of a browser."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, Page

PROBE = """
() => {
  const root = document.querySelector(".explorer"), slider = root.querySelector("#direction-pca-1");
  window.latencies = [];
  window.drawnAt = [];
  let pending = [];
  slider.addEventListener("input", () => pending.push([performance.now(), Number(slider.value)]), true);
  new MutationObserver(() => {
    drawnAt.push(performance.now());
    const amount = JSON.parse(root.dataset.shown).at?.moves["pca-1"] ?? 0;
    const last = pending.map(([, value]) => value).lastIndexOf(amount);
    const seen = pending.slice(0, last + 1);
    pending = pending.slice(last + 1);
    requestAnimationFrame(() => seen.forEach(([time]) => latencies.push(performance.now() - time)));
  }).observe(root, { attributes: true, attributeFilter: ["data-frames", "data-shown"] });
}
"""
# Moves the slider on at every frame, as a hand does that sends an event a frame; counts the frames with a new face.
DRAG = """
(seconds) => {
  const root = document.querySelector(".explorer"), slider = root.querySelector("#direction-pca-1");
  const began = performance.now();
  let ticks = 0, faces = 0, longest = 0, last = root.dataset.frames, lastAt = began;
  window.dragging = new Promise((done) => {
    const frame = () => {
      const now = performance.now(), passed = (now - began) / 1000;
      if (root.dataset.frames !== last) {
        faces += 1;
        longest = Math.max(longest, now - lastAt);
        [last, lastAt] = [root.dataset.frames, now];
      }
      if (passed >= seconds) return done({ faces: faces / passed, ticks, longest });
      ticks += 1;
      slider.value = 2 * Math.sin(5 * passed);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}
"""


@dataclass(frozen=True)
class Drag:
    """New faces a second that each visitor saw, milliseconds from a wish to its face, and the longest wait for one."""

    visitors: int
    faces_per_sec_min: float
    faces_per_sec_median: float
    p50_ms: float
    p95_ms: float
    longest_ms: float

    @classmethod
    def of(cls, faces_per_sec: list[float], latencies_ms: list[float], longest_ms: float | None = None) -> Drag:
        latencies = sorted(latencies_ms)
        figures = (
            min(faces_per_sec),
            statistics.median(faces_per_sec),
            statistics.median(latencies),
            latencies[int(len(latencies) * 0.95)],
            latencies[-1] if longest_ms is None else longest_ms,
        )
        return cls(len(faces_per_sec), *(round(figure, 1) for figure in figures))


class Client:
    """One connection to the app, asking as the page does.

    By hand, since a request of httpx costs half as much processor time as its answer.
    """

    def __init__(self, url: str):
        self._host = urlsplit(url)
        with urlopen(f"{url}/config") as answer:
            components = json.load(answer)["components"]
        self._component = next(
            part["id"] for part in components if 'class="explorer"' in str(part["props"].get("html_template"))
        )

    async def connect(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection(self._host.hostname, self._host.port)
        return self

    async def ask(self, name: str, request: dict) -> dict:
        asked = {"data": request, "component_id": self._component, "session_hash": str(id(self)), "fn_name": name}
        body = json.dumps(asked).encode()
        head = f"POST /gradio_api/component_server/ HTTP/1.1\r\nHost: {self._host.netloc}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
        headers = dict(line.split(": ", 1) for line in lines if line)
        answer = json.loads(await self._reader.readexactly(int(headers["content-length"])))
        if " 200 " not in status or "error" in answer:
            raise RuntimeError(f"{name}: {status}: {answer}")
        return answer


async def drag_by_http(url: str, model: str, visitors: int, seconds: float) -> Drag:
    """Every visitor asks for the next face as soon as the last is there."""
    clients = [await Client(url).connect() for _ in range(visitors)]
    key = (await clients[0].ask("open_model", {"model": model}))["key"]
    names = [each["id"] for each in (await clients[0].ask("directions", {"key": key}))["directions"]][:12]

    async def visit(seed: int) -> list[float]:
        latencies, end = [], time.perf_counter() + seconds
        while (asked := time.perf_counter()) < end:
            moves = {name: random.uniform(-2, 2) for name in names}
            await clients[seed].ask("face", {"key": key, "view": {"at": {"seed": seed, "moves": moves}}})
            latencies.append((time.perf_counter() - asked) * 1000)
        return latencies

    seen = await asyncio.gather(*map(visit, range(visitors)))
    return Drag.of([len(each) / seconds for each in seen], sum(seen, []))


def open_page(url: str, browser: Browser, model: str) -> Page:
    """A page of its own context on the Explore tab, with that model open and its latencies watched."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(url)
    page.wait_for_selector(".explorer[data-ready]", state="attached", timeout=60_000)
    # While a training runs, the page opens on it: let that happen first.
    page.wait_for_timeout(1000)
    page.get_by_role("tab", name="Explore").click()
    page.get_by_label("Model", exact=True).select_option(model)
    page.wait_for_selector(f".explorer[data-ready^='{model}']", timeout=60_000)
    page.evaluate(PROBE)
    return page


def drag_in_pages(url: str, browser: Browser, model: str, visitors: int, seconds: float) -> Drag:
    pages = [open_page(url, browser, model) for _ in range(visitors)]
    found = drag(pages, seconds)
    for page in pages:
        page.context.close()
    return found


def drag(pages: list[Page], seconds: float) -> Drag:
    """Drag the first slider of all pages to and fro."""
    for page in pages:
        page.evaluate(DRAG, seconds)
    results = [page.evaluate("dragging") for page in pages]
    if min(result["ticks"] for result in results) < seconds:
        raise RuntimeError("the browser let a page sleep")
    pages[0].wait_for_timeout(500)
    latencies = [page.evaluate("latencies") for page in pages]
    longest = max(result["longest"] for result in results)
    return Drag.of([result["faces"] for result in results], sum(latencies, []), longest)
