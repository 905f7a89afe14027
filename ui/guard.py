"""Who may change things, and how the page hears what was wrong.

On this computer everybody who can open the page may do everything. On a Space everybody explores, and only its owner,
logged in, trains, changes runs and publishes. The server asks at every call: hiding a button protects nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from html import escape

import gradio as gr
from gradio.context import LocalContext

OWNER_ONLY = (
    "On this page everybody can explore, and its owner, logged in, can do the rest. To train on your own pictures, run "
    "DCGAN Studio on your computer, or duplicate this Space."
)
# What a member of the organisation that owns a Space may be to count as its owner.
ROLES = ("admin", "write")
OTHER_SITES = ("cross-site", "same-site")  # all Spaces are one site


def on_space() -> bool:
    return bool(os.environ.get("SPACE_ID"))


def is_owner(asking: Mapping | None = None) -> bool:
    """Whether the visitor who is being answered, or who sent the request `asking`, may change things."""
    if not on_space():
        return True
    asking = scope() if asking is None else asking
    if of_other_site(asking):
        return False
    visitor, owner = logged_in(asking), os.environ.get("SPACE_AUTHOR_NAME")
    teams = visitor.get("orgs") or []
    names = [team.get("preferred_username") for team in teams if team.get("roleInOrg") in ROLES]
    return bool(owner) and owner in (visitor.get("preferred_username"), *names)


def of_other_site(asking: Mapping) -> bool:
    """Whether a browser sent the request for another web site, with the login of whoever looks at that one."""
    return header(asking, b"sec-fetch-site") in OTHER_SITES


def header(asking: Mapping, name: bytes) -> str:
    """A header of a request; "" without it."""
    return dict(asking.get("headers") or []).get(name, b"").decode("latin-1")


def logged_in(asking: Mapping) -> dict:
    """What Hugging Face said of the visitor at the login; empty without one, or once it has expired."""
    login = (asking.get("session") or {}).get("oauth_info") or {}
    return login.get("userinfo") or {} if login.get("expires_at", 0) > time.time() else {}


def visitor(asking: Mapping | None = None) -> str:
    """The address that a request came from; before a Space stands a proxy, which is the last to say whom it serves."""
    asking = scope() if asking is None else asking
    forwarded = header(asking, b"x-forwarded-for").rpartition(",")[2].strip()
    return (forwarded if on_space() else "") or (asking.get("client") or ("",))[0]


def scope() -> dict:
    """What the server knows of the request that is being answered; nothing outside of one."""
    request = LocalContext.request.get(None)
    return getattr(getattr(request, "request", request), "scope", None) or {}


def require_owner() -> None:
    """ValueError, in a sentence, for a visitor who may only explore."""
    if not is_owner():
        raise ValueError(OWNER_ONLY)


def guarded(title: str) -> Callable:
    """A handler for the owner only, whose ValueError is shown as a sentence."""

    def decorate(function: Callable) -> Callable:
        def handler(*values):
            try:
                require_owner()
                return function(*values)
            except (ValueError, OSError) as error:
                gr.Warning(escape(sentence(str(error))), title=title)
                return gr.skip()

        handler.__name__ = function.__name__
        return handler

    return decorate


def sentence(text: str) -> str:
    is_word = text.partition(" ")[0].isalpha()  # and not a file's name or a setting's
    return (text[:1].upper() if is_word else text[:1]) + text[1:] + ("" if text.endswith(".") else ".")


def notice() -> None:
    """On a Space, who may do what this part of the page is for."""
    if on_space():
        gr.HTML(f"<p class='cap'>{escape(OWNER_ONLY)}</p>", apply_default_css=False)
