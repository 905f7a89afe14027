"""The explorer's page in a real browser: opened, asked what it shows, and moved as visitors do."""

from __future__ import annotations

import json

import torch
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from gan_core.config import Config
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir, Status

SERVER = "**/component_server/"
SECONDS = 5000  # of a machine as busy as five: Playwright counts milliseconds
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATTERNS = "patterns"
# The point on the stage, how far it is moved along a direction, and its picture.
QUESTIONS = """
window.point = () => JSON.parse(document.querySelector(".explorer").dataset.shown || "{}").at || {};
window.amount = (id) => point().moves?.[id] ?? 0;
window.pixels = () => document.querySelector(".explorer canvas.hero").toDataURL();
"""

# What is over soon is seen by nobody who only looks now and then.
HAS_BEGUN = """selector => {
  window.hasBegun = false;
  new MutationObserver((_, observer) => {
    if (!document.querySelector(selector)?.checkVisibility()) return;
    window.hasBegun = true;
    observer.disconnect();
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


def new_page(browser: Browser, **options) -> Page:
    """A page of a visitor's own, with a patience for everything as long as that for the words on it."""
    context = browser.new_context(**{"viewport": DESK} | options)
    context.set_default_timeout(60 * SECONDS)
    return context.new_page()


def begin(page: Page, button: str, cancel: str) -> None:
    """Press the button of that name until what it begins has begun, whose Cancel button that selector finds."""
    page.evaluate(HAS_BEGUN, cancel)
    pressed = page.get_by_role("button", name=button, exact=True)
    expect(pressed).to_be_enabled()
    for look in range(3000):
        if page.evaluate("hasBegun"):
            return
        # While the event of before is still ending, which no page shows, a button answers to nothing.
        if look % 10 == 0:
            pressed.evaluate_all("buttons => window.hasBegun || buttons[0]?.click()")
        page.wait_for_timeout(100)
    raise AssertionError(f"{button} begins nothing")


def opened(url: str, browser: Browser, script: str = "", **options) -> Page:
    """A visitor's page, ready, that answers QUESTIONS; `script` runs before its own, whose errors are in `errors`."""
    page = new_page(browser, **options)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_init_script(QUESTIONS + script)
    page.goto(url)
    wait_until_ready(page)
    return page


def wait_until_ready(page: Page, model: str | None = None) -> None:
    ready = f'[data-ready^="{model}@"]' if model else "[data-ready]"
    page.wait_for_selector(f".explorer{ready}")


def choose_model(page: Page, name: str) -> None:
    page.get_by_label("Model", exact=True).select_option(name)
    wait_until_ready(page, name)


def reload(page: Page, model: str) -> None:
    page.reload()
    wait_until_ready(page)
    choose_model(page, model)


def open_tool(page: Page, name: str) -> None:
    page.get_by_role("group", name="Tools").get_by_role("button", name=name, exact=True).click()


def shown(page: Page) -> dict:
    """The view on the stage."""
    return json.loads(page.locator(".explorer").get_attribute("data-shown"))


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def set_to(page: Page, name: str, amount: float) -> None:
    slider(page, name).fill(str(amount))


class Held:
    """Requests for one function of the server, kept back until they may go on; the others pass."""

    def __init__(self, page: Page, name: str):
        self.page, self.name, self.routes = page, name, []
        page.route(SERVER, self.pass_or_keep)

    def pass_or_keep(self, route: Route) -> None:
        self.routes.append(route) if asked_for(route.request, self.name) else route.fallback()

    def wait(self, count: int = 1) -> None:
        """Until so many are kept back."""
        for _ in range(3000):
            if len(self.routes) >= count:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{len(self.routes)} requests for {self.name}")

    def answer(self) -> None:
        """Let go of them all, and wait until the page has the answers."""
        for route in self.routes:
            with self.page.expect_response(lambda answer, route=route: answer.request == route.request) as waited:
                route.continue_()
            waited.value.finished()
        self.page.unroute(SERVER, self.pass_or_keep)
        # What an answer starts is under way before the next frame.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def asked_for(request: Request, name: str) -> bool:
    return f'"fn_name":"{name}"' in (request.post_data or "")


def untrained(app, name: str) -> RunDir:
    """A small model whose pictures differ, though it never saw any."""
    config = Config().with_options(image_size=32, ngf=8, ndf=8, latent_dim=16)
    run = RunDir.create(app.home / "checkpoints" / name, config)
    run.write_status(Status("done", nimg=1000))
    torch.manual_seed(0)
    G = build_generator(config.model)
    for module in G.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.01, 0.1)
    G.to_image.weight.data.normal_(0, 0.2)
    save_generator(run.generator, G, config, 1000)
    return run
