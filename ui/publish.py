"""The Publish tab: what of a run goes up is prepared and looked at, then sent, or taken away as a zip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import gradio as gr

from gan_core.hub.terms import MOST_LETTERS, came_with_terms, terms_of
from gan_core.runs import library
from gan_core.runs.summary import summarise
from ui.explore.work import Cancelled, Work, followed
from ui.guard import OWNER_ONLY, is_owner, notice, require_owner
from ui.preflight import progress_html
from ui.publish_view import EMPTY, picked_html, refused_html
from ui.publish_work import BEST, NEWEST, TERMS_FIELD, TOKEN_FIELD, default_name, looked, packed, sent
from ui.stopping import page
from ui.theme import asset

KINDS = {
    "static": "A page in the visitor’s browser\n"
    "The sliders, the pad and the morphs, for anybody with the link. Free, and needs no server.",
    "model": "The model\nIts weights, directions, samples, a film and a card, for people who build on it. Free.",
    "space": "This whole app with the model\n"
    "Everything you see here, on a computer of Hugging Face. May need a paid plan there.",
}
FIELDS = ("run", "which", "kind", "name", "private", "terms", "terms_of", "token")
TERMS_EXAMPLE = "for the card, e.g. “my own photos, CC BY 4.0”; kept with the run"
OF_THE_LOGIN = "empty: that of “hf auth login” on this computer"
NOTHING_SENT = "<p class='cap'>Cancelled. Nothing was sent.</p>"
PART_SENT = "<p class='cap'>Cancelled. What has arrived on Hugging Face is not sent again the next time.</p>"
_under_way: dict[str | None, Work] = {}


@dataclass(frozen=True)
class Publish:
    """The components of the tab; `key` is that of the files that were looked at."""

    tab: gr.Tab
    fields: dict[str, gr.components.Component]
    picked: gr.HTML
    preview: gr.Button
    publish: gr.Button
    download: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    report: gr.HTML
    box: gr.Column
    card: gr.Markdown
    key: gr.Textbox


def build(tab: gr.Tab) -> Publish:
    with gr.Row(elem_id="publish", equal_height=False):
        with gr.Column(elem_classes="card"):
            gr.HTML("<h3 class='head'>Publish a run</h3>", apply_default_css=False)
            notice()
            run = gr.Dropdown([], label="Run to publish", filterable=False)
            picked = gr.HTML(apply_default_css=False)
            fields = {"run": run, **build_form()}
        with gr.Column():
            with gr.Column(elem_classes="card"):
                with gr.Row(elem_id="publish-buttons"):
                    preview = gr.Button("Preview", size="md", min_width=110)
                    publish = gr.Button("Publish", variant="primary", size="md", min_width=110)
                    download = gr.Button("Download as a folder (zip)", size="md", min_width=110)
                    cancel = gr.Button("Cancel", visible=False, size="md", elem_id="cancel-publish")
                progress = gr.HTML(js_on_load=asset("publish.js"), elem_id="publishing", apply_default_css=False)
            report = gr.HTML(EMPTY, apply_default_css=False)
            with gr.Column(visible=False, elem_classes="card", elem_id="publish-card") as box:
                gr.HTML("<h3 class='head'>The card, README.md</h3>", apply_default_css=False)
                card = gr.Markdown(latex_delimiters=[])
    key = gr.Textbox(visible="hidden", container=False)
    return Publish(tab, fields, picked, preview, publish, download, cancel, progress, report, box, card, key)


def build_form() -> dict[str, gr.components.Component]:
    """The fields that follow the run."""
    choices = [(words, kind) for kind, words in KINDS.items()]
    return {
        "which": gr.Radio([("Best", BEST), ("Newest", NEWEST)], value=BEST, label="Weights", visible=False),
        "kind": gr.Radio(choices, value="static", label="What to publish", elem_id="publish-kind"),
        "name": gr.Textbox(label="Name on Hugging Face", info="alone it is yours, or owner/name", max_length=200),
        "private": gr.Radio([("Everybody", False), ("Only me", True)], value=False, label="Who may see it"),
        "terms": gr.Textbox(label=TERMS_FIELD, info=TERMS_EXAMPLE, max_length=MOST_LETTERS),
        "terms_of": gr.Textbox(visible="hidden", container=False),  # the run whose terms are shown
        "token": gr.Textbox(
            label=TOKEN_FIELD,
            info=OF_THE_LOGIN,
            type="password",
            max_length=2000,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
        ),
    }


def wire(parts: Publish, listed: gr.HTML, tabs: gr.Tabs) -> None:
    """`listed` is the list of runs, whose menus lead here."""
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    loud = {"show_progress": "hidden", "api_visibility": "private"}
    fields = parts.fields
    about = [parts.picked, fields["which"], fields["name"]]
    parts.tab.select(runs_listed, fields["run"], [fields["run"], *about], **quiet)
    parts.tab.select(login, outputs=fields["token"], concurrency_limit=2, **loud)
    fields["run"].change(about_run, fields["run"], about, **quiet)
    fields["run"].change(shown_terms, fields["run"], [fields["terms"], fields["terms_of"]], **quiet)
    for name in ("run", "which", "kind", "name", "private", "terms"):
        fields[name].input(unlooked, outputs=[parts.report, parts.box, parts.key], **quiet)
    listed.submit(picked_run, outputs=[tabs, fields["run"]], **quiet)
    inputs, shown = [*(fields[name] for name in FIELDS), parts.key], outputs(parts)
    pressed = {parts.preview: preview, parts.publish: publish, parts.download: download}
    one_place = {"concurrency_limit": 2, "concurrency_id": "publish"}
    for button, do in pressed.items():
        button.click(do, inputs, shown, **one_place, **loud)
    # Not by Gradio's `cancels`: an update that is under way would come after the words of the end.
    parts.cancel.click(cancel, **quiet)


def outputs(parts: Publish) -> list:
    """What `update` updates."""
    buttons = [parts.preview, parts.publish, parts.download, parts.cancel]
    return [*buttons, parts.progress, parts.report, parts.box, parts.card, parts.key, parts.fields["token"]]


def update(progress: str, running: bool, shown: dict | None = None, used: bool = False) -> tuple:
    """The buttons, the progress, what is shown of the files if that is new; a token that was used is forgotten."""
    buttons = [gr.Button(visible=not running) for _ in range(3)] + [gr.Button(visible=running)]
    new = [shown["report"], gr.Column(visible=True), shown["card"], shown["key"]] if shown else [gr.skip()] * 4
    return *buttons, gr.HTML(progress), *new, "" if used else gr.skip()


def cancel() -> None:
    """Have what this page began end."""
    if work := _under_way.get(page()):
        work.cancelled = True


def unlooked() -> tuple:
    """What was looked at is not what the fields ask for any more."""
    return EMPTY, gr.Column(visible=False), ""


def runs_listed(name: str | None) -> tuple:
    """The runs there are, the chosen one or the newest among them."""
    names = [run.name for run in library.runs()]
    name = name if name in names else next(iter(names), None)
    return gr.Dropdown(names, value=name), *about_run(name)


def about_run(name: str | None) -> tuple:
    """What the run is, whether there is a choice of its weights, and the name that it would get."""
    try:
        run = library.named_run(name)
        is_measured = run.best.exists() and run.generator.exists()
        return picked_html(summarise(run)), gr.Radio(visible=is_measured), gr.Textbox(placeholder=default_name(name))
    except ValueError:
        return "", gr.Radio(visible=False), gr.Textbox(placeholder="")


def shown_terms(name: str | None) -> tuple:
    """The field of the terms, and the run that it is of from now on."""
    return known_terms(name), name or ""


def known_terms(name: str | None) -> gr.Textbox:
    """The terms of the run's pictures, which only those may change whose pictures they are."""
    try:
        run = library.named_run(name)
        return gr.Textbox(value=terms_of(run), interactive=not came_with_terms(run))
    except ValueError:
        return gr.Textbox(value="", interactive=True)


def picked_run(event: gr.EventData) -> tuple:
    """The tab, with the run whose menu was used."""
    name = event._data.get("name") if isinstance(event._data, dict) else None
    names = [run.name for run in library.runs()]
    return gr.Tabs(selected="publish"), gr.Dropdown(names, value=name) if name in names else gr.skip()


def login() -> gr.Textbox:
    """Whose login stands in for an empty token."""
    if not is_owner():
        return gr.Textbox(info=OWNER_ONLY)
    from gan_core.hub.publish import log_in

    try:
        return gr.Textbox(info=f"{OF_THE_LOGIN}, which is {log_in()[1]}’s")
    except ValueError:
        return gr.Textbox(info=f"{OF_THE_LOGIN}, where nobody who may write is logged in now")


def preview(*values):
    """Prepare the files and show them; of the Hub, only look at what is there."""
    yield from steps(values, looked)


def publish(*values):
    """Send the files that were looked at, or those of what the fields say now."""
    yield from steps(values, sent)


def download(*values):
    """Put the same files into a zip."""
    yield from steps(values, packed)


def steps(values: tuple, do: Callable[[dict, Work], dict]) -> Iterator[tuple]:
    """Every update while `do(asked, report)` works in a thread.

    Its result has html as `done`, what is then shown of the files, and perhaps `used`.
    """
    work, mine = Work(words="asking Hugging Face"), page()
    try:
        require_owner()
        asked = dict(zip((*FIELDS, "key"), values, strict=True))
        news, _under_way[mine] = 0, work
        # Whoever leaves the page closes this generator, and with it the work.
        with closing(followed(work, lambda report: do(asked, report))) as looks:
            for _ in looks:
                shown, news = work.shown if work.news != news else None, work.news
                yield update(progress_html(work.words, work.share), True, shown)
        yield update(work.result["done"], False, work.result["shown"], bool(work.result.get("used")))
    except Cancelled:
        yield update(PART_SENT if work.shown.get("sending") else NOTHING_SENT, False)
    except (ValueError, OSError) as error:
        yield update(refused_html(error), False)
    finally:
        if _under_way.get(mine) is work:
            del _under_way[mine]
