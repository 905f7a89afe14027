"""The app on one's own computer, as the browser of whoever sits there reaches it."""

import http.client
import json
from contextlib import closing

import pytest

from benchmarks.real_app import App
from ui.origins import OTHER_SITE


def asked(app: App, method: str, path: str, **headers: str) -> str:
    address = app.url.removeprefix("http://")
    headers = {name.replace("_", "-"): value for name, value in ({"host": address} | headers).items()}
    with closing(http.client.HTTPConnection(address, timeout=600)) as connection:
        connection.putrequest(method, path, skip_host=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        body = json.dumps({}).encode() if method == "POST" else b""
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse().read().decode()


def test_the_page_itself_opens_also_from_a_link(app):
    assert "DCGAN Studio" in asked(app, "GET", "/")
    assert "DCGAN Studio" in asked(app, "GET", "/", sec_fetch_site="cross-site")


@pytest.mark.parametrize("path", ["/gradio_api/component_server/", "/gradio_api/queue/join", "/gradio_api/upload"])
def test_another_site_has_nothing_done(app, path):
    assert asked(app, "POST", path, sec_fetch_site="cross-site") == OTHER_SITE
    assert asked(app, "POST", path, sec_fetch_site="same-origin") != OTHER_SITE


def test_a_name_that_leads_to_this_computer_opens_nothing(app):
    assert asked(app, "GET", "/", host="evil.example") == OTHER_SITE
