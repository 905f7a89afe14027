"""Many small tasks on all cores, a few ahead of whoever takes the results."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_order(function: Callable[[int], T], count: int) -> Iterator[T]:
    """function(0), function(1) … function(count - 1), computed in threads; close the iterator to cancel the rest."""
    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool:
        ahead = deque()
        try:
            for index in range(count):
                ahead.append(pool.submit(function, index))
                if len(ahead) >= 8 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
