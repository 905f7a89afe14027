"""What the cards of all Spaces have in common: the front matter that the Hub wants, whose model it is, its terms."""

from __future__ import annotations

from gan_core.hub.card import HUB, cell, front_matter, moment
from gan_core.hub.record import Record
from gan_core.hub.terms import NOT_KNOWN, licence, terms

LOOKS = {"emoji": "🎭", "colorFrom": "yellow", "colorTo": "blue"}
MOST_LETTERS = 60


def space_card(record: Record, settings: dict, model_repo: str | None, where: str, more: str) -> str:
    """README.md of a Space with these `settings`: `where` the pictures are drawn, and `more` that its visitors can do.

    `model_repo` is where the same model was published.
    """
    values = {"title": record.name, **LOOKS, **settings, "short_description": short_description(record)}
    values |= licence(terms(record)) | ({"models": [model_repo]} if model_repo else {})
    learner = f"The model [{model_repo}]({HUB}/{model_repo})" if model_repo else "A GAN"
    about = (
        "Drag sliders and watch pictures change that nobody ever took. "
        f"{learner} learned to draw from pictures called “{record.data['name']}”, and draws {where}. "
        "Made with DCGAN Studio."
    )
    of_pictures = f"Terms of the pictures it learned from: {cell(terms(record) or NOT_KNOWN)}."
    paragraphs = [front_matter(values), f"# {record.name}", about, of_pictures, moment(record), more]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def short_description(record: Record) -> str:
    """At most 60 letters, as the Hub wants it."""
    start, end = "Slide through the pictures that ", " invents"
    name = record.name if len(start + record.name + end) <= MOST_LETTERS else "a GAN"
    return f"{start}{name}{end}"
