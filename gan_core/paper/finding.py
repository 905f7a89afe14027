"""What making a figure of the paper comes to, and how it is made step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from PIL import Image

from gan_core.latent import Point


@dataclass(frozen=True)
class Finding:
    """One figure of the paper, made with a model of this program.

    `paper` says what the paper shows, `seen` what was seen here, in sentences, with the `numbers` they come from;
    `points` are places in latent space that the picture shows.
    """

    name: str
    title: str
    paper: str
    seen: list[str]
    numbers: dict
    picture: Image.Image
    points: list[Point] = field(default_factory=list)


# A figure in the making yields the share that is done, and may be dropped at any step.
Steps = Generator[float, None, Finding]
Result = TypeVar("Result")


def finish(steps: Generator[float, None, Result], report: Callable[[float], None] | None = None) -> Result:
    """Go through all steps to what they come to; `report` hears the share done, and may raise to cancel."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            return end.value
        if report:
            report(share)
