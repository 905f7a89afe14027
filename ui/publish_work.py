"""The work behind the Publish tab's buttons: each is asked with the fields' values, and its result has the words.

`report(share, words, report=html, card=Markdown, key=…)` tells how far it is and what the files are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gan_core.hub.refusals import NO_TOKEN
from gan_core.runs import library
from ui import ready
from ui.explore.work import Work
from ui.publish_view import card_markdown, preview_html, published_html, zip_html

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gan_core.hub.prepare import Files
    from gan_core.hub.publish import Target

BEST, NEWEST = "best", "newest"
NOBODY = "you"  # stands for the user's name where that is not known


def looked(asked: dict, report: Work) -> dict:
    wish, api, note = wish_of(asked)
    target = None
    try:
        target = target_of(api, wish) if api else None
    except ValueError as error:
        note = str(error)
    files = ready.files_of(wish, text(asked["key"]), report)
    report(1.0, "", **shown(files, wish, asked, target, note))
    return {"done": ""}


def sent(asked: dict, report: Work) -> dict:
    from gan_core.hub import publish as hub

    wish, api, note = wish_of(asked)
    if not api:
        raise ValueError(f"{note}, or put it into the field above" if note == NO_TOKEN else note)
    target = target_of(api, wish)
    files = ready.files_of(wish, text(asked["key"]), lambda share, words: report(share / 2, words))
    report(0.5, "asking Hugging Face", **shown(files, wish, asked, target, ""))

    def going_up(share: float, words: str) -> None:
        ready.touch(files)
        report(0.5 + share / 2, words)

    done = hub.publish(files, wish.repo_id, asked["private"] is True, api.token, going_up)
    return {"done": published_html(wish.kind, wish.repo_id, done), "used": True}


def packed(asked: dict, report: Work) -> dict:
    wish, _, _ = wish_of(asked)
    files = ready.files_of(wish, text(asked["key"]), lambda share, words: report(0.9 * share, words))
    is_shown = files.folder.name == asked["key"]
    report(0.9, "packing", **({} if is_shown else shown(files, wish, asked, None, "")))
    return {"done": zip_html(wish.kind, ready.zipped(files, f"{wish.run.name}-{wish.kind}"))}


def wish_of(asked: dict) -> tuple[ready.Wish, HfApi | None, str]:
    """What the fields ask for, and the Hub, or why nobody is logged in there. ValueError for what cannot be."""
    from gan_core.hub.prepare import kind_of
    from gan_core.hub.publish import full_name, log_in

    run, kind, api, user, note = library.named_run(asked["run"]), text(asked["kind"]), None, NOBODY, ""
    kind_of(kind)
    name = text(asked["name"]).strip() or default_name(run.name)
    full_name(name, user)
    try:
        api, user = log_in(text(asked["token"]).strip() or None)
    except ValueError as error:
        note = str(error)
    return ready.Wish(run, kind, asked["which"] == NEWEST, full_name(name, user)), api, note


def default_name(run: str) -> str:
    """The run's name as the Hub would take it."""
    return re.sub(r"([-.])[-.]+", r"\1", run).strip("-._")


def target_of(api: HfApi, wish: ready.Wish) -> Target:
    from gan_core.hub.publish import look

    return look(api, wish.repo_id, wish.kind)


def shown(files: Files, wish: ready.Wish, asked: dict, target: Target | None, note: str) -> dict:
    """What the page shows of the files, and their key."""
    report = preview_html(files, wish.repo_id, asked["private"] is True, target, note)
    return {"report": report, "card": card_markdown(files), "key": files.folder.name}


def text(value: object) -> str:
    return value if isinstance(value, str) else ""
