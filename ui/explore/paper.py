"""The Paper tool: the DCGAN paper's figures made with the opened model, each told with its numbers."""

from __future__ import annotations

from gan_core import pixels
from gan_core.data.named import CLASSES, named
from gan_core.home import datasets
from gan_core.latent import Explorer, Point
from gan_core.paper import FIGURES, Steps, Subject, finish
from gan_core.paper.arithmetic import arithmetic
from gan_core.paper.begin import begin, labelled
from gan_core.paper.classify import FEW, Labelled, classify
from gan_core.paper.drop import Box, drop
from gan_core.paper.filters import as_images, exciting
from gan_core.paper.finding import Finding
from gan_core.paper.report import page, png, section
from gan_core.paper.turn import turn
from ui import copies
from ui.answers import answers, data_uri
from ui.explore import work
from ui.explore.opened import explorer_of, run_of
from ui.explore.wishes import choice, items, number, point, points, to_json
from ui.guard import is_owner, require_owner

MOST_BOXES, MOST_EXEMPLARS, MOST_POINTS = 24, 8, 24
LONGEST_PATH = 4096
OWN = "own"


@answers
def paper_about(request: dict) -> dict:
    """Whether the model has a discriminator, and the labelled pictures that a classifier may learn from here."""
    subject, own = subject_of(request), own_pictures(request)
    sets = list(CLASSES) if is_owner() else []
    return {"hasD": subject.has_D, "own": own.name if own else "", "sets": sets, "paths": is_owner()}


@answers
def paper_figure(request: dict) -> dict:
    """Begin to make a figure: {name}, and {groups}, {left, right}, {boxes} or {data} for those that can use them.

    The result has its section of the report, and points that it shows.
    """
    name, subject = choice(request.get("name"), FIGURES, "figure"), subject_of(request)
    steps_of = MAKERS.get(name, lambda subject, _request, _report: begin(name, subject))
    # What is wrong with a wish is said at once.
    wish = dict(request) | ({"data": data_of(request)} if name == "classify" else {})

    def make(report: work.Work) -> dict:
        return told(finish(steps_of(subject, wish, report), lambda share: report(share, "making it")))

    return work.begin(make)


@answers
def paper_filters(request: dict) -> dict:
    """Begin to look for what excites each first-layer filter: the result has their pictures and points for each."""
    subject = subject_of(request)

    def look(report: work.Work) -> dict:
        best = finish(exciting(subject), lambda share: report(share, "looking at samples"))
        images = [data_uri(png(pixels.to_pil(image)), "image/png") for image in as_images(subject.D, subject)]
        return {"filters": images, "points": [[to_json(each) for each in own] for own in best]}

    return work.begin(look)


@answers
def paper_report(request: dict) -> dict:
    """The report's page around a mark that the sections are to be put in place of."""
    explorer, run = explorer_of(request.get("key")), run_of(request.get("key"))
    return {"page": page(["<!-- sections -->"], run.name, explorer.nimg / 1000), "name": f"{run.name}-paper.html"}


def told(finding: Finding) -> dict:
    shown = finding.points[:: -(-len(finding.points) // MOST_POINTS) or 1]
    return {"section": section(finding), "points": [to_json(each) for each in shown]}


def subject_of(request: dict) -> Subject:
    return Subject(explorer_of(request.get("key")), run_of(request.get("key")).path)


def summed(subject: Subject, request: dict, _report: work.Work) -> Steps:
    groups = [points(group, subject.explorer, MOST_EXEMPLARS) for group in items(request.get("groups"), 3)]
    given = len(groups) == 3 and (groups[0] or groups[2])
    return arithmetic(subject, groups) if given else begin("arithmetic", subject)


def turned(subject: Subject, request: dict, _report: work.Work) -> Steps:
    left, right = (points(request.get(side), subject.explorer, MOST_EXEMPLARS) for side in ("left", "right"))
    return turn(subject, left, right)


def dropped(subject: Subject, request: dict, _report: work.Work) -> Steps:
    wishes = items(request.get("boxes"), MOST_BOXES)
    return drop(subject, [box_of(wish, subject.explorer) for wish in wishes] or None)


def box_of(wish: object, explorer: Explorer) -> tuple[Point, Box]:
    """{at, left, top, right, bottom}, in shares of the picture."""
    wish = wish if isinstance(wish, dict) else {}
    edges = (number(wish.get(name), 0, 1) for name in ("left", "top", "right", "bottom"))
    return point(wish.get("at"), explorer), Box(*edges)


def classified(subject: Subject, request: dict, report: work.Work) -> Steps:
    """A run's own pictures, whose test part D may have seen; or others, prepared first."""
    data = own_pictures(request) if request["data"] == OWN else prepared(subject, request, report)
    return classify(subject, data, (FEW,))


def prepared(subject: Subject, request: dict, report: work.Work) -> Labelled:
    def reading(done: int, total: int) -> None:
        report(0.0, f"reading the pictures: {done:,} of {total:,}")

    data_root = run_of(request.get("key")).config().train.data_root
    return labelled(request["data"], subject.config.model, datasets(), reading, data_root, reading)


def own_pictures(request: dict) -> Labelled | None:
    """The labelled pictures that the model was trained on, where they are still here."""
    store = copies.pictures_of(run_of(request.get("key")), explorer_of(request.get("key")).config.model)
    return Labelled(store.name, store.images, store.labels, store.classes) if store and store.classes else None


def data_of(request: dict) -> str:
    """OWN, a set known by name or a path. ValueError for what this visitor cannot have."""
    text = str(request.get("data") or "").strip()[:LONGEST_PATH]
    if text == OWN:
        if own_pictures(request) is None:
            raise ValueError("The labelled pictures that this model was trained on are not here.")
        return text
    require_owner()
    if not text:
        raise ValueError("Name labelled pictures: a folder or .zip with a folder a class, or a set.")
    return named(text) or text


MAKERS = {"arithmetic": summed, "turn": turned, "drop": dropped, "classify": classified}
