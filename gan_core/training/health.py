"""How a training is doing, from its own numbers, in plain words: a verdict, what it means and what would help.

verdict = judge(config, rows)      # rows: the run's ticks since it began or was last treated
verdict.headline, verdict.cure     # "the discriminator is winning", {"lr": 1e-4}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gan_core.config import PRESETS, Config

# A verdict needs so many ticks in a row, or so many evaluations, to be no accident.
TICKS, EVALUATIONS = 8, 3
CERTAIN = 0.98  # D's mean verdict on real pictures less that on samples; 1 is never wrong
COLLAPSED = 0.3  # diversity, in units of the pictures' own
BY_HEART = 0.3  # how much oftener D is right about pictures that it trains on
WORSE, MUCH_WORSE = 1.6, 3.0  # distance above the floor, in units of the best one
LOW_DIVERSITY = 0.6
HUGE_LOSS = 100.0
FEW_DISTINCT = 0.5
MOST_GAMMA = 100.0
UNMEASURED_IMAGES = 10_000  # after so many a training is judged by its losses alone
UNBOUNDED = ("wgan", "wgan-gp")  # losses whose size means nothing


@dataclass(frozen=True)
class Verdict:
    """One state of health: `cure` are options of a config to change, `roll_back` means from the best state on.

    `name` is for programs, the rest are sentences for people, without a full stop; without illness there is no cure.
    """

    name: str
    headline: str
    meaning: str
    advice: str = ""
    cure: dict[str, Any] = field(default_factory=dict)
    roll_back: bool = False

    @property
    def is_ill(self) -> bool:
        return bool(self.advice)


EARLY = Verdict("early", "too early to say", "the first minutes of every training look alike")
HEALTHY = Verdict("healthy", "healthy", "the two networks keep each other busy, and nothing gets worse")


def judge(config: Config, rows: list[dict], distinct: float = 1.0) -> Verdict:
    """The verdict on ticks in order, the gravest illness first; `distinct` is the share of different pictures."""
    if distinct < FEW_DISTINCT:
        return _copies(distinct)
    if len(rows) < TICKS:
        return EARLY
    recent, measured = rows[-TICKS:], [row for row in rows if "swd" in row]
    if all(_is_huge(config, row) for row in recent) or sum(row.get("skipped", 0) > 0 for row in recent) > TICKS // 2:
        return diverged(config)
    if all(map(_is_certain, recent)) and not _improving(measured):
        return _d_wins(config)
    newest = measured[-EVALUATIONS:]
    if len(newest) < EVALUATIONS:
        return _so_far(rows, newest)
    if all(map(_is_collapsed, newest)):
        return _repeats(config)
    if _has_got_worse(measured):
        return _worse(config)
    if all(row.get("accuracy/train", 0) - row.get("accuracy/held_out", 1) > BY_HEART for row in newest):
        return _by_heart(config)
    return EARLY if _is_collapsed(newest[-1]) else HEALTHY


def _so_far(rows: list[dict], measured: list[dict]) -> Verdict:
    """The verdict before there are measurements enough for an illness: noise is not healthy yet."""
    if measured:
        return EARLY if _is_collapsed(measured[-1]) else HEALTHY
    return HEALTHY if rows[-1]["nimg"] >= UNMEASURED_IMAGES else EARLY


def was_well(config: Config, row: dict) -> bool:
    """Whether a training can go on from that tick: it had neither diverged, nor collapsed, nor been decided."""
    return not (_is_huge(config, row) or _is_certain(row) or _is_collapsed(row) or row.get("skipped"))


def diverged(config: Config) -> Verdict:
    return _back(
        "diverged",
        "the training has blown up",
        "the numbers grew beyond all bounds, which nearly always means too high a learning rate",
        *_slower(config),
    )


def _d_wins(config: Config) -> Verdict:
    return _back(
        "d-wins",
        "the discriminator is winning",
        "it tells every sample from your pictures, so the generator no longer learns what to do better",
        *_milder(config),
    )


def _repeats(config: Config) -> Verdict:
    return _back(
        "g-repeats",
        "the generator repeats itself",
        "it has found a few pictures that fool the discriminator and makes little else (mode collapse)",
        *_milder(config),
    )


def _worse(config: Config) -> Verdict:
    return _back(
        "worse",
        "the samples are getting worse",
        "they have been much nearer to your pictures before; the best ones are kept",
        *_slower(config),
    )


def _back(name: str, headline: str, meaning: str, cure: dict[str, Any], words: str) -> Verdict:
    return Verdict(name, headline, meaning, f"go back to the best state and {words}", cure, roll_back=True)


def _by_heart(config: Config) -> Verdict:
    meaning = "it is right far oftener about pictures it trains on than about others, so it judges by memory"
    headline = "the discriminator learns your pictures by heart"
    if config.train.augment == "none":
        advice = "show it changed pictures from now on (DiffAugment), so that it cannot"
        return Verdict("by-heart", headline, meaning, advice, {"augment": "diffaugment"})
    return Verdict("by-heart", headline, meaning, "add more pictures, or stop here and keep the best state")


def _copies(distinct: float) -> Verdict:
    return Verdict(
        "copies",
        "your pictures are copies of each other",
        f"only {distinct:.0%} of them differ, and the generator can only learn what they show",
        "stop, leave the copies out and add more pictures",
    )


def _milder(config: Config) -> tuple[dict[str, Any], str]:
    """Stronger penalties where there are any, else a lower rate; and both in words."""
    train = config.train
    gammas = {name: min(2 * getattr(train, name), MOST_GAMMA) for name in ("r1_gamma", "r2_gamma")}
    gammas = {name: value for name, value in gammas.items() if value > getattr(train, name)}
    if not gammas:
        return _slower(config)
    words = " and ".join(f"{name.partition('_')[0].upper()} to {value:g}" for name, value in gammas.items())
    return gammas, f"double the penalty on the discriminator ({words})"


def _slower(config: Config) -> tuple[dict[str, Any], str]:
    """Half the learning rate, and not above what the preset was made for; and in words."""
    made_for = PRESETS[config.preset].train.lr if config.preset in PRESETS else config.train.lr
    lr = min(config.train.lr / 2, made_for)
    return {"lr": lr}, f"learn at a rate of {lr:.2g}"


def _is_huge(config: Config, row: dict) -> bool:
    return config.train.loss not in UNBOUNDED and abs(row["loss/D"]) + abs(row["loss/G"]) > HUGE_LOSS


def _is_certain(row: dict) -> bool:
    return row["score/real"] - row["score/fake"] > CERTAIN


def _is_collapsed(row: dict) -> bool:
    return row.get("diversity", 1) < COLLAPSED


def _excess(row: dict) -> float:
    return max(row["swd"] - row.get("swd_floor", 0.0), 1e-9)


def _improving(measured: list[dict]) -> bool:
    """Whether the newest evaluation is the best so far: then nobody has won."""
    return len(measured) > 1 and _excess(measured[-1]) < min(map(_excess, measured[:-1]))


def _has_got_worse(measured: list[dict]) -> bool:
    """A distance that rises alone may be one of colours, in samples that get sharper; variety must be lost, too."""
    best, newest = min(map(_excess, measured)), measured[-EVALUATIONS:]
    if all(_excess(row) > MUCH_WORSE * best for row in newest):
        return True
    return all(_excess(row) > WORSE * best and row.get("diversity", 1) < LOW_DIVERSITY for row in newest)
