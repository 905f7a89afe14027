"""What a run keeps as it grows: the rule, in one place.

Samples: the newest 50 sheets, the first, and in between at most one for every 1 % of the images seen, so that a run of
any length keeps no more than about 150. States: the newest two, and the one of the best samples. Snapshots: all while
there are few, then 40 at distances that grow with the images seen, since a generator learns most at the beginning.
"""

from __future__ import annotations

NEWEST_SAMPLES, OLDER_SAMPLES = 50, 100
NEWEST_STATES = 2
MOST_SAMPLES = NEWEST_SAMPLES + OLDER_SAMPLES + 1
MOST_STATES = NEWEST_STATES + 1
MOST_SNAPSHOTS = 40
# Even distances of this power of the images seen: half of the snapshots are from the first eighth of a run.
LEARNED = 1 / 3


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


def snapshot_due(seen: list[int], nimg: int) -> bool:
    """Whether the generator after `nimg` images is to be kept beside the snapshots after so many, oldest first."""
    return len(seen) < MOST_SNAPSHOTS or learned(nimg) - learned(seen[-1]) >= learned(nimg) / MOST_SNAPSHOTS


def superfluous_snapshots(seen: list[int]) -> set[int]:
    """Which of the snapshots after so many images, in ascending order, are to go: those closest between two others."""
    kept = list(seen)
    while len(kept) > MOST_SNAPSHOTS:
        gaps = [learned(after) - learned(before) for before, after in zip(kept, kept[2:], strict=False)]
        del kept[gaps.index(min(gaps)) + 1]
    return set(seen) - set(kept)


def learned(nimg: int) -> float:
    return nimg**LEARNED
