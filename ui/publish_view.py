"""What is about to be published, and what became of it, as html and Markdown."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.runs.summary import Summary
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
    "space": "Hugging Face builds it now, which takes some minutes. Everybody explores there; logged in, you train.",
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
    words = f"{about['state']}{about['figures']}<br>{about['settings']}"
    return f"<div class='picked'>{picture}<p class='cap'>{words}</p></div>"


def preview_html(files: Files, repo_id: str, private: bool, target: Target | None, note: str) -> str:
    """What would go up: where, who sees it, every file, and what an update does with what is there."""
    sizes, kept, gone = files.sizes, target.kept if target else (), target.gone(files) if target else []
    rows = [row(name, count, "stays as it was edited there" if name in kept else "") for name, count in sizes.items()]
    rows += [row(name, None, "is removed") for name in gone]
    only_owner = target.private if target and target.exists else private
    facts = [f"<b>{escape(repo_id)}</b>, {state(files.kind, target, note)}"]
    facts.append("only you see it" if only_owner else "everybody sees it")
    problem = f"<p class='bad'>{escape(sentence(note))}</p>" if note else ""
    return (
        f"<div class='card goes-up'><h3 class='head'>What goes up</h3><p>{'; '.join(facts)}.</p>{problem}"
        f"<p class='cap'>{size(sum(sizes.values()))} in {len(sizes):,} files</p>"
        f"<div class='files' tabindex='0' role='region' aria-label='Files'><table>{''.join(rows)}</table></div></div>"
    )


def state(kind: str, target: Target | None, note: str) -> str:
    noun = NOUNS[kind]
    if note or target is None:
        return f"a {noun}, not looked for on Hugging Face"
    if not target.exists:
        return f"a new {noun}"
    return f"a {noun} that is there: this updates it"


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
    who = "only you see it" if done.private else "everybody sees it"
    words = [f"Removed: {', '.join(done.gone)}."] if done.gone else []
    words += [f"Left as it was edited there: {', '.join(done.kept)}."] if done.kept else []
    changes = f"<p class='cap'>{escape(' '.join(words))}</p>" if words else ""
    link = f"<a href='{escape(done.url)}' target='_blank' rel='noopener'>{escape(done.url)}</a>"
    return (
        f"<div role='status'><p><span class='good'>Published</span>; {who}:<br>{link}</p>{changes}"
        f"<p class='cap'>{NEXT[kind].format(escape(repo_id))}</p></div>"
    )


def zip_html(kind: str, path: Path) -> str:
    """A link that the page's script makes work, and follows once."""
    link = f"<a data-file='{escape(str(path))}' download='{escape(path.name)}' href='#'>{escape(path.name)}</a>"
    return f"<div role='status'><p>{link}, {size(path.stat().st_size)}</p><p class='cap'>{ZIPPED[kind]}</p></div>"


def refused_html(error: Exception) -> str:
    """The sentence, with its addresses as links."""
    text = escape(sentence(str(error)))
    linked = re.sub(r"https://[\w./-]*\w", lambda match: link(match[0]), text)
    return f"<p class='bad' role='alert'>{linked}</p>"


def link(address: str) -> str:
    return f"<a href='{address}' target='_blank' rel='noopener'>{address}</a>"
