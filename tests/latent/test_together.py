import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gan_core.latent.together import Together


class Gate:
    """Doubles rows, each call held up until it is let through; remembers the calls."""

    def __init__(self):
        self.calls: list[list[float]] = []
        self.threads: list[int] = []
        self.entered, self.open = threading.Semaphore(0), threading.Event()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.calls.append(rows[:, 0].tolist())
        self.threads.append(threading.get_ident())
        self.entered.release()
        assert self.open.wait(300)
        if (rows < 0).any():
            raise ValueError("below zero")
        return rows * 2


@pytest.fixture
def pool():
    with ThreadPoolExecutor(32) as pool:
        yield pool


def rows(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def pile_up(pool, together: Together, gate: Gate, wishes: list[np.ndarray]) -> list:
    """The first wish is being served while the others come, one after the other."""
    futures = [pool.submit(together, wishes[0])]
    assert gate.entered.acquire(timeout=300)
    for waiting, wish in enumerate(wishes[1:], 1):
        futures.append(pool.submit(together, wish))
        while len(together._waiting) < waiting:
            time.sleep(0.001)
    return futures


def test_a_call_alone_is_made_at_once_by_its_own_thread():
    gate = Gate()
    gate.open.set()
    together = Together(gate, most=4)
    for value in (3, 5):
        assert together(rows(value)) == 2 * value
    assert gate.calls == [[3], [5]] and set(gate.threads) == {threading.get_ident()}


def test_who_comes_during_a_call_shares_the_next_one_oldest_first(pool):
    gate = Gate()
    together = Together(gate, most=4)
    futures = pile_up(pool, together, gate, [rows(i) for i in range(10)])
    gate.open.set()
    assert [float(future.result(300)[0, 0]) for future in futures] == [2.0 * i for i in range(10)]
    assert gate.calls == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]]


def test_a_wish_is_never_torn_and_one_that_is_too_large_goes_alone(pool):
    gate = Gate()
    together = Together(gate, most=4)
    futures = pile_up(pool, together, gate, [rows(0), rows(1, 2, 3), rows(4, 5), rows(*range(6, 12)), rows(12)])
    gate.open.set()
    assert [len(future.result(300)) for future in futures] == [1, 3, 2, 6, 1]
    assert gate.calls == [[0], [1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]]


def test_an_error_reaches_those_in_its_call_and_nobody_else(pool):
    gate = Gate()
    together = Together(gate, most=2)
    futures = pile_up(pool, together, gate, [rows(value) for value in (0, 1, -1, 2, 3)])
    gate.open.set()
    errors = [type(future.exception(300)) for future in futures]
    assert errors == [type(None), ValueError, ValueError, type(None), type(None)]
    assert together(rows(4)) == 8


def test_several_calls_run_at_once_where_that_is_allowed(pool):
    gate = Gate()
    together = Together(gate, most=4, at_once=2)
    futures = [pool.submit(together, rows(i)) for i in range(5)]
    for _ in range(2):
        assert gate.entered.acquire(timeout=300)
    while len(together._waiting) < 3:
        time.sleep(0.001)
    assert not gate.entered.acquire(blocking=False)
    gate.open.set()
    assert [float(future.result(300)[0, 0]) for future in futures] == [0, 2, 4, 6, 8]
    assert together(rows(5)) == 10 and len(gate.calls) <= 5


@pytest.mark.parametrize("at_once", [1, 3])
def test_everybody_gets_their_own_in_a_crowd(pool, at_once):
    together = Together(lambda rows: rows * 2, most=8, at_once=at_once)

    def visit(visitor: int) -> bool:
        asked = [np.full((1 + i % 3, 2), visitor * 1000 + i) for i in range(100)]
        return all(np.array_equal(together(wish), wish * 2) for wish in asked)

    assert all(pool.map(visit, range(32), timeout=300))
    assert not together._waiting and together._free == at_once
