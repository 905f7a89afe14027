"""The form's panel for a rented machine: what it costs is said first, and only then a button starts it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gan_core.config import Config, require
from gan_core.hub import offers
from gan_core.hub.refusals import NO_TOKEN, READ_ONLY
from gan_core.words import duration
from ui import form, place
from ui.explore.work import Work, followed
from ui.guard import on_space, require_owner, sentence
from ui.preflight import progress_html
from ui.publish_view import linked, refused_html
from ui.run_view import UNFOLLOWED

ASKING = "asking Hugging Face what it costs"
CHANGED = "<p class='bad' role='alert'>This is what it costs now. Nothing has been started.</p>"
NO_PRICE = f"nobody here knows what this machine costs: choose another one, or see {offers.PRICES}"
ON_SPACE = ", or make it the secret HF_TOKEN of this Space"
SKIP = gr.skip()
PICTURES = ("source", "path", "known", "data_root")


@dataclass(frozen=True)
class Panel:
    """The components, hidden until a rented machine is chosen; `said` is the offer that the button stands for."""

    box: gr.Column
    flavor: gr.Dropdown
    hours: gr.Number
    words: gr.HTML
    begin: gr.Button
    said: gr.Textbox
    market: gr.State


def build() -> Panel:
    with gr.Column(visible=False, elem_id="renting") as box:
        flavor = gr.Dropdown([], label="Machine", filterable=False)
        hours = gr.Number(offers.HOURS, label="Hours at most")
        words = gr.HTML(elem_id="offer", apply_default_css=False)
        begin = gr.Button("Start", variant="primary", visible=False, elem_id="start-rented")
    return Panel(box, flavor, hours, words, begin, gr.Textbox(visible="hidden", container=False), gr.State())


def wire(panel: Panel, fields: dict, shown: gr.Textbox, seen: gr.Textbox, **loud: Any) -> Dependency:
    """The event after which a training may have started."""
    asked, outputs = [panel.flavor, panel.hours, *form.inputs(fields)], [fields["start"], *parts(panel)]
    fields["device"].change(choose, asked, outputs, **loud)
    last = {"trigger_mode": "always_last", **loud}
    changes = [panel.flavor.input, panel.hours.input, *(fields[name].input for name in PICTURES)]
    gr.on(changes, price, [panel.market, *asked], outputs, **last)
    goal = [fields["amount"].input, fields["unit"].input]
    gr.on(goal, price_of_goal, [panel.market, *asked], outputs, **last)
    wish = [fields["name"], panel.said, *asked]
    return panel.begin.click(start, wish, [shown, seen, fields["device"], *outputs], **loud)


def parts(panel: Panel) -> list:
    """What `update` and `hidden` update beside the form's own button."""
    return [panel.box, panel.flavor, panel.hours, panel.words, panel.begin, panel.said, panel.market]


def choose(flavor, hours, *values):
    """The panel for a rented machine, with the prices of now; none for another place."""
    if form.value_in(values, "device") == place.RENTED:
        yield from price_of_goal(None, flavor, hours, *values)
    else:
        yield hidden()


def price_of_goal(market, flavor, hours, *values):
    """As `price`, for the hours that the form's goal needs."""
    yield from price(market, flavor, None, *values)


def price(market, flavor, hours, *values):
    """What the choice costs, or in a sentence why it cannot be had; the Hub is asked once for what there is."""
    if form.value_in(values, "device") != place.RENTED:
        yield (SKIP,) * 8
        return
    try:
        require_owner()
        require_seen(*values)
        minutes, listed = minutes_of(*values), SKIP
        if market is None:
            yield update(progress_html(ASKING, 0))
            market = offers.look()
            flavor = flavor if flavor in market.machines else cheapest(market).flavor
            listed = gr.Dropdown(choices(market), value=flavor)
        offer = market.offer(flavor, hours, minutes=minutes)
        time = offer.hours if hours is None else SKIP
        yield update(offer_html(offer, minutes), offer, market, listed=listed, hours=time)
    except (ValueError, OSError) as error:
        yield update(why_not(error), market=market)


def start(name, said, flavor, hours, *values):
    """Start what was said, at that price or not at all, and then show it as any other run."""
    work = Work(words=ASKING)
    try:
        require_owner()
        require_seen(*values)
        config, name, nowhere = form.config_of(*values), form.name_of(name), place.field()
        # Whoever leaves the page before the job is asked for closes this generator, and nothing is started.
        with closing(followed(work, lambda report: started(config, name, said, flavor, hours, report))) as looks:
            for _ in looks:
                yield SKIP, SKIP, SKIP, *update(progress_html(work.words, work.share))
        if run := work.result.get("run"):
            if why := work.result["unfollowed"]:
                gr.Warning(escape(f"{sentence(why)} {UNFOLLOWED}"), title="Not followed")
            yield run, "{}", nowhere, *hidden()
        else:
            offer, market = work.result["offer"], work.result["market"]
            html = offer_html(offer, config.train.minutes) + CHANGED
            yield SKIP, SKIP, SKIP, *update(html, offer, market)
    except (ValueError, OSError) as error:
        html = f"<p class='cap'>{linked(said)}</p>{why_not(error)}" if said else why_not(error)
        yield SKIP, SKIP, SKIP, *update(html, begin=gr.Button(visible=bool(said)))


def started(config: Config, name: str | None, said: str, flavor: str, hours: float | None, report: Work) -> dict:
    """The run whose job is followed from now on; without one the offer of now, which is not what was said."""
    from gan_core.runs import job, renting

    market = offers.look()
    offer = market.offer(flavor, hours, minutes=config.train.minutes)
    if str(offer) != said:
        return {"offer": offer, "market": market}
    require(offer.most_usd is not None, NO_PRICE)
    run, unfollowed = renting.start(config, offer, name, report), ""
    try:
        job.resume(run)
    except (ValueError, OSError) as error:  # it costs all the same
        unfollowed = str(error)
    return {"run": run.name, "unfollowed": unfollowed}


def require_seen(*values: object) -> None:
    """ValueError for pictures that a job cannot see."""
    from gan_core.runs import renting

    source, path, _, known, folder = (form.value_in(values, name) for name in form.SOURCE)
    require(source != form.UPLOAD, renting.unseen("an uploaded zip"))
    renting.require_reachable(form.pictures(source, path, None, known), form.files_folder(source, known, folder))


def minutes_of(*values: object) -> float | None:
    """For how long the form wants to train, if it says so."""
    return form.goal(form.value_in(values, "amount"), form.value_in(values, "unit")).get("minutes")


def choices(market: offers.Market) -> list[tuple[str, str]]:
    """(words, flavor) of the machines whose price is known, the cheapest first."""
    return [(f"{each.flavor}: ${each.usd_an_hour:.2f}/h", each.flavor) for each in market.priced]


def cheapest(market: offers.Market) -> offers.Machine:
    """That with a GPU, if there is one."""
    require(bool(market.priced), "Hugging Face has no machines for jobs just now: try it in a few minutes")
    return min(market.priced, key=lambda each: not each.gpus)


def offer_html(offer: offers.Offer, minutes: float | None) -> str:
    is_short = minutes is None or minutes > offer.minutes
    note = f" Of that time it trains for {duration(offer.minutes * 60)} at most." if is_short else ""
    return f"<p class='cap' role='status'>{linked(str(offer))}{escape(note)}</p>"


def why_not(error: Exception) -> str:
    more = ON_SPACE if on_space() and str(error) in (NO_TOKEN, READ_ONLY) else ""
    return refused_html(ValueError(f"{error}{more}"))


def hidden() -> tuple:
    return gr.Button(visible=True), gr.Column(visible=False), SKIP, SKIP, "", gr.Button(visible=False), "", None


def update(html: str, offer: offers.Offer | None = None, market: Any = SKIP, **fields: Any) -> tuple:
    """The form's button gives way to the panel, whose own button is there only beside the price of an offer.

    `fields` are new values of `listed`, the machines, of `hours`, and of `begin`.
    """
    begin, said = fields.get("begin") or gr.Button(visible=False), str(offer) if offer else SKIP
    if offer and offer.most_usd is not None:
        begin = gr.Button(f"Start for at most ${offer.most_usd:.2f}", visible=True)
    listed, hours = fields.get("listed", SKIP), fields.get("hours", SKIP)
    return gr.Button(visible=False), gr.Column(visible=True), listed, hours, html, begin, said, market
