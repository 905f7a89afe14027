"""A run in words, html and tables, from what its directory says."""

from __future__ import annotations

from html import escape

import pandas as pd

from gan_core.runs.run_dir import RunDir, Status, best_of
from gan_core.training.health import BY_HEART, COLLAPSED, LOW_DIVERSITY
from gan_core.words import distance, duration, kimg, rate
from ui.guard import sentence

CHART_POINTS = 500
FEWEST_ROWS, MOST_ROWS = 8, 16  # of a sample sheet
SWD_HELP = "The smallest distance between samples and your pictures, or the newest within 3 %: best.safetensors."
DIVERSITY_HELP = "How unlike each other the samples are: 1 as much as your pictures, below 0.3 collapsed."
VERDICT_HELP = "Share of your pictures that D takes for real: of those it trains on, and of those kept from it."
UNFOLLOWED = "Nobody follows its job here any more, which may go on and cost. Resume follows it again."
CANCEL_HELP = "Cancelling ends the job and what it costs. What it has saved so far stays here."
STATE_WORDS = {
    "starting": "starting",
    "preparing": "preparing",
    "training": "training",
    "waiting": "waiting for the GPU",
    "stopped": "stopped",
    "done": "done",
    "failed": "failed",
    "died": "its process died",
}


def stopping(run: RunDir | None, status: Status) -> bool:
    return bool(run and status.active and run.stop_requested())


def stop_words(run: RunDir | None, status: Status) -> str:
    """What the button says that ends a training."""
    if run and run.is_rented:
        return "Cancelling…" if stopping(run, status) else "Cancel the job"
    return "Stopping…" if stopping(run, status) else "Stop and save"


def can_resume(run: RunDir, status: Status) -> bool:
    return not status.active and (run.is_rented or bool(run.states()) or not run.generator.exists())


def hint(run: RunDir | None, status: Status) -> str:
    if run is None:
        return "Your samples will appear here."
    if status.state in ("starting", "preparing"):
        return f"{status.message[:1].upper()}{status.message[1:]} …"
    return "The same samples appear here as they learn." if status.active else "No samples yet."


def header_html(live: RunDir | None = None) -> str:
    pill = ""
    if live:
        status, rows = live.status(), live.metrics()
        words = [kimg(status.nimg), *([rate(rows[-1]["img_per_sec"])] if rows else []), *left(live, status)]
        pill = f"<div class='pill'><i></i><span>{STATE_WORDS[status.state]}</span><b>{escape(live.name)}</b>"
        pill += "".join(f"<span>· {word}</span>" for word in words) + "</div>"
    theme = "<button class='theme' title='Light or dark' aria-label='Light or dark' onclick='studioTheme()'>◐</button>"
    return f"<div class='bar'><div class='logo'>DCGAN <b>Studio</b></div>{pill}{theme}</div>"


def left(run: RunDir, status: Status) -> list[str]:
    """The time left, judged by the pace so far; nothing while there is no pace or no goal."""
    share = run.config().train.progress(status.nimg, status.seconds)
    if status.state != "training" or not 0 < share < 1 or status.seconds < 2:
        return []
    return [f"{duration(status.seconds / share * (1 - share))} left"]


def unreadable(run: RunDir | None) -> str:
    """Why a run's settings cannot be read, in a sentence; "" where they can."""
    try:
        if run:
            run.config()
    except ValueError as error:
        return sentence(str(error))
    return ""


def problem_html(name: str, problem: str) -> str:
    return f"<div class='runhead'><b>{escape(name)}</b></div><p class='cap bad'>{escape(problem)}</p>"


def title_html(run: RunDir | None, status: Status, rows: list[dict]) -> str:
    if run is None:
        return "<div class='runhead'><b>No run yet</b><span class='cap'>choose pictures and press Start</span></div>"
    config = run.config()
    preparing = status.state == "preparing"
    share = status.prepared if preparing else min(config.train.progress(status.nimg, status.seconds), 1)
    share = 1 if status.state == "done" else share
    ending = "cancelling the job" if run.is_rented else "stopping as soon as it is safe"
    state = ending if stopping(run, status) else STATE_WORDS[status.state]
    counts = [] if status.state in ("starting", "preparing") else [kimg(status.nimg), duration(status.seconds)]
    words = [state, *counts, *left(run, status)]
    tone = {"failed": "bad", "died": "bad", "training": "good", "waiting": "good"}.get(status.state, "")
    html = f"<div class='runhead'><b title='{escape(run.name)}'>{escape(run.name)}</b></div>"
    html += f"<div class='meter' role='progressbar' aria-valuenow='{share * 100:.0f}'>"
    html += f"<i style='width:{share * 100:.1f}%'></i></div><p class='cap'>"
    html += " · ".join([f"<span class='{tone}'>{words[0]}</span>", *words[1:]])
    html += f"<br>{escape(explain(run, status))}</p>"
    return html + (f"<p class='cap'>{CANCEL_HELP}</p>" if status.active and run.is_rented else "")


def explain(run: RunDir, status: Status) -> str:
    if run.is_rented and not status.active:
        why = status.message if status.state == "failed" else ""
        return f"{sentence(why)} {UNFOLLOWED}" if why else UNFOLLOWED
    if status.state == "died":
        saved = "Resume goes on from the last saved state." if run.states() else "Resume starts it again."
        return f"The training process ended without a word, perhaps for want of memory or power. {saved}"
    if status.state == "failed":
        return status.message[:1].upper() + status.message[1:]
    if status.state in ("starting", "preparing"):
        return status.message
    config = run.config()
    parent = [f"from {config.parent}"] if config.parent else []
    words = [config.preset, *parent, f"{config.model.image_size} px", f"batch {config.train.batch_size}", status.device]
    return " · ".join([*words, *([status.message] if status.message else [])])


def row_names(run: RunDir | None) -> list[str]:
    """The class of each row of the sample sheet; empty for a run without classes."""
    classes = run.config().model.classes if run else ()
    rows = max(min(len(classes), MOST_ROWS), FEWEST_ROWS)
    places = range(rows) if len(classes) >= rows else [row * len(classes) // rows for row in range(rows)]
    return [classes[place] for place in places] if classes else []


def evaluations(rows: list[dict]) -> list[dict]:
    """The ticks at which the samples were compared with the pictures."""
    return [row for row in rows if "swd" in row]


def quality_html(rows: list[dict]) -> str:
    """How good the samples are, as of the newest comparison; empty before the first."""
    measured = evaluations(rows)
    if not measured:
        return ""
    best, newest = best_of(measured), measured[-1]
    facts = [fact(f"best, {kimg(best['nimg'])}", distance(best["swd"]), SWD_HELP)]
    if "diversity" in newest:
        word, tone = diversity_word(newest["diversity"])
        facts.append(fact("diversity", f"{newest['diversity']:.2f} <small>{word}</small>", DIVERSITY_HELP, tone))
    if "accuracy/train" in newest:
        facts.append(verdict(newest))
    return f"<div class='facts'>{''.join(facts)}</div>{by_heart(newest)}"


def fact(name: str, value: str, help: str = "", tone: str = "") -> str:
    return f"<div title='{escape(help)}'><div class='cap'>{name}</div><div class='big {tone}'>{value}</div></div>"


def diversity_word(ratio: float) -> tuple[str, str]:
    """What a diversity, in units of the data's own, amounts to, and its colour."""
    if ratio < COLLAPSED:
        return "collapsed", "bad"
    return ("low", "bad") if ratio < LOW_DIVERSITY else ("good", "")


def verdict(row: dict) -> str:
    """How often D is right about pictures that it knows and, if some were held out, about those."""
    known = f"{100 * row['accuracy/train']:.0f}"
    if "accuracy/held_out" not in row:
        return fact("D on known", f"{known} <small>%</small>", VERDICT_HELP)
    return fact("D known / new", f"{known} / {100 * row['accuracy/held_out']:.0f} <small>%</small>", VERDICT_HELP)


def by_heart(row: dict) -> str:
    if row.get("accuracy/train", 0) - row.get("accuracy/held_out", 1) <= BY_HEART:
        return ""
    return "<p class='cap bad'>D knows its pictures by heart: more pictures or more augmentation would help.</p>"


def facts_html(run: RunDir | None, status: Status, rows: list[dict]) -> str:
    if not run:
        return ""
    data, facts = run.data(), []
    if rows:
        facts.append(("images/s", f"{rows[-1]['img_per_sec']:,.0f}"))
        facts.append(("kimg seen", f"{rows[-1]['nimg'] / 1000:,.1f}"))
    if data.get("count"):
        facts.append(("pictures", f"{data['count']:,}"))
    if rows and data:
        facts.append(("each seen", f"{rows[-1]['nimg'] / max(data['count'], 1):,.1f} <small>×</small>"))
    html = "".join(fact(name, value) for name, value in facts)
    waiting = "<p class='cap'>Charts appear with the second report.</p>" if status.active and len(rows) < 2 else ""
    return f"<div class='facts'>{html}</div>{quality_html(rows)}{waiting}{skipped_html(data.get('skipped', []))}"


def skipped_html(skipped: list) -> str:
    if not skipped:
        return ""
    items = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in skipped[:200])
    more = f"<li>and {len(skipped) - 200:,} more</li>" if len(skipped) > 200 else ""
    word = "picture" if len(skipped) == 1 else "pictures"
    return (
        f"<details class='skipped'><summary>{len(skipped):,} {word} skipped</summary><ul>{items}{more}</ul></details>"
    )


def series(rows: list[dict], y: str, lines: dict[str, str]) -> pd.DataFrame:
    """The rows as a long table of `lines`, {name: key in the row}, thinned to what a chart can show.

    The newest row is always among them.
    """
    step = -(-len(rows) // (CHART_POINTS // len(lines))) or 1
    thin = rows[::-1][::step][::-1]
    return pd.DataFrame(
        [(row["nimg"] / 1000, row[key], name) for row in thin for name, key in lines.items()],
        columns=["kimg", y, "of"],
    )
