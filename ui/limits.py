"""How much a visitor may send, and what of it may be kept."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.guard import OWNER_ONLY, is_owner, visitor

MOST_BYTES = 40_000_000  # a photograph of 20 MB as text, with room around it
UPLOADS = "/upload"  # which Gradio bounds by `max_file_size`
# Where Gradio keeps something of every request: files, or what is known of their way here.
KEEPS = (UPLOADS, "/upload_progress", "/process_recording", "/deep_link")
SMALL_BYTES = 2_000_000  # not counted: wishes, also those about a photo that is open already
EACH_BYTES, ALL_BYTES, SECONDS = 200_000_000, 1_000_000_000, 600
TOO_MUCH = "Much was sent to this app just now: try again in a few minutes."


class BodyLimit:
    """Refuses requests whose body is larger than `most` bytes, whatever they say of its length."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES):
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or asks(scope, UPLOADS):
            return await self.app(scope, receive, send)
        if declared(scope) > self.most:
            return await PlainTextResponse("This is too large.", 413)(scope, receive, send)
        return await self.app(scope, while_allowed(receive, lambda seen: seen <= self.most), send)


class VisitorLimit:
    """On a Space, for all but its owner: nothing is kept, and large bodies are bounded for each address and for all.

    Addresses can be had in numbers, so the bound for all holds whatever they are. Small bodies are not counted:
    whoever moves sliders goes on while another sends too much.
    """

    def __init__(self, app: ASGIApp, each: int = EACH_BYTES, together: int = ALL_BYTES, small: int = SMALL_BYTES):
        self.app, self.small, self.each = app, small, each
        self.of_all, self.of_each = Allowance(together), {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_owner(scope):
            return await self.app(scope, receive, send)
        if asks(scope, KEEPS):
            return await PlainTextResponse(OWNER_ONLY, 403)(scope, receive, send)
        who, counted = visitor(scope), 0

        def allowed(size: int) -> bool:
            nonlocal counted
            if size <= max(self.small, counted):
                return True
            more, counted = size - counted, size
            return self.allows(who, more)

        if not allowed(declared(scope)):
            return await PlainTextResponse(TOO_MUCH, 429)(scope, receive, send)
        return await self.app(scope, while_allowed(receive, allowed), send)

    def allows(self, who: str, size: int) -> bool:
        """Whether that address may send so many bytes more now, which are then counted."""
        self.of_each = {name: each for name, each in self.of_each.items() if each.spent()}
        allowances = self.of_all, self.of_each.setdefault(who, Allowance(self.each))
        if any(each.spent() + size > each.most for each in allowances):
            return False
        for each in allowances:
            each.at_last += size
        return True


class Allowance:
    """So many bytes, which are free again after ten minutes, evenly."""

    def __init__(self, most: int):
        self.most, self.at_last, self.last = most, 0.0, time.monotonic()

    def spent(self) -> float:
        """The bytes that are not free again yet."""
        now = time.monotonic()
        self.at_last, self.last = max(self.at_last - (now - self.last) * self.most / SECONDS, 0.0), now
        return self.at_last


def while_allowed(receive: Receive, allowed: Callable[[int], bool]) -> Receive:
    """The same, until `allowed(seen bytes)` says no: then as if the visitor had gone, what has come is let go of."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if allowed(seen) else {"type": "http.disconnect"}

    return counted


def asks(scope: Scope, ends: str | tuple[str, ...]) -> bool:
    return scope["path"].rstrip("/").endswith(ends)


def declared(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0
