"""A run as the files of a model repo: weights, directions, records, pictures of what it draws, and a card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gan_core import pixels
from gan_core.files import write_json, write_lines
from gan_core.hub.card import CURVE, FILM, SAMPLES, model_card
from gan_core.hub.curve import write_curve
from gan_core.hub.record import Record, public_config, record_of
from gan_core.latent import Explorer, Point
from gan_core.latent.catalogue import FILE as DIRECTIONS
from gan_core.latent.catalogue import read, write
from gan_core.latent.film import write_film
from gan_core.latent.ranking import judge_of, look, order
from gan_core.latent.timeline import Piece
from gan_core.runs.checkpoint import copy_network
from gan_core.runs.run_dir import RunDir

OnShare = Callable[[float, str], None]
NUM_SAMPLES, COLUMNS, MOST_COLUMNS, ROWS = 64, 8, 16, 6
NUM_KEYS, SECONDS_A_KEY, FPS, FILM_SIZE = 6, 1.5, 30, 256


def prepare_model(run: RunDir, folder: Path, repo_id: str, report: OnShare | None = None, newest: bool = False) -> None:
    """Write into an empty folder all that the model repo `repo_id` is to hold, with the generator of `record_of`.

    Nothing in it tells of this computer or its user. `report(share, words)` may raise to cancel. ValueError if the run
    has no generator.
    """
    report = report or (lambda share, words: None)
    record = record_of(run, newest)
    report(0.0, "copying the networks")
    copy_networks(run, record, folder)
    write_records(record, folder)
    explorer = Explorer.load(folder / "generator.safetensors")
    report(0.1, "drawing samples")
    draw_samples(explorer, folder / SAMPLES)
    report(0.2, "drawing a film")
    draw_film(explorer, folder, lambda share: report(0.2 + 0.7 * share, "drawing a film"))
    report(0.9, "writing the card")
    write_curve(folder / CURVE, record.rows, record.nimg)
    files = {path.name for path in folder.iterdir()}
    (folder / "README.md").write_text(model_card(record, repo_id, files), encoding="utf-8")
    report(1.0, "writing the card")


def copy_networks(run: RunDir, record: Record, folder: Path) -> None:
    """The networks, whose metadata have the settings, and the directions."""
    copy_network(record.generator, folder / "generator.safetensors", public_config)
    if run.discriminator.exists():
        copy_network(run.discriminator, folder / "discriminator.safetensors", public_config)
    if directions := read(run.path / DIRECTIONS, record.config.model.latent_dim):
        write(folder / DIRECTIONS, directions)


def write_records(record: Record, folder: Path) -> None:
    write_json(folder / "config.json", record.config.to_dict())
    write_json(folder / "data.json", record.data)
    if record.rows:
        write_lines(folder / "metrics.jsonl", record.rows)


def draw_samples(explorer: Explorer, path: Path) -> None:
    """The first seeds as they come, class by class where there are a few."""
    num_classes = len(explorer.config.model.classes)
    if 0 < num_classes <= MOST_COLUMNS:
        points = [Point(row * num_classes + label, label=label) for row in range(ROWS) for label in range(num_classes)]
    else:
        points = [Point(seed) for seed in range(NUM_SAMPLES)]
    sheet = pixels.sheet(explorer.render_many(points), num_classes if len(points) != NUM_SAMPLES else COLUMNS)
    path.write_bytes(pixels.jpeg(sheet))


def draw_film(explorer: Explorer, folder: Path, report: Callable[[float], None]) -> None:
    """A journey through typical pictures that differ much."""
    points = [Point(seed) for seed in range(NUM_SAMPLES)]
    D = judge_of(folder / "discriminator.safetensors", explorer.config.model)
    chosen = order("different", look(explorer, points, D))[:NUM_KEYS]
    timeline = explorer.timeline([points[i] for i in chosen], [Piece(SECONDS_A_KEY, "smooth")])
    count, size = timeline.num_frames(FPS), max(FILM_SIZE, explorer.config.model.image_size)
    frames = explorer.frames(timeline, count)
    write_film(folder / FILM, frames, FPS, size, lambda done: report(done / count))
