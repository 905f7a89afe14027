"""A prepared folder sent to a repo on the Hub: a new one, or an update of one that was published before.

with prepared("model", run, "me/faces") as files:
    print(publish(files, "me/faces").url)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.files import read_json
from gan_core.hub.model_repo import OnShare
from gan_core.hub.prepare import CARD, MANIFEST, Files, Kind, hash_of, kind_of
from gan_core.hub.refusals import NO_SUCH_TOKEN, NO_TOKEN, READ_ONLY, refusals
from gan_core.hub.repo_name import full_name
from gan_core.hub.spaces import variables
from gan_core.words import memory

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

# Files below this are asked about and sent together, larger ones one by one, so that progress tells and a stop counts.
SMALL = 2**20
# What the Hub itself puts into a new repo.
OF_THE_HUB = {".gitattributes", CARD}
NOBODY = "you"


@dataclass(frozen=True)
class Target:
    """What is there under that name: nothing yet, or a repo with the files that were published into it.

    `kept` are those that somebody has edited there since, which an update leaves as they are.
    """

    repo_id: str
    kind: Kind
    exists: bool = False
    private: bool = False
    own: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        from huggingface_hub.constants import ENDPOINT

        return f"{ENDPOINT}/{'spaces/' if self.kind.repo_type == 'space' else ''}{self.repo_id}"

    def gone(self, files: Files) -> list[str]:
        """What an update with these files removes: what was published before and no longer is."""
        return sorted(self.own - set(files.sizes))

    def allow(self, private: bool) -> None:
        """ValueError if it is to be for its owner alone and everybody sees it already."""
        require(
            self.private or not (self.exists and private),
            f"{self.repo_id} is public already: make it private at {self.url}/settings, or choose another name",
        )

    def note(self, private: bool) -> str:
        """A sentence if it stays private although everybody was to see it; else ""."""
        if private or not self.private:
            return ""
        return f"It was private before and stays so: to let everybody see it, make it public at {self.url}/settings."


@dataclass(frozen=True)
class Published:
    """Where it is now, whether only its owner sees it, what an update removed, and what it left as it was.

    `note` is a sentence where who sees it is not what was asked for.
    """

    url: str
    commit: str
    private: bool
    gone: list[str]
    kept: list[str]
    note: str = ""


def log_in(token: str | None = None) -> tuple[HfApi, str]:
    """The Hub under that token, or that of “hf auth login”, and the user's name. ValueError if it cannot write."""
    from huggingface_hub import HfApi, get_token

    token = (token if token is not None else get_token() or "").strip()
    require(bool(token), NO_TOKEN)
    # A wrong one in a header would be told in full by the library that sends it.
    require(bool(re.fullmatch(r"[!-~]{3,2000}", token)), NO_SUCH_TOKEN)
    api = HfApi(token=token)
    with refusals():
        user = api.whoami()
    auth = user.get("auth") or {}
    require((auth.get("accessToken") or {}).get("role") != "read", READ_ONLY)
    return api, user["name"]


def named(text: str, token: str | None = None) -> tuple[str, HfApi | None, str]:
    """The whole name, and the Hub; where nobody is logged in there, no Hub, why, and “you” for the user's name.

    ValueError for what is no name.
    """
    repo_id = full_name(text, NOBODY)
    try:
        api, user = log_in(token)
    except ValueError as error:
        return repo_id, None, str(error)
    return full_name(text, user), api, ""


def look(api: HfApi, repo_id: str, kind: str) -> Target:
    """What is there. ValueError if that was not published by this program, which then leaves it alone."""
    from huggingface_hub.errors import RepositoryNotFoundError

    found = kind_of(kind)
    with refusals(repo_id, found.sdk):
        try:
            about = api.repo_info(repo_id, repo_type=found.repo_type)
        except RepositoryNotFoundError:
            return Target(repo_id, found)
        there = {each.rfilename for each in about.siblings or []}
        if MANIFEST not in there:
            require(there <= OF_THE_HUB, f"{repo_id} holds something else than a model of yours: choose another name")
            return Target(repo_id, found, True, bool(about.private))
        manifest = read_json(fetched(api, repo_id, found, MANIFEST, about.sha))
        manifest = manifest if isinstance(manifest, dict) else {}
        own = frozenset(name for name in manifest.get("files") or [] if isinstance(name, str)) & there
        # The card of another kind says how that one is opened, so it cannot stay.
        same = CARD in own and manifest.get("kind") == kind and "card" in manifest
        edited = same and hash_of(fetched(api, repo_id, found, CARD, about.sha)) != manifest["card"]
    return Target(repo_id, found, True, bool(about.private), own, frozenset([CARD] if edited else []))


def looked_at(api: HfApi, repo_id: str, kind: str, private: bool) -> tuple[Target | None, str]:
    """For a preview: what is there, and the sentence of what Publish would refuse, or of what it would not change."""
    target = None
    try:
        target = look(api, repo_id, kind)
        target.allow(private)
    except ValueError as error:
        return target, str(error)
    return target, target.note(private)


def fetched(api: HfApi, repo_id: str, kind: Kind, name: str, revision: str) -> Path:
    return Path(api.hf_hub_download(repo_id, name, repo_type=kind.repo_type, revision=revision))


def publish(
    files: Files, repo_id: str, private: bool = False, token: str | None = None, report: OnShare | None = None
) -> Published:
    """Send the files to that repo, which is made if it is not there, in one commit.

    An update removes what was published before and no longer is, and leaves everything else there alone, a card too
    that was edited there; a private repo stays private. `report(share, words)` comes between files and may raise to
    cancel: what has arrived is not sent again the next time. ValueError, in one sentence, if it cannot be.
    """
    report = report or (lambda share, words: None)
    report(0.0, "asking Hugging Face")
    api, user = log_in(token)
    target = look(api, full_name(repo_id, user), files.kind)
    target.allow(private)
    with refusals(target.repo_id, target.kind.sdk):
        parent = create(api, target, private)
    additions = send(api, target, files, report)
    report(0.95, "writing the commit")
    with refusals(target.repo_id, target.kind.sdk):
        commit = commit_all(api, target, additions, target.gone(files), parent)
    report(1.0, "published")
    only_owner = target.private if target.exists else private
    return Published(target.url, commit, only_owner, target.gone(files), sorted(target.kept), target.note(private))


def create(api: HfApi, target: Target, private: bool) -> str:
    """Make the repo if it is not there; returns its newest commit."""
    kind = target.kind
    if not target.exists:
        more = {"space_variables": variables(target.repo_id)} if kind.sdk == "gradio" else {}
        api.create_repo(
            target.repo_id, repo_type=kind.repo_type, private=private, space_sdk=kind.sdk, exist_ok=True, **more
        )
    return api.repo_info(target.repo_id, repo_type=kind.repo_type).sha


def send(api: HfApi, target: Target, files: Files, report: OnShare) -> list[CommitOperationAdd]:
    """Send what is stored by its hash and is not there yet; the rest travels in the commit."""
    total, done, additions = sum(files.sizes.values()) or 1, 0, []
    for batch in batches(files, target.kept):
        size = sum(addition.upload_info.size for addition in batch)
        report(0.05 + 0.9 * done / total, f"sending {memory(done)} of {memory(total)}")
        with refusals(target.repo_id, target.kind.sdk):
            api.preupload_lfs_files(
                target.repo_id, batch, repo_type=target.kind.repo_type, free_memory=False, num_threads=2
            )
        additions += batch
        done += size
    return additions


def batches(files: Files, left_out: frozenset[str]) -> Iterator[list[CommitOperationAdd]]:
    from huggingface_hub import CommitOperationAdd

    names = (name for name in files.sizes if name not in left_out)
    additions = {name: CommitOperationAdd(name, str(files.folder / name)) for name in names}
    yield [each for name, each in additions.items() if files.sizes[name] < SMALL]
    for name, each in additions.items():
        if files.sizes[name] >= SMALL:
            yield [each]


def commit_all(api: HfApi, target: Target, additions: list[CommitOperationAdd], gone: list[str], parent: str) -> str:
    from huggingface_hub import CommitOperationDelete

    commit = api.create_commit(
        target.repo_id,
        [*additions, *(CommitOperationDelete(name, is_folder=False) for name in gone)],
        commit_message="Update from DCGAN Studio" if target.own else "Publish from DCGAN Studio",
        repo_type=target.kind.repo_type,
        parent_commit=parent,
    )
    return commit.oid
