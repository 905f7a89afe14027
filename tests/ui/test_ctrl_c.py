"""The app ends as it is told to end: by Ctrl-C in its terminal."""

import http.client
import signal
import sys

import pytest

from benchmarks.real_app import App


@pytest.fixture
def app(tmp_path):
    # Whoever runs the tests in the background has this signal ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app = App(tmp_path)
    app.start()
    yield app
    app.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal to a single process")
def test_ctrl_c_ends_it_quietly_though_a_page_is_open(app):
    page = http.client.HTTPConnection(app.url.removeprefix("http://"), timeout=300)
    page.request("GET", "/gradio_api/heartbeat/somebody")
    stream = page.getresponse()
    assert stream.status == 200 and stream.readline()
    app.process.send_signal(signal.SIGINT)
    assert app.process.wait(300) == 0
    words = (app.home / "app.log").read_text()
    assert "Running on local URL" in words and not any(word in words for word in ("Traceback", "Keyboard", "closing"))
