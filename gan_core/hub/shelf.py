"""Where a model may be found: files in a folder, or in a repo on the Hub that are downloaded when they are wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gan_core.config import require
from gan_core.download import NoConnection, OnProgress, hub_files, hub_sentences, hub_sizes

MOST_FILES = 10_000
HUB = re.compile(r"(?:hf:(?://)?|https?://(?:www\.)?(?:huggingface\.co|hf\.co)/)(?:models/)?(.*)", re.IGNORECASE)
REPO = re.compile(
    r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?:/(?:tree|blob|resolve)/(?P<revision>[^/?#]+)(?:/(?P<file>[^?#]+))?)?/?(?:[?#].*)?"
)
OTHER_KINDS = ("datasets/", "spaces/")


@dataclass(frozen=True)
class Shelf:
    """Files by name with their sizes in bytes; `fetch` makes some of them be there and returns their folder."""

    name: str
    origin: str
    sizes: dict[str, int]
    fetch: Callable[[Iterable[str]], Path]


@dataclass(frozen=True)
class Address:
    """A model repo on the Hub, and what of it is meant."""

    repo: str
    revision: str | None = None
    file: str | None = None


def hub_address(text: str) -> Address | None:
    """The repo that "owner/name", "hf:owner/name" or a page's address names; None for what can be none.

    ValueError for an address on the Hub that is no model's.
    """
    on_hub = HUB.fullmatch(text.strip())
    rest = on_hub[1] if on_hub else text.strip()
    kind = next((kind for kind in OTHER_KINDS if on_hub and rest.startswith(kind)), None)
    require(kind is None, f"this is the address of one of the Hub's {(kind or '')[:-1]}, and a model is wanted")
    match = REPO.fullmatch(rest)
    require(bool(match or not on_hub), f"“{text.strip()}” names no model on the Hub; write it as owner/name")
    return Address(match["repo"], match["revision"], match["file"]) if match else None


def folder_shelf(folder: Path) -> Shelf:
    """The files that lie in a folder, not those of folders in it."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    require(len(files) <= MOST_FILES, f"{folder.name} holds over {MOST_FILES:,} files: name the one you mean")
    return Shelf(folder.name, folder.name, {path.name: path.stat().st_size for path in files}, lambda names: folder)


def hub_shelf(address: Address, report: OnProgress) -> Shelf:
    """The files of a repo; without a network, those that were downloaded earlier. ValueError with what is wrong."""
    repo, revision = address.repo, address.revision

    def fetch(names: Iterable[str]) -> Path:
        with hub_sentences(repo, "model"):
            return hub_files(repo, "model", {name: sizes[name] for name in names}, report, revision=revision)

    with hub_sentences(repo, "model"):
        try:
            sizes = hub_sizes(repo, "model", revision)
        except NoConnection as error:
            return _earlier(address, error)
    return Shelf(repo.partition("/")[2], f"hf:{repo}" + (f"@{revision}" if revision else ""), sizes, fetch)


def _earlier(address: Address, error: NoConnection) -> Shelf:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # No pattern: whatever part of the repo there is will do.
        where = {"revision": address.revision, "allow_patterns": []}
        folder = Path(snapshot_download(address.repo, local_files_only=True, **where))
    except LocalEntryNotFoundError:
        raise error from None
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return Shelf(address.repo.partition("/")[2], f"hf:{address.repo}", sizes, lambda names: folder)
