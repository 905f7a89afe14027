"""How much a visitor may send."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 40_000_000  # a photograph of 20 MB as text, with room around it
UPLOADS = "/upload"  # which Gradio bounds by `max_file_size`


class BodyLimit:
    """Refuses requests whose body is larger than `most` bytes, whatever they say of its length."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES):
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/").endswith(UPLOADS):
            return await self.app(scope, receive, send)
        if declared(scope) > self.most:
            return await PlainTextResponse("This is too large.", 413)(scope, receive, send)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            # As if the visitor had gone: what has come so far is let go of.
            return {"type": "http.disconnect"} if seen > self.most else message

        return await self.app(scope, counted, send)


def declared(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0
