"""What the pages' scripts call on the server: functions of one JSON object that answer with one."""

from __future__ import annotations

import base64
from collections.abc import Callable

from ui.guard import sentence


def answers(function: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A server function of the page: a ValueError, or an error of the disk, becomes {"error": sentence}."""

    def call(request: dict) -> dict:
        try:
            return function(request if isinstance(request, dict) else {})
        except ValueError as error:
            return {"error": str(error)}
        except OSError as error:
            return {"error": sentence(error.strerror or str(error))}  # without the path, which is nobody's business

    call.__name__ = function.__name__
    return call


def data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
