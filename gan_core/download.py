"""Downloads: not too many reports of progress, and what goes wrong on the Hub in sentences."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

OnProgress = Callable[[int, int], None]
PROGRESS_SECONDS = 0.1


def seldom(report: OnProgress) -> OnProgress:
    """The same report, of which only one call in a tenth of a second comes through."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            report(done, total)
            last = time.monotonic()

    return tell


def reporting_bars(report: OnProgress, total: int | None = None) -> type[tqdm]:
    """A silent kind of tqdm whose bars over bytes call `report(done, total)`; with no `total`, each bar has its own.

    The bars of one `total` may count the same bytes, on their way from the network to the disk: the furthest tells.
    """
    lock, state = threading.Lock(), {"done": 0, "last": 0.0}

    class Bar(tqdm):
        def __init__(self, *args: object, **options: object) -> None:
            self.over_bytes = options.get("unit") == "B"
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self.over_bytes:
                with lock:
                    self._tell()

        def _tell(self) -> None:
            state["done"] = int(self.n) if total is None else max(state["done"], min(int(self.n), total))
            if time.monotonic() - state["last"] >= PROGRESS_SECONDS:
                report(state["done"], total if total is not None else int(self.total or self.n))
                state["last"] = time.monotonic()

    return Bar


class NoConnection(Exception):
    """The Hub was not reached."""


def hub_sizes(repo: str, repo_type: str, revision: str | None = None) -> dict[str, int]:
    """Every file's size in bytes. NoConnection, and what huggingface_hub raises."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import httpx

    try:
        api, of = HfApi(), {"repo_type": repo_type, "revision": revision}
        api.repo_info(repo, **of)  # fails at once without a network, where the next call would try for long
        tree = api.list_repo_tree(repo, recursive=True, **of)
        return {entry.path: entry.size for entry in tree if hasattr(entry, "size")}
    except HfHubHTTPError:
        raise
    except (httpx.HTTPError, OfflineModeIsEnabled) as error:
        raise NoConnection from error


def hub_files(repo: str, repo_type: str, sizes: Mapping[str, int], report: OnProgress, **where: object) -> Path:
    """Download these files, of these sizes, where they are not there yet; returns the folder that holds them."""
    from huggingface_hub import snapshot_download

    # Names may hold the signs of a pattern; as a class of one, each such sign means itself.
    exact = [re.sub(r"([*?\[])", r"[\1]", name) for name in sizes]
    bars = reporting_bars(report, sum(sizes.values()))
    return Path(snapshot_download(repo, repo_type=repo_type, allow_patterns=exact, tqdm_class=bars, **where))


@contextmanager
def hub_sentences(repo: str, kind: str) -> Iterator[None]:
    """Turns what huggingface_hub raises about a "data set" or a "model" into one sentence for the user."""
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx

    page = f"https://huggingface.co/{'datasets/' if kind == 'data set' else ''}{repo}"
    try:
        yield
    except errors.GatedRepoError:
        raise ValueError(
            f"hf:{repo} wants its terms to be accepted: do so at {page}, then log in here with “hf auth login”."
        ) from None
    except errors.RepositoryNotFoundError:
        raise ValueError(f"There is no {kind} {repo} on the Hub, or it is private and needs “hf auth login”.") from None
    except errors.RevisionNotFoundError:
        raise ValueError(f"hf:{repo} has no such revision.") from None
    except errors.HFValidationError:
        raise ValueError(f"“hf:{repo}” is not a possible name on the Hub.") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        raise ValueError(f"hf:{repo} could not be downloaded: the Hub answered with error {status}.") from None
    except (NoConnection, httpx.HTTPError, errors.LocalEntryNotFoundError):
        raise ValueError(f"hf:{repo} could not be downloaded: no connection to the Hub.") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise ValueError(f"hf:{repo} could not be downloaded: {reason}.") from None
