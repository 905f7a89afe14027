import json

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.limits import BodyLimit


@pytest.fixture
def client():
    async def size(request: Request):
        try:
            return JSONResponse(len(await request.body()))
        except ClientDisconnect:
            return JSONResponse("cut off", 400)

    routes = [Route(path, size, methods=["POST"]) for path in ("/ask", "/upload", "/gradio_api/upload/")]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(BodyLimit, most=100)]))


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
