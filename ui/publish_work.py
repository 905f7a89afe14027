"""The work behind the Publish tab's buttons: each is asked with the fields' values, and its result has the words.

`report(share, words, report=html, card=Markdown, key=…)` tells how far it is and what the files are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.hub.refusals import NO_SUCH_TOKEN, NO_TOKEN, READ_ONLY
from gan_core.hub.terms import give_terms, terms_of
from gan_core.runs import library
from ui import ready
from ui.explore.work import Work
from ui.publish_view import card_markdown, folder_html, preview_html, published_html, went_up_html, zip_html

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gan_core.hub.prepare import Files

BEST, NEWEST = "best", "newest"
TOKEN_FIELD, TERMS_FIELD = "Token with the right to write", "Terms of your pictures"
# Here a token need not be that of the login.
ON_PAGE = dict.fromkeys((NO_TOKEN, READ_ONLY), "or") | {NO_SUCH_TOKEN: "and"}


def looked(asked: dict, report: Work) -> dict:
    from gan_core.hub.publish import looked_at

    wish, api, note = wish_of(asked)
    private = asked["private"] is True
    target, note = looked_at(api, wish.repo_id, wish.kind, private) if api else (None, note)
    files = ready.files_of(wish, text(asked["key"]), report)
    notes = [note, *no_terms(wish), files.note]
    return {"done": "", "shown": shown(files, preview_html(files, wish.repo_id, private, target, notes))}


def sent(asked: dict, report: Work) -> dict:
    from gan_core.hub import publish as hub

    wish, api, note = wish_of(asked)
    require(api is not None, note)
    private = asked["private"] is True
    target = hub.look(api, wish.repo_id, wish.kind)
    target.allow(private)
    files = ready.files_of(wish, text(asked["key"]), lambda share, words: report(share / 2, words))
    before = preview_html(files, wish.repo_id, private, target, [target.note(private), *no_terms(wish), files.note])
    report(0.5, "asking Hugging Face", **shown(files, before), sending=True)

    def going_up(share: float, words: str) -> None:
        ready.touch(files)
        report(0.5 + share / 2, words)

    done = hub.publish(files, wish.repo_id, private, api.token, going_up)
    after = shown(files, went_up_html(files, wish.repo_id, done))
    return {"done": published_html(wish.kind, wish.repo_id, done), "shown": after, "used": True}


def packed(asked: dict, report: Work) -> dict:
    wish, _, _ = wish_of(asked)
    files = ready.files_of(wish, text(asked["key"]), lambda share, words: report(0.9 * share, words))
    name = f"{wish.run.name}-{wish.kind}"
    report(0.9, "packing")
    path = ready.zipped(files, name)
    return {"done": zip_html(wish.kind, path), "shown": shown(files, folder_html(files, name))}


def wish_of(asked: dict) -> tuple[ready.Wish, HfApi | None, str]:
    """What the fields ask for, and the Hub, or why nobody is logged in there. ValueError for what cannot be."""
    from gan_core.hub.prepare import kind_of
    from gan_core.hub.publish import named

    run, kind = library.named_run(asked["run"]), text(asked["kind"])
    kind_of(kind)
    name = text(asked["name"]).strip() or default_name(run.name)
    repo_id, api, note = named(name, text(asked["token"]).strip() or None)
    note += f", {ON_PAGE[note]} put it into the field “{TOKEN_FIELD}”" if note in ON_PAGE else ""
    # For an instant after another run was chosen the field still shows the terms of the one before.
    give_terms(run, text(asked["terms"]) if asked["terms_of"] == run.name else None)
    return ready.Wish(run, kind, asked["which"] == NEWEST, repo_id, terms_of(run)), api, note


def no_terms(wish: ready.Wish) -> list[str]:
    """What is to be known of a run whose pictures' terms nobody gave."""
    words = f"The card will say “not recorded” of the terms of your pictures: write them into “{TERMS_FIELD}”."
    return [] if wish.terms else [words]


def default_name(run: str) -> str:
    """The run's name as the Hub would take it."""
    return re.sub(r"([-.])[-.]+", r"\1", run).strip("-._")


def shown(files: Files, report: str) -> dict:
    """What the page shows of the files, and their key."""
    return {"report": report, "card": card_markdown(files), "key": files.folder.name}


def text(value: object) -> str:
    return value if isinstance(value, str) else ""
