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
# The Hub refuses a card with any other; "licence other: NAME" is one that it has no id for.
IDS = (
    "afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0 "
    "bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 "
    "cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 "
    "cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0 "
    "etalab-2.0 eupl-1.1 eupl-1.2 gemma gfdl gpl gpl-2.0 gpl-3.0 intel-research isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr "
    "llama2 llama3 llama3.1 llama3.2 llama3.3 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail "
    "openrail++ osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib"
)
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


def give_terms(run: RunDir, text: str | None) -> None:
    """Keep that line as the terms of the run's pictures, "" to forget one that was kept; None leaves all as it is.

    ValueError if the terms came with others.
    """
    line = None if text is None else " ".join(text.split())[:MOST_LETTERS]
    if line is None or line == terms_of(run):
        return
    if line:
        require(not came_with_terms(run), f"the terms of these pictures are known and stay: {terms_of(run)}")
    run.write_terms(line)


def licence(text: str) -> dict[str, str]:
    """The front matter's fields for such terms; none where they name no licence."""
    if own := re.fullmatch(r"licence (other: .+|[a-z0-9.+-]+)", text):
        return {"license": own[1]} if own[1] in IDS.split() else other(own[1].removeprefix("other: "))
    found = next((each for said, each in LICENCES.items() if re.search(said, text, re.I)), None)
    if found == "other":
        return other("non-commercial-research")
    return {"license": found} if found else {}


def other(name: str) -> dict[str, str]:
    """A licence that the Hub has no id for."""
    name = re.sub(r"[^a-z0-9.+-]+", "-", name.lower()).strip("-")
    return {"license": "other"} | ({"license_name": name} if name else {})
