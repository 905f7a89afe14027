"""What a run keeps as it grows: the rule, in one place.

Samples: the newest 50 sheets, the first, and in between at most one for every 1 % of the images seen, so that a run of
any length keeps no more than about 150. States: the newest two, and the one of the best samples.
"""

from __future__ import annotations

NEWEST_SAMPLES, OLDER_SAMPLES = 50, 100
NEWEST_STATES = 2
MOST_SAMPLES = NEWEST_SAMPLES + OLDER_SAMPLES + 1
MOST_STATES = NEWEST_STATES + 1


def superfluous_samples(seen: list[int]) -> set[int]:
    """Which of the sheets made after so many images, in ascending order, are to go."""
    older = seen[:-NEWEST_SAMPLES]
    if not older:
        return set()
    gap, kept = seen[-1] / OLDER_SAMPLES, older[:1]
    for nimg in older:
        if nimg - kept[-1] >= gap:
            kept.append(nimg)
    return set(older) - set(kept)
