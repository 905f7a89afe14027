"""The look at all pictures: every one is read once, and the copies among them a second time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.data.decode import in_turn
from gan_core.data.doctor.duplicates import find_copies
from gan_core.data.doctor.look import SKETCH, Look, look
from gan_core.data.doctor.mirror import sidedness
from gan_core.data.doctor.passed_over import passed_over
from gan_core.data.doctor.report import Copy, Examples, Report, recall, remember, spread
from gan_core.data.labels import AUTO, choose_labels
from gan_core.data.parallel import in_order
from gan_core.data.pictures import Source, digest
from gan_core.data.sources import open_source
from gan_core.download import OnProgress, seldom

# Width over height, up to which a picture counts as of that kind.
ASPECTS = (
    (0.5, "tall, 1:2 or more"), (0.95, "upright"), (1.05, "square"), (1.999, "landscape"),
    (float("inf"), "wide, 2:1 or more"),
)  # fmt: skip


def examine(
    data: str | Path,
    root: Path,
    on_progress: OnProgress | None = None,
    labels: str = AUTO,
    data_root: str | Path | None = None,
    on_download: OnProgress | None = None,
) -> Report:
    """Look at all pictures of a source, or return at once what an earlier look at them found.

    Takes what `prepare` takes; `on_progress(done, total)` counts pictures and may raise to cancel. The report is
    remembered under `root`. ValueError is a sentence for the user.
    """
    with open_source(data, root, data_root, on_download) as source:
        source.labels = choose_labels(source, labels)
        return examine_source(source, root, on_progress or (lambda done, total: None))


def examine_source(source: Source, root: Path, on_progress: OnProgress) -> Report:
    """The same for an open source whose labels are chosen."""
    labels = digest("" if label is None else label for label in source.labels) if source.labels else ""
    path = root / "doctor" / f"{digest([source.fingerprint, labels])[:32]}.json"
    report = recall(path)
    if report is None:
        report = _examined(source, on_progress)
        remember(report, path)
    on_progress(len(source.items), len(source.items))
    # Neither changes the fingerprint: a folder may get another name, or other files beside the same pictures.
    return replace(report, name=source.name, passed_over=passed_over(source))


class _Tally:
    """Adds up what was seen of each picture."""

    def __init__(self, count: int) -> None:
        self.sketches, self.places = np.empty((count, SKETCH), np.uint8), []
        self.sizes: list[tuple[int, int]] = []
        self.colours, self.grey = Counter(), 0
        self.animated, self.misnamed = Examples(), Examples()
        self.unreadable: list[tuple[str, str]] = []

    def add(self, index: int, name: str, found: Look | str) -> None:
        if isinstance(found, str):
            return self.unreadable.append((name, found))
        self.sketches[len(self.places)] = found.sketch
        self.places.append(index)
        self.sizes.append((found.width, found.height))
        self.colours[found.colours] += 1
        self.grey += found.grey
        for examples, is_one in ((self.animated, found.animated), (self.misnamed, found.misnamed)):
            if is_one:
                examples.add(name)
        return None


def _examined(source: Source, on_progress: OnProgress) -> Report:
    count, tally, tell = len(source.items), _Tally(len(source.items)), seldom(on_progress)
    with closing(in_order(lambda index: look(source, index), count)) as looks:
        for index, found in enumerate(looks):
            tally.add(index, source.items[index], found)
            tell(index, count)
    sizes = np.array(tally.sizes, np.int64).reshape(-1, 2)
    sketches = tally.sketches[: len(sizes)]
    copies = find_copies(sketches, sizes.prod(1))
    originals = np.array([place for place in range(len(sizes)) if place not in copies], np.int64)
    classes, unlabelled = _classes(source, tally.places)
    return Report(
        name=source.name,
        count=count,
        unreadable=tally.unreadable,
        passed_over={},
        **_shapes(sizes),
        colours=dict(tally.colours.most_common()),
        grey=tally.grey,
        animated=tally.animated,
        misnamed=tally.misnamed,
        copies=_told_apart(source, tally, copies, lambda: tell(count, count)),
        sidedness=round(sidedness(sketches[originals]), 4),
        classes=classes,
        unlabelled=unlabelled,
    )


def _shapes(sizes: np.ndarray) -> dict[str, Any]:
    """What the report says of widths and heights, int64 [N, 2]."""
    shorter, longer = sizes.min(1), sizes.max(1)
    return {
        "widths": spread(sizes[:, 0].tolist()),
        "heights": spread(sizes[:, 1].tolist()),
        "sides": dict(sorted(Counter(shorter.tolist()).items())),
        "aspects": _aspects(sizes),
        "cut_away": round(1 - float(np.median(shorter / longer)), 4) if len(sizes) else 0.0,
    }


def _aspects(sizes: np.ndarray) -> dict[str, int]:
    kinds = np.searchsorted([limit for limit, _ in ASPECTS], sizes[:, 0] / sizes[:, 1])
    return {name: int((kinds == kind).sum()) for kind, (_, name) in enumerate(ASPECTS)}


def _classes(source: Source, places: list[int]) -> tuple[dict[str, int], int]:
    """How many usable pictures each class has, the largest first, and how many have none where others do."""
    if not source.labels:
        return {}, 0
    counts = Counter(source.labels[place] for place in places)
    unlabelled = counts.pop(None, 0)
    missing = dict.fromkeys(label for label in source.labels if label is not None and label not in counts)
    return dict(counts.most_common()) | dict.fromkeys(missing, 0), unlabelled


def _told_apart(source: Source, tally: _Tally, copies: dict[int, int], waiting: Callable[[], None]) -> list[Copy]:
    """The copies by their places in the source, those of the very same pixels told from the others."""
    pairs = sorted(copies.items())
    # Only pictures of one size can be equal, and only those are read again.
    alike = [index for index, (copy, of) in enumerate(pairs) if tally.sizes[copy] == tally.sizes[of]]
    read = sorted({place for index in alike for place in pairs[index]})
    hashes = {}
    with closing(in_order(lambda index: _pixels(source, tally.places[read[index]]), len(read))) as found:
        for place, pixels in zip(read, found, strict=True):
            hashes[place] = pixels
            waiting()

    def copy_of(copy: int, of: int) -> Copy:
        index, kept, pixels = tally.places[copy], tally.places[of], hashes.get(copy)
        exact = pixels is not None and pixels == hashes.get(of)
        return Copy(index, source.items[index], kept, source.items[kept], exact)

    return [copy_of(*pair) for pair in pairs]


def _pixels(source: Source, index: int) -> bytes | None:
    """A hash of all pixels; None where they cannot be read again."""
    with suppress(Exception), source.open(index) as image, in_turn(image):
        image = image if image.mode.startswith(("I", "F")) else image.convert("RGBA")
        return hashlib.sha256(f"{image.size}".encode() + image.tobytes()).digest()
    return None
