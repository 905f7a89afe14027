"""Files come to the app as uploads, whose size is bounded, and never by their address."""

from __future__ import annotations

import gradio as gr
from fastapi import HTTPException
from gradio import processing_utils, routes

ONLY_UPLOADS = "Files are taken as uploads only, not by their address."


def fetch_nothing() -> None:
    """Have Gradio fetch nothing for whoever asks.

    Before a handler is called, Gradio would fetch every file that a request gives as an address, for anybody and of
    any size: whole into memory, and then onto the disk. For a path that is an address it would be a proxy.
    """
    processing_utils.async_ssrf_protected_get = refused
    processing_utils.async_ssrf_protected_download = refused
    routes.secure_url_stream_response = not_passed_on


async def refused(*_args: object, **_options: object) -> None:
    raise gr.Error(ONLY_UPLOADS, print_exception=False)


async def not_passed_on(*_args: object) -> None:
    raise HTTPException(403, ONLY_UPLOADS)
