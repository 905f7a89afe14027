"""What goes wrong on the way to the Hub, in one sentence each that says what to do; never a token, never a trace."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

TOKENS = "https://huggingface.co/settings/tokens"
NO_TOKEN = (
    f"you are not logged in to Hugging Face: make a token with the right to write at {TOKENS}, then log in with "
    "“hf auth login”"
)
READ_ONLY = f"your token may only read: make one with the right to write at {TOKENS}, then log in with that one"
NO_SUCH_TOKEN = f"Hugging Face does not know this token: make a new one with the right to write at {TOKENS}"
NAMES = (
    "a name is owner/name, of at most 96 letters, digits, “-”, “_” and “.”, begins and ends with a letter or digit, "
    "and has neither “--” nor “..” in it nor “.git” at its end"
)
PAID = (
    "Hugging Face hosts Gradio Spaces only for accounts with a paid plan: publish a static Space instead, which is "
    "free and runs in the visitor's browser"
)
AGAIN = "publish again: what has arrived is not sent again"
BROKE_OFF = f"the connection to Hugging Face broke off: {AGAIN}"
SECONDS_TO_CONNECT, SECONDS_OF_SILENCE = 20, 60


@contextmanager
def refusals(repo_id: str = "Hugging Face", sdk: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises into one sentence for the user, and keep it from waiting for ever."""
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx

    try:
        with quiet():
            yield
    except errors.HFValidationError:
        raise ValueError(f"“{repo_id}” is no possible name on Hugging Face: {NAMES}") from None
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, errors.OfflineModeIsEnabled) as error:
        raise ValueError(sentence(error, repo_id, sdk)) from None
    except (RuntimeError, errors.LocalEntryNotFoundError) as error:  # ways to say that a file did not arrive
        raise ValueError(sentence(error.__cause__ or error, repo_id, sdk)) from None
    except PermissionError:  # so says the storage of large files
        raise ValueError(answer(403, repo_id, sdk)) from None
    except (ConnectionError, TimeoutError):
        raise ValueError(BROKE_OFF) from None
    except ValueError as error:
        lines = str(error).splitlines()
        raise ValueError(" ".join(line.strip() for line in lines)) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep huggingface_hub from drawing bars of its own, from telling of every retry, and from waiting for ever."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import disable_progress_bars, httpx

    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    get_session().timeout = httpx.Timeout(SECONDS_OF_SILENCE, connect=SECONDS_TO_CONNECT)
    try:
        with disable_progress_bars():
            yield
    finally:
        logger.setLevel(level)


def sentence(error: BaseException, repo_id: str, sdk: str | None) -> str:
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    if isinstance(error, HfHubHTTPError):
        return answer(error.response.status_code, repo_id, sdk)
    if isinstance(error, httpx.TimeoutException):
        return f"Hugging Face takes too long to answer: try it in a few minutes and {AGAIN}"
    if isinstance(error, httpx.ConnectError):
        return f"there is no connection to Hugging Face: look at your network and {AGAIN}"
    return BROKE_OFF


def may_pass(error: ValueError) -> bool:
    """Whether the sentence says that the same may go well when it is done again."""
    return "publish again" in str(error)


def answer(status: int, repo_id: str, sdk: str | None) -> str:
    """What an error of that number means for somebody who publishes."""
    name = repo_id.rpartition("/")[2]
    known = {
        400: f"Hugging Face does not take “{repo_id}”: {NAMES}",
        401: NO_SUCH_TOKEN,
        402: PAID if sdk == "gradio" else "Hugging Face asks for a paid plan for this: make it public, or make room",
        403: f"you may not write to {repo_id}: it is somebody else's, or your token has no right to write there; "
        f"publish under your own name, as {name} alone, or make a token for it at {TOKENS}",
        404: f"there is no {repo_id} that you may write to: choose another name",
        413: f"this is more than Hugging Face takes at once for {repo_id}",
        429: f"Hugging Face asks for a pause, after too many requests: wait a few minutes and {AGAIN}",
    }
    known |= dict.fromkeys(
        (409, 412), f"{repo_id} has just been changed by somebody else: look at it, and publish again"
    )
    if status >= 500:
        return f"Hugging Face has trouble of its own (error {status}): try it in a few minutes and {AGAIN}"
    return known.get(status, f"Hugging Face refused {repo_id} with error {status}")
