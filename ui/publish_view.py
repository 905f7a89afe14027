"""What is about to be published, and what became of it, as html and Markdown."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.hub.mirror import VARIABLE
from gan_core.runs.summary import Summary
from gan_core.words import distance, pictures
from ui import runs
from ui.answers import data_uri
from ui.guard import sentence

if TYPE_CHECKING:
    from gan_core.hub.prepare import Files
    from gan_core.hub.publish import Published, Target

NOUNS = {"static": "static Space", "model": "model", "space": "Gradio Space"}
EMPTY = (
    "<div class='card empty'><p>Preview shows every file that would go up, and the card. Nothing is sent before you "
    "press Publish.</p></div>"
)
NEXT = {
    "static": "The page opens within a minute. Send its link to a friend: nothing has to be installed.",
    "model": "Whoever may see it opens it here in Explore, under Bring a model, or in Python: "
    '<code>from_pretrained("{}")</code>.',
    "space": "Hugging Face builds it now, which takes some minutes. Everybody explores there; logged in, you train. "
    "What you train there is lost when the Space restarts, unless its settings have the secret <code>HF_TOKEN</code>, "
    f"a token with the right to write: then runs are kept in the private repo that the variable "
    f"<code>{VARIABLE}</code> names.",
}
ZIPPED = {
    "static": "Unpack it on any web server. To look at it here: <code>python -m http.server</code> in the folder, then "
    "open http://localhost:8000.",
    "model": "<code>from_pretrained</code> opens the unpacked folder, too.",
    "space": "In the folder: <code>pip install -r requirements.txt</code>, then <code>python app.py</code>.",
}
FRONT_MATTER = re.compile(r"---\n(.*?)---\n", re.DOTALL)
IMAGE = re.compile(r"!\[([^\]]*)\]\(([\w.-]+\.(?:jpg|png))\)")
FILM = re.compile(r"<video[^>]*></video>\n*")
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


def size(count: int) -> str:
    """Bytes, e.g. '812 B', '14 kB', '20.3 MB'."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:,.0f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def picked_html(summary: Summary) -> str:
    """Four samples of the run, and what it is."""
    about, path = runs.row(summary), summary.sample
    image = runs.thumbnail(path, path.stat().st_mtime_ns) if path else ""
    picture = f"<img src='{image}' alt=''>" if image else ""
    facts = [about["state"], *([f"{pictures(summary.nimg)} seen"] if summary.nimg else [])]
    facts += [f"best distance to its pictures {distance(summary.best)}"] if summary.best is not None else []
    words = f"{escape(' · '.join(facts))}<br>{escape(about['settings'])}"
    return f"<div class='picked'>{picture}<p class='cap'>{words}</p></div>"


def preview_html(files: Files, repo_id: str, private: bool, target: Target | None, notes: list[str]) -> str:
    """What would go up: where, who sees it, every file, and what an update does with what is there."""
    kept, gone = (target.kept, target.gone(files)) if target else ((), [])
    only_owner = target.private if target and target.exists else private
    facts = f"<b>{escape(repo_id)}</b>, {state(files.kind, target)}; {who_sees(only_owner)}."
    problem = "".join(f"<p class='bad'>{linked(note)}</p>" for note in notes if note)
    rows = rows_of(files, kept) + [row(name, None, "is removed") for name in gone]
    return files_html("What goes up", facts, files, rows, problem)


def went_up_html(files: Files, repo_id: str, done: Published) -> str:
    """The same once it is there."""
    facts = f"<b>{escape(repo_id)}</b>, a {NOUNS[files.kind]}; {who_sees(done.private)}."
    rows = rows_of(files, done.kept) + [row(name, None, "was removed") for name in done.gone]
    return files_html("What went up", facts, files, rows)


def folder_html(files: Files, name: str) -> str:
    """The same for who takes it away."""
    facts = f"<b>{escape(name)}</b>, a {NOUNS[files.kind]}; nothing was sent."
    return files_html("What is in the folder", facts, files, rows_of(files))


def files_html(title: str, facts: str, files: Files, rows: list[str], problem: str = "") -> str:
    sizes = files.sizes
    return (
        f"<div class='card goes-up'><h3 class='head'>{title}</h3><p>{facts}</p>{problem}"
        f"<p class='cap'>{size(sum(sizes.values()))} in {len(sizes):,} files</p>"
        f"<div class='files' tabindex='0' role='region' aria-label='Files'><table>{''.join(rows)}</table></div></div>"
    )


def who_sees(only_owner: bool) -> str:
    return "only you see it" if only_owner else "everybody sees it"


def state(kind: str, target: Target | None) -> str:
    noun = NOUNS[kind]
    if target is None:
        return f"a {noun}, not looked for on Hugging Face"
    if not target.exists:
        return f"a new {noun}"
    return f"a {noun} that is there: this updates it"


def rows_of(files: Files, kept: Collection[str] = ()) -> list[str]:
    return [
        row(name, count, "stays as it was edited there" if name in kept else "") for name, count in files.sizes.items()
    ]


def row(name: str, count: int | None, remark: str) -> str:
    words = f" <em>{remark}</em>" if remark else ""
    return f"<tr><td>{escape(name)}{words}</td><td>{'–' if count is None else size(count)}</td></tr>"


def card_markdown(files: Files) -> str:
    """The card with its front matter as text, and with its pictures in it."""

    def inlined(match: re.Match) -> str:
        path = files.folder / match[2]
        return f"![{match[1]}]({uri(path)})" if path.is_file() else match[0]

    text = FRONT_MATTER.sub(lambda match: f"```yaml\n{match[1]}```\n", files.card, count=1)
    return IMAGE.sub(inlined, FILM.sub("", text))


def uri(path: Path) -> str:
    return data_uri(path.read_bytes(), MEDIA_TYPES[path.suffix])


def published_html(kind: str, repo_id: str, done: Published) -> str:
    words = [f"Removed: {', '.join(done.gone)}."] if done.gone else []
    words += [f"Left as it was edited there: {', '.join(done.kept)}."] if done.kept else []
    changes = f"<p class='cap'>{escape(' '.join(words))}</p>" if words else ""
    note = f"<p class='bad'>{linked(done.note)}</p>" if done.note else ""
    return (
        f"<div role='status'><p><span class='good'>Published</span>; {who_sees(done.private)}:<br>"
        f"{link(escape(done.url))}</p>{note}{changes}"
        f"<p class='cap'>{NEXT[kind].format(escape(repo_id))}</p></div>"
    )


def zip_html(kind: str, path: Path) -> str:
    """A link that the page's script makes work, and follows once."""
    link = f"<a data-file='{escape(str(path))}' download='{escape(path.name)}' href='#'>{escape(path.name)}</a>"
    return f"<div role='status'><p>{link}, {size(path.stat().st_size)}</p><p class='cap'>{ZIPPED[kind]}</p></div>"


def refused_html(error: Exception) -> str:
    return f"<p class='bad' role='alert'>{linked(str(error))}</p>"


def linked(text: str) -> str:
    """The text as a sentence, with its addresses as links."""
    return re.sub(r"https?://[\w.:/-]*\w", lambda match: link(match[0]), escape(sentence(text)))


def link(address: str) -> str:
    return f"<a href='{address}' target='_blank' rel='noopener'>{address}</a>"
