"""On what terms a model is given away: those of the pictures that it learned from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gan_core.config import require

if TYPE_CHECKING:
    from gan_core.hub.record import Record
    from gan_core.runs.run_dir import RunDir

MOST_LETTERS = 200
# What the terms of pictures say, and the licence that the Hub knows for it; the first that fits.
LICENCES = {
    r"non-?commercial|research only": "other",
    r"\bCC0\b": "cc0-1.0",
    r"\bCC[ -]BY[ -]SA[ -]4": "cc-by-sa-4.0",
    r"\bCC[ -]BY[ -]4": "cc-by-4.0",
    r"\bMIT\b": "mit",
    r"\bApache\b": "apache-2.0",
}
KNOWN_TERMS = {
    "fashion-mnist": "Fashion-MNIST: MIT licence",
    "celeba": "CelebA: non-commercial research only",
    "drawn": "drawn by the program itself: free to use",
}
NOT_KNOWN = "not recorded; ask who published this before you use it for more than a look"


def terms(record: Record) -> str:
    """The terms of the pictures, "" where nobody wrote them down."""
    return record.data.get("terms") or known_terms(record.config.train.data)


def known_terms(source: str) -> str:
    """Those of pictures that everybody knows, "" for others."""
    return KNOWN_TERMS.get(source.partition(":")[0], "")


def terms_of(run: RunDir) -> str:
    """The terms of a run's pictures, as its card tells them."""
    return run.terms() or known_terms(run.config().train.data)


def came_with_terms(run: RunDir) -> bool:
    """Whether others have said what the terms of its pictures are, so that nobody is to be asked."""
    return bool(run.data().get("terms") or known_terms(run.config().train.data))


def give_terms(run: RunDir, text: str) -> None:
    """Keep that line, if it says anything, as the terms of the run's pictures. ValueError if those came with others."""
    line = " ".join(text.split())[:MOST_LETTERS]
    if line in ("", terms_of(run)):
        return
    require(not came_with_terms(run), f"the terms of these pictures are known and stay: {terms_of(run)}")
    run.write_terms(line)


def licence(text: str) -> dict[str, str]:
    """The front matter's fields for such terms; none where they name no licence."""
    known = re.fullmatch(r"licence ([a-z0-9.-]+)", text)
    found = known[1] if known else next((each for said, each in LICENCES.items() if re.search(said, text, re.I)), None)
    if found == "other":
        return {"license": found, "license_name": "non-commercial-research"}
    return {"license": found} if found else {}
