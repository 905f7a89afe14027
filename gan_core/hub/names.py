"""What the names of files and networks tell of them."""

from __future__ import annotations

import posixpath
import re

from gan_core.hub.tensors import MAX_BYTES, SUFFIXES

_NAMED = r"(^|[\W_\d]|net|model){}([\W_\d]|$)"
IS_G = re.compile(_NAMED.format("(g|gen|generator)"), re.IGNORECASE)
IS_D = re.compile(_NAMED.format("(d|dis|disc|discriminator|critic)"), re.IGNORECASE)
# Of several generators the average comes first.
AVERAGE = re.compile("ema|average|avg", re.IGNORECASE)
NOT_WEIGHTS = re.compile("optim|schedul|training_args|rng|scaler|inception", re.IGNORECASE)


def likely(sizes: dict[str, int]) -> list[str]:
    """The files that may hold a generator, the likeliest first: named so, averaged, safetensors, of the last epoch."""

    def rank(name: str) -> tuple:
        base = posixpath.splitext(posixpath.basename(name))[0]
        kind = SUFFIXES.index(posixpath.splitext(name)[1].lower())
        newest = [-int(number) for number in re.findall(r"\d{1,12}", base)]
        return _is_D(base), not IS_G.search(base), not AVERAGE.search(base), kind, newest, name

    fitting = (name for name, size in sizes.items() if 0 < size <= MAX_BYTES and name.lower().endswith(SUFFIXES))
    return sorted((name for name in fitting if not NOT_WEIGHTS.search(posixpath.basename(name))), key=rank)


def partner(name: str, sizes: dict[str, int]) -> str | None:
    """The file of the discriminator that belongs to this generator's, told by its name."""
    plain = _without_role(name)
    return next((other for other in likely(sizes) if _is_D(other) and _without_role(other) == plain), None)


def _is_D(name: str) -> bool:
    base = posixpath.splitext(posixpath.basename(name))[0]
    return bool(IS_D.search(base)) and not IS_G.search(base)


def _without_role(name: str) -> str:
    for role in (IS_G, IS_D):
        name = role.sub(r"\1\3", name)
    return name
