"""The picture of a run's curve: how far its samples were from its pictures, or its losses where nobody measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 500
SIZE, DPI = (7.2, 3.2), 110
BLUE, ORANGE, GREY = "#3569c4", "#d9822b", "#8a8a8a"


def write_curve(path: Path, rows: list[dict], nimg: int) -> bool:
    """Draw ticks as a PNG that marks the moment `nimg` of the published generator; False where there are too few."""
    from matplotlib.figure import Figure

    measured = [row for row in rows if "swd" in row]
    losses = thinned([row for row in rows if {"loss/D", "loss/G"} <= row.keys()])
    if max(len(measured), len(losses)) < 2:
        return False
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    if len(measured) >= 2:
        draw_distance(axes, measured)
    else:
        draw_losses(axes, losses)
    axes.axvline(nimg / 1000, color=GREY, linewidth=1, linestyle=":", label="published")
    axes.set_xlabel("thousand images seen")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return True


def draw_distance(axes: Axes, rows: list[dict]) -> None:
    seen = [row["nimg"] / 1000 for row in rows]
    axes.plot(seen, [row["swd"] for row in rows], color=BLUE, label="samples to pictures")
    floors = [row["swd_floor"] for row in rows if "swd_floor" in row]
    if floors:
        axes.axhline(floors[-1], color=ORANGE, linestyle="--", linewidth=1, label="pictures to other pictures")
    axes.set_yscale("log")
    axes.set_ylabel("distance (SWD × 1000)")


def draw_losses(axes: Axes, rows: list[dict]) -> None:
    seen = [row["nimg"] / 1000 for row in rows]
    for name, colour in {"loss/D": BLUE, "loss/G": ORANGE}.items():
        axes.plot(seen, [row[name] for row in rows], color=colour, linewidth=1, label=name)
    axes.set_ylabel("loss")


def thinned(rows: list[dict]) -> list[dict]:
    return rows[:: -(-len(rows) // MOST_POINTS) or 1]
