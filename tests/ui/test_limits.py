import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import gradio
import itsdangerous
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui import limits, studio
from ui.fetching import ONLY_UPLOADS
from ui.guard import OWNER_ONLY
from ui.limits import TOO_MUCH, BodyLimit, VisitorLimit

PATHS = ("/ask", "/upload", "/gradio_api/upload/", "/gradio_api/process_recording")


def echo(*middleware: Middleware) -> Starlette:
    """An app that answers with the size of what it was sent."""

    async def size(request: Request):
        try:
            return JSONResponse(len(await request.body()))
        except ClientDisconnect:
            return JSONResponse("cut off", 400)

    return Starlette(routes=[Route(path, size, methods=["POST"]) for path in PATHS], middleware=middleware)


@pytest.fixture
def client():
    return TestClient(echo(Middleware(BodyLimit, most=100)))


def test_small_bodies_come_through_whole(client):
    assert client.post("/ask", content=b"x" * 100).json() == 100


def test_a_large_body_is_refused_before_it_is_read(client):
    answer = client.post("/ask", content=b"x" * 101)
    assert answer.status_code == 413 and "too large" in answer.text


def test_a_body_without_a_length_is_cut_off_where_it_gets_too_large(client):
    assert json.loads(client.post("/ask", content=(b"x" * 30 for _ in range(5))).text) == "cut off"
    assert client.post("/ask", content=(b"x" * 30 for _ in range(3))).json() == 90


@pytest.mark.parametrize("path", ["/upload", "/gradio_api/upload/"])
def test_uploads_have_a_limit_of_their_own(client, path):
    assert client.post(path, content=b"x" * 1000).json() == 1000


@pytest.fixture
def space(monkeypatch):
    """space(**limits): a client of an app on a Space, whose calls take the name of who is logged in, and an address."""
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    monkeypatch.setenv("SPACE_AUTHOR_NAME", "somebody")

    def made(**limits):
        app = VisitorLimit(echo(), **{"small": 10, "each": 100, "together": 250} | limits)

        async def with_login(scope, receive, send):
            name = dict(scope["headers"]).get(b"x-login", b"").decode()
            login = {"expires_at": time.time() + 3600, "userinfo": {"preferred_username": name}}
            await app(scope | {"session": {"oauth_info": login}}, receive, send)

        client = TestClient(with_login)

        def call(size, path="/ask", who="1.1.1.1", login=""):
            headers = {"x-forwarded-for": f"made.up, {who}", "x-login": login}
            return client.post(path, content=size if not isinstance(size, int) else b"x" * size, headers=headers)

        return call

    return made


def test_a_visitor_may_send_only_so_much_and_others_are_not_held_up(space):
    call = space()
    assert [call(50).status_code for _ in range(3)] == [200, 200, 429]
    refused = call(50)
    assert refused.text == TOO_MUCH
    assert call(50, who="2.2.2.2").json() == 50


def test_small_wishes_are_never_counted(space):
    call = space()
    assert [call(100).status_code, call(100).status_code] == [200, 429]
    assert all(call(10).json() == 10 for _ in range(30))


def test_many_addresses_together_may_send_only_so_much(space):
    call = space()
    assert [call(100, who=f"1.1.1.{number}").status_code for number in range(5)] == [200, 200, 429, 429, 429]
    assert call(50, who="9.9.9.9").json() == 50


def test_what_was_sent_is_forgotten_after_a_while(space, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    call = space()
    assert [call(100).status_code, call(60).status_code] == [200, 429]
    now[0] += limits.SECONDS * 0.6
    assert [call(60).status_code, call(60).status_code] == [200, 429]


def test_a_body_without_a_length_is_counted_as_it_comes(space):
    call = space()
    assert call(b"x" * 9 for _ in range(10)).json() == 90
    assert json.loads(call(b"x" * 9 for _ in range(10)).text) == "cut off"
    assert call(b"x" * 5 for _ in range(2)).json() == 10


@pytest.mark.parametrize("path", ["/upload", "/gradio_api/upload/", "/gradio_api/process_recording"])
def test_on_a_space_only_the_owner_uploads_and_nothing_of_the_owners_is_counted(space, path):
    call = space()
    for login in ("", "stranger"):
        refused = call(1, path, login=login)
        assert refused.status_code == 403 and refused.text == OWNER_ONLY
    assert all(call(200, path, login="somebody").json() == 200 for _ in range(5))


def test_on_ones_own_computer_nothing_is_bounded(space, monkeypatch):
    call = space()
    monkeypatch.delenv("SPACE_ID")
    assert all(call(200, path).json() == 200 for path in ("/ask", "/upload") for _ in range(5))


def signed_in(name: str) -> dict:
    """The cookie that Gradio gives at a login."""
    login = {"expires_at": time.time() + 3600, "userinfo": {"preferred_username": name}}
    content = base64.b64encode(json.dumps({"oauth_info": login}).encode())
    secret = hashlib.sha256(b"secret-v4").hexdigest()
    return {"session": itsdangerous.TimestampSigner(secret).sign(content).decode()}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def real_space(monkeypatch, tmp_path):
    """The real app as on a Space where one can log in, which deletes uploads after a tenth of a second; its uploads."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SCOPES"):
        monkeypatch.setattr(f"gradio.oauth.OAUTH_{name}", "secret")
    monkeypatch.setattr("gradio.oauth.OPENID_PROVIDER_URL", "https://huggingface.co")
    names = {"SPACE_ID": "somebody/studio", "SPACE_AUTHOR_NAME": "somebody", "SYSTEM": "spaces", "OAUTH_CLIENT_ID": "x"}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr(studio, "FORGET", (0.1, 0.1))
    demo = studio.build()
    demo.max_file_size = 10_000  # which launching sets
    app = gradio.routes.App.create_app(demo, app_kwargs={"middleware": studio.MIDDLEWARE})
    with TestClient(app, base_url="https://testserver") as client:
        yield client, tmp_path / "gradio"


def test_the_real_app_keeps_nothing_of_strangers_and_what_its_owner_uploads_not_for_long(real_space, wait_for):
    client, folder = real_space
    for cookies in ({}, signed_in("stranger")):
        client.cookies = cookies
        for path in ("/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/process_recording"):
            refused = client.post(path, files={"files": ("a.zip", b"x" * 1000), "video": ("a.mp4", b"x")})
            assert refused.status_code == 403 and refused.text == OWNER_ONLY
    assert not files(folder)
    client.cookies = signed_in("somebody")
    answer = client.post("/gradio_api/upload", files={"files": ("a.zip", b"x" * 1000)})
    assert answer.status_code == 200 and answer.json()[0].startswith(str(folder))
    wait_for(lambda: not files(folder))


def component_of(config: dict, function: str) -> int:
    return next(part["id"] for part in config["components"] if function in (part["props"].get("server_fns") or []))


def test_a_site_that_the_owner_visits_neither_changes_runs_nor_uploads(real_space):
    client, _ = real_space
    client.cookies = signed_in("somebody")
    component = component_of(client.get("/config").json(), "restore")
    body = {"data": {"token": "gone"}, "component_id": component, "session_hash": "s", "fn_name": "restore"}
    for site, refused in {None: False, "same-origin": False, "same-site": True, "cross-site": True}.items():
        headers = {"origin": "https://evil.example"} | ({"sec-fetch-site": site} if site else {})
        answer = client.post("/gradio_api/component_server/", json=body, headers=headers).json()
        assert (answer["error"] == OWNER_ONLY) == refused
        upload = client.post("/gradio_api/upload", files={"files": ("a.zip", b"x")}, headers=headers)
        assert upload.status_code == (403 if refused else 200)


@pytest.fixture
def elsewhere(monkeypatch):
    """A web server that Gradio would fetch from: its address, and the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"much")

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr("gradio.processing_utils.PUBLIC_HOSTNAME_WHITELIST", ["127.0.0.1"])
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_nothing_is_fetched_for_whoever_names_an_address_as_a_file(real_space, elsewhere):
    (client, folder), (address, asked) = real_space, elsewhere
    parts = client.get("/config").json()
    file = {"path": f"{address}/large", "meta": {"_type": "gradio.FileData"}}
    tried = 0
    for event in parts["dependencies"]:
        if event["backend_fn"] and event["inputs"] and not event["queue"]:
            body = {"data": [file] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "s"}
            client.post(f"/gradio_api/run/{event['api_name']}", json=body)
            tried += 1
    proxied = client.get(f"/gradio_api/file={address}/large")
    assert tried and proxied.status_code == 403 and ONLY_UPLOADS in proxied.text
    assert not asked and not files(folder)
    assert client.get("/config").status_code == 200
