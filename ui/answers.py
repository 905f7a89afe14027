"""What the pages' scripts call on the server: functions of one JSON object that answer with one."""

from __future__ import annotations

import base64
from collections.abc import Callable


def answers(function: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A server function of the page: a ValueError becomes {"error": sentence}."""

    def call(request: dict) -> dict:
        try:
            return function(request if isinstance(request, dict) else {})
        except ValueError as error:
            return {"error": str(error)}

    call.__name__ = function.__name__
    return call


def data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
