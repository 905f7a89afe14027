"""Seeds and the z they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gan_core.config import require

MAX_SEEDS = 4096
MAX_SEED = 2**31 - 1
SEED_OR_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?", re.ASCII)


def z_from_seeds(seeds: Sequence[int], latent_dim: int) -> np.ndarray:
    """Standard normal z, float32 [N, latent_dim]; a row depends on its own seed only, on every machine."""
    rows = [np.random.default_rng(seed).standard_normal(latent_dim) for seed in seeds]
    return np.array(rows, np.float32).reshape(len(rows), latent_dim)


def parse_seeds(text: str) -> list[int]:
    """The seeds of "0-63", "1,5,9" or "3,7-9". ValueError for anything else, above 4096 seeds or beyond 2**31 - 1."""
    require(bool(text.strip()), "give at least one seed, such as 7 or 0-63")
    spans = [parse_span(part.strip()) for part in text.split(",")]
    num_seeds = sum(last - first + 1 for first, last in spans)
    require(num_seeds <= MAX_SEEDS, f"{num_seeds} seeds are too many; at most {MAX_SEEDS} at a time")
    return [seed for first, last in spans for seed in range(first, last + 1)]


def parse_span(text: str) -> tuple[int, int]:
    require(not text.startswith("-"), f"seeds start at 0, so '{text}' is not one")
    match = SEED_OR_RANGE.fullmatch(text)
    require(match is not None, f"'{text}' is neither a seed such as 7 nor a range such as 0-63")
    first, last = int(match[1]), int(match[2] or match[1])
    require(first <= last, f"the range {text} runs backwards; write {last}-{first}")
    require(last <= MAX_SEED, f"seed {last} is too large; the last one is {MAX_SEED}")
    return first, last
