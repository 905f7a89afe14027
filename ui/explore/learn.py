"""The Learn tool: directions from labelled pictures, and what every direction of the model is worth."""

from __future__ import annotations

from pathlib import Path

from gan_core.attributes import Study, study
from gan_core.attributes.factors import choose, columns_of, traits_of
from gan_core.data import open_source
from gan_core.data.hub import hub_repo
from gan_core.data.named import downloaded, named
from gan_core.data.sources import absolute
from gan_core.home import datasets
from gan_core.latent.directions import Direction
from gan_core.runs import library
from gan_core.runs.run_dir import RunDir
from ui.answers import answers
from ui.explore import opened, saved, work
from ui.guard import require_owner

# The stages of a study, with the share of the time that each takes.
STAGES = {
    "reading the pictures": 0.05,
    "learning to tell the labels": 0.35,
    "labelling generated pictures": 0.15,
    "measuring the directions": 0.45,
}
MOST_FACTORS = 100
LONGEST_PATH = 4096


@answers
def known_sources(request: dict) -> dict:
    """The pictures that this computer is known to have: of other runs, uploads, sets by name, and the drawn faces.

    {sources: [{data, name}]}, without those that the model itself was trained on.
    """
    require_owner()
    own = pictures_of(opened.run_of(request.get("key"))).partition(":")[0]
    uploads = map(str, sorted((datasets() / "uploads").glob("*/*.zip")))
    paths = dict.fromkeys(each for each in [*map(pictures_of, library.runs()), *uploads] if Path(each).is_absolute())
    names = {each: Path(each).name for each in paths if Path(each).exists()}
    names |= {each: each for each in downloaded(datasets())} | {"drawn": "drawn faces"}
    return {"sources": [{"data": data, "name": name} for data, name in names.items() if data != own or named(data)]}


@answers
def label_sources(request: dict) -> dict:
    """What is known of the pictures at `data`, a path, or without one of those that the model was trained on.

    {name, count, factors: [{name, values}]}; of the model's own it is empty where nothing is known.
    """
    require_owner()
    asked = path_of(request)
    try:
        return about(asked or training_data(request))
    except ValueError:
        if asked:
            raise
        return {}


@answers
def learn_directions(request: dict) -> dict:
    """Begin to learn and measure: {data} as above, {factors: [names]}, {apart}. The result lists what came of it."""
    require_owner()
    explorer, data = opened.explorer_of(request.get("key")), path_of(request) or training_data(request)
    factors = [str(name) for name in as_list(request.get("factors"))[:MOST_FACTORS]]
    data_root = opened.run_of(request.get("key")).config().train.data_root

    def learn(report: work.Work) -> dict:
        found = study(
            explorer,
            data,
            datasets(),
            factors,
            keep_apart=bool(request.get("apart")),
            data_root=data_root,
            on_progress=lambda doing, share: report(progress_of(doing, share), doing),
        )
        saved.write(request, [each for each in found.directions if each not in found.weak])
        return told(found)

    return work.begin(learn)


def about(data: str) -> dict:
    """The name, the count and the factors of a source of pictures."""
    with open_source(data, datasets()) as source:
        columns = columns_of(source)
        values: dict[str, list[str]] = {}
        for trait in choose(traits_of(columns)) if columns else []:
            values.setdefault(trait.factor, []).extend([trait.value] if trait.value else [])
        factors = [{"name": name, "values": each} for name, each in values.items()]
        return {"name": source.name, "count": len(source.items), "factors": factors}


def pictures_of(run: RunDir) -> str:
    """What a run was trained on; nothing where its config cannot be read."""
    try:
        return absolute(run.config().train.data)
    except ValueError:
        return ""


def training_data(request: dict) -> str:
    """What the model was trained on. ValueError where only a download could tell what is known of it."""
    data = opened.run_of(request.get("key")).config().train.data
    if named(data) or hub_repo(data):
        raise ValueError("The labels of this set would have to be downloaded: name a folder or a zip with them.")
    return absolute(data)


def path_of(request: dict) -> str:
    text = str(request.get("data") or "").strip()
    if len(text) > LONGEST_PATH:
        raise ValueError("This path is too long.")
    return text


def as_list(value: object) -> list:
    return value if isinstance(value, list) else []


def progress_of(doing: str, share: float) -> float:
    """How much of the whole is done with that share of a stage."""
    before = 0.0
    for stage, weight in STAGES.items():
        if stage == doing:
            return before + weight * share
        before += weight
    return before


def told(found: Study) -> dict:
    """What a page shows of a study."""
    return {
        "learned": [row(each) for each in found.learned],
        "weak": [each.name for each in found.weak],
        "untold": list(found.untold),
        "measured": len(found.directions),
    }


def row(direction: Direction) -> dict:
    return {"id": direction.id, "name": direction.name, "measured": direction.measured}
