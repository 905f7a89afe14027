import pytest

from gan_core.runs.pruning import (
    MOST_SAMPLES,
    MOST_SNAPSHOTS,
    MOST_STATES,
    NEWEST_SAMPLES,
    snapshot_due,
    superfluous_samples,
    superfluous_snapshots,
)


def grown(seen: list[int]) -> list[int]:
    """The sheets that are left of a run that made them one by one."""
    left: list[int] = []
    for nimg in seen:
        left.append(nimg)
        gone = superfluous_samples(left)
        left = [each for each in left if each not in gone]
    return left


EVERY_TICK = list(range(500, 2_000_000, 500))
EVER_MORE_SELDOM = sorted({int(416 * 1.02**i) for i in range(700)})


@pytest.mark.parametrize("seen", [EVERY_TICK, EVER_MORE_SELDOM], ids=["steady", "ever more seldom"])
def test_a_long_run_keeps_its_first_its_newest_and_an_even_history_between(seen):
    left = grown(seen)
    assert 75 <= len(left) <= MOST_SAMPLES
    assert left[0] == seen[0] and left[-NEWEST_SAMPLES:] == seen[-NEWEST_SAMPLES:]
    older = left[:-NEWEST_SAMPLES]
    gap = seen[-1] / 100
    assert all(gap * 0.95 <= b - a for a, b in zip(older, older[1:], strict=False))
    ticks = [b - a for a, b in zip(seen, seen[1:], strict=False)]
    assert all(b - a <= 3 * gap + max(ticks) for a, b in zip(older, older[1:], strict=False))


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50])
def test_a_short_run_keeps_everything(count):
    assert superfluous_samples(list(range(count))) == set()


def test_a_run_never_has_more_sheets_than_the_rule_says():
    left: list[int] = []
    for nimg in EVERY_TICK:
        left = grown([*left, nimg]) if len(left) < 3 else [*left, nimg]
        gone = superfluous_samples(left)
        left = [each for each in left if each not in gone]
        assert len(left) <= MOST_SAMPLES


def test_sheets_are_thinned_as_they_are_added(run):
    for nimg in range(1, 121):
        run.add_sample(nimg * 10, b"jpeg")
    assert [nimg for nimg, _ in run.samples()] == grown(list(range(10, 1210, 10)))
    for nimg in range(121, 400):
        run.add_sample(nimg * 10, b"jpeg")
    kept = [nimg for nimg, _ in run.samples()]
    assert len(kept) <= MOST_SAMPLES < 400 and (kept[0], kept[-1]) == (10, 3990)


def test_a_run_that_went_back_is_thinned_on(run):
    for nimg in range(1, 300):
        run.add_sample(nimg * 10, b"jpeg")
    run.rewind(1500)
    left = [nimg for nimg, _ in run.samples()]
    assert left[0] == 10 and 1450 < left[-1] <= 1500
    run.add_sample(1510, b"jpeg")
    assert [nimg for nimg, _ in run.samples()][-2:] == [left[-1], 1510]


def test_the_state_of_the_best_samples_is_kept_beside_the_newest_two(run):
    for nimg, swd in ((8, 5.0), (16, 1.0), (24, 3.0), (32, 4.0), (40, 2.0)):
        run.append_metrics({"nimg": nimg, "swd": swd})
        run.state_path(nimg).write_bytes(b"state")
        run.prune_states()
    assert [int(path.stem) for path in run.states()] == [40, 32, 16]
    run.append_metrics({"nimg": 48, "swd": 0.5})
    run.state_path(48).write_bytes(b"state")
    run.prune_states()
    assert [int(path.stem) for path in run.states()] == [48, 40] and MOST_STATES == 3


def snapshots_of(seen: list[int]) -> list[int]:
    """The snapshots that are left of a run with these ticks."""
    left: list[int] = []
    for nimg in seen:
        if snapshot_due(left, nimg):
            left.append(nimg)
            gone = superfluous_snapshots(left)
            left = [each for each in left if each not in gone]
    return left


@pytest.mark.parametrize("seen", [EVERY_TICK, EVER_MORE_SELDOM, EVERY_TICK[:100]], ids=["steady", "seldom", "short"])
def test_snapshots_are_dense_at_the_beginning_and_cover_the_whole_run(seen):
    left, end = snapshots_of(seen), seen[-1]
    assert 24 <= len(left) <= MOST_SNAPSHOTS
    assert left[0] == seen[0] and left[-1] > 0.9 * end
    assert sum(nimg <= end / 8 for nimg in left) > len(left) / 4
    gaps = [b - a for a, b in zip(left, left[1:], strict=False)]
    assert max(gaps) < 0.2 * end and sum(gaps[:8]) < sum(gaps[-8:])


def test_a_short_run_keeps_every_snapshot():
    assert snapshots_of(list(range(10, 410, 10))) == list(range(10, 410, 10))
    assert superfluous_snapshots([]) == superfluous_snapshots([5]) == set()


def test_snapshots_are_thinned_on_disk_and_go_back_with_their_run(run):
    for nimg in range(8, 8 * 60, 8):
        run.snapshot_path(nimg).write_bytes(b"weights")
        run.prune_snapshots()
    kept = [nimg for nimg, _ in run.snapshots()]
    assert len(kept) == MOST_SNAPSHOTS and (kept[0], kept[-1]) == (8, 8 * 59)
    run.rewind(200)
    assert [nimg for nimg, _ in run.snapshots()] == [nimg for nimg in kept if nimg <= 200]
