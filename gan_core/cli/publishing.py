"""The command that publishes a run: what goes up is shown, written into a folder, or sent."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from gan_core.cli.console import Bar, say

if TYPE_CHECKING:
    from gan_core.hub.prepare import Files
    from gan_core.hub.publish import Target
    from gan_core.runs.run_dir import RunDir

NO_TERMS = "the card says “not recorded” of the terms of your pictures: give them with --terms"


def publish(args: argparse.Namespace) -> int:
    from gan_core.hub.publish import log_in
    from gan_core.hub.repo_name import full_name
    from gan_core.hub.terms import give_terms
    from gan_core.runs.library import find_run

    run, token, more = find_run(args.run), token_of(args.token_from), {"newest": args.newest}
    give_terms(run, args.terms)
    if args.kind != "model":
        more["model_repo"] = full_name(args.model) if args.model else None
    if args.kind == "space":
        more["hardware"] = args.hardware
    if args.out:
        return write(args, run, token, more)
    if args.preview:
        return preview(args, run, token, more)
    # Who cannot publish hears so before the work is done.
    return send(args, run, full_name(args.repo, log_in(token)[1]), token, more)


def token_of(variable: str | None) -> str | None:
    """The token in that environment variable; None for that of the stored login."""
    if variable is None:
        return None
    if not os.environ.get(variable):
        raise ValueError(f"there is no token in the environment variable {variable}")
    return os.environ[variable]


def write(args: argparse.Namespace, run: RunDir, token: str | None, more: dict) -> int:
    from gan_core.cli.commands import writable
    from gan_core.hub.prepare import prepare
    from gan_core.hub.publish import named
    from gan_core.hub.repo_name import full_name

    # Only a name alone needs its owner's.
    repo_id, _, note = (full_name(args.repo), None, "") if "/" in args.repo else named(args.repo, token)
    bar = Bar(args.json)
    files = prepare(args.kind, run, writable(args.out), repo_id, lambda share, words: bar("preparing", share), **more)
    values = {"out": str(files.folder), "repo": repo_id, "kind": args.kind, "files": files.sizes, "note": note}
    words = f"\nnote: they name it {repo_id}, since {note}" if note else ""
    words += f"\nnote: {files.note}" if files.note else ""
    say(args.json, values, f"wrote {len(files.sizes):,} files, {total(files)}, into {files.folder}{words}")
    return 0


def preview(args: argparse.Namespace, run: RunDir, token: str | None, more: dict) -> int:
    from gan_core.hub.prepare import prepared
    from gan_core.hub.publish import looked_at, named
    from gan_core.hub.terms import terms_of

    repo_id, api, note = named(args.repo, token)
    target, note = looked_at(api, repo_id, args.kind, args.private) if api else (None, note)
    bar = Bar(args.json)
    with prepared(args.kind, run, repo_id, lambda share, words: bar("preparing", share), **more) as files:
        values = {
            "event": "preview", "repo": repo_id, "kind": args.kind, "private": args.private, "files": files.sizes,
            "exists": target.exists if target else None, "gone": target.gone(files) if target else [],
            "kept": sorted(target.kept) if target else [], "card": files.card, "note": note, "terms": terms_of(run),
        }  # fmt: skip
        notes = [note, "" if values["terms"] else NO_TERMS, files.note]
        say(args.json, values, described(files, repo_id, args.private, target, notes))
    return 0


def send(args: argparse.Namespace, run: RunDir, repo_id: str, token: str | None, more: dict) -> int:
    from gan_core.hub.prepare import prepared
    from gan_core.hub.publish import publish

    bar = Bar(args.json)
    with prepared(args.kind, run, repo_id, lambda share, words: bar("preparing", share), **more) as files:
        done = publish(files, repo_id, args.private, token, lambda share, words: bar("publishing", share))
        values = {"event": "published", "files": files.sizes, **asdict(done)}
        words = f"; removed {', '.join(done.gone)}" if done.gone else ""
        words += f"; kept {', '.join(done.kept)}, edited there" if done.kept else ""
        words += "".join(f"\nnote: {each}" for each in (done.note, files.note) if each)
        say(args.json, values, f"published {total(files)}: {done.url}{words}")
    return 0


def described(files: Files, repo_id: str, private: bool, target: Target | None, notes: list[str]) -> str:
    """Everything that would go up, in words; `notes` are what is to be known first."""
    only_owner = target.private if target and target.exists else private
    who = "only you would see it" if only_owner else "everybody would see it"
    what = (
        "not looked for on Hugging Face"
        if not target
        else "an update of what is there"
        if target.exists
        else "a new repo"
    )
    lines = [f"{repo_id}, {what}; {who}:", *(f"note: {note}" for note in notes if note), ""]
    kept = target.kept if target else ()
    edited = "  (stays as it was edited there)"
    lines += [f"{size:>12,}  {name}{edited if name in kept else ''}" for name, size in files.sizes.items()]
    lines += [f"{'removed':>12}  {name}" for name in (target.gone(files) if target else [])]
    return "\n".join([*lines, "", f"{total(files)} in {len(files.sizes):,} files. README.md:", "", files.card.rstrip()])


def total(files: Files) -> str:
    return f"{sum(files.sizes.values()) / 1e6:,.1f} MB"
