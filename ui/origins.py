"""Whose page a request comes from: a browser also sends what any other web site has it ask of this computer."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.guard import header, of_other_site, on_space

READS = ("GET", "HEAD", "OPTIONS")
OTHER_SITE = "Another web site asked for this: open the app at the address that it told when it started."


class OwnPagesOnly:
    """On one's own computer, refuses what other web sites have a browser do; on a Space they are merely not its owner.

    `local` says that nobody else can reach the app, which then has no name of its own on the web.
    """

    def __init__(self, app: ASGIApp, local: bool = False):
        self.app, self.local = app, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not on_space() and self.is_strange(scope):
            return await PlainTextResponse(OTHER_SITE, 403)(scope, receive, send)
        return await self.app(scope, receive, send)

    def is_strange(self, scope: Scope) -> bool:
        if scope["method"] not in READS and of_other_site(scope):
            return True
        # A site may let its own name lead to this computer, and then counts as the app's page. Browsers say nothing of
        # where such a page's requests come from, for it is not encrypted; of a proxy's page, which is, they do.
        return self.local and not header(scope, b"sec-fetch-site") and not is_this_computer(header(scope, b"host"))


def is_this_computer(host: str) -> bool:
    """Whether a Host header is one that no web site can have: an address in numbers, or this computer's own name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or bool(ip_address(name))
    except ValueError:
        return False
