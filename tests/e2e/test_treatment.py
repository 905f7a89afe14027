"""A training that has gone wrong is explained in the browser, and put right at a click."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from explorer_page import SECONDS, new_page
from playwright.sync_api import Browser, expect

from benchmarks.real_app import REPOSITORY
from gan_core.runs.run_dir import RunDir

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_what_helps_is_done_at_a_click_and_the_run_gets_well(app, browser: Browser):
    small = "--data drawn:100 --preset fast --size 32 --ngf 8 --ndf 8 --batch-size 16 --tick-kimg 0.1"
    too_fast = "--lr 0.5 --no-auto-heal --kimg 1.5 --eval-seconds 0.1 --run ill"
    subprocess.run(
        [sys.executable, "-m", "gan_core", "train", *small.split(), *too_fast.split()],
        cwd=REPOSITORY,
        env={**os.environ, "DCGAN_STUDIO_HOME": str(app.home)},
        check=True,
        timeout=600,
    )
    run = RunDir(app.home / "checkpoints" / "ill")
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(app.url)
    page.get_by_role("tab", name="Train").click()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("What helps: go back to the best state")
    page.get_by_label("Train for").fill("2")
    page.get_by_label("Unit").click()
    page.get_by_role("option", name="kimg").click()
    page.get_by_role("button", name="Do that").click()
    expect(verdict).to_contain_text("lr 0.5 → 0.0004", timeout=120 * SECONDS)
    expect(verdict).to_contain_text("Healthy.")
    expect(page.get_by_role("button", name="Do that")).to_be_hidden()
    assert run.config().train.lr == 4e-4 and len(run.history()) == 1
    page.context.close()
