"""The real app in a process of its own and a real browser, for benchmarks and end-to-end tests."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from gan_core.runs.run_dir import RunDir

REPOSITORY = Path(__file__).resolve().parents[1]
LAUNCHES = 3
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class App:
    """`python app.py` of `folder` on a free port, with its runs under `home`, and perhaps more in its environment."""

    def __init__(self, home: Path, folder: Path = REPOSITORY, python: Path | str = sys.executable, **environment: str):
        self.home, self.folder, self.python, self.url, self.environment = home, folder, python, "", environment
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Launch it, and return once it answers; a port that somebody else took meanwhile is not the last one."""
        for _ in range(LAUNCHES):
            self.launch()
            if self.answers():
                return
            if self.process.poll() is None:
                break
        raise RuntimeError((self.home / "app.log").read_text())

    def answers(self, seconds: float = 600) -> bool:
        """Whether it does so in that time; not if its process has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            # By its own words, too: whoever took its port would answer as well.
            if re.search(rf"URL:.*{re.escape(self.url.rpartition(':')[2])}\b", (self.home / "app.log").read_text()):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(self.url, timeout=10).close()
                    return True
            time.sleep(0.2)
        return False

    def launch(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "DCGAN_STUDIO_HOME": str(self.home), "PYTHONUNBUFFERED": "1", **self.environment}
        command = [self.python, "app.py", "--no-browser", "--port", str(port)]
        with (self.home / "app.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def end_trainings(self, seconds: float = 60) -> None:
        """Stop what trains under `home`; a training outlives the app."""
        runs = [RunDir(path) for path in self.home.glob("checkpoints/*/")]
        for run in runs:
            run.request_stop()
        deadline = time.monotonic() + seconds
        while any(run.is_alive() for run in runs) and time.monotonic() < deadline:
            time.sleep(0.2)


def launch_browser(playwright: Playwright) -> Browser:
    """An installed Chromium, or Playwright's own where there is none."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
