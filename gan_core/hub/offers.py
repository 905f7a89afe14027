"""What can be rented of Hugging Face Jobs, and what it costs. Asking changes nothing.

offer = look().offer("a10g-small", hours=2)      # str(offer) is the sentence of what it is and costs
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.config import Config, require
from gan_core.hub.refusals import AGAIN, TOKENS, quiet, sentence
from gan_core.hub.repo_name import full_name

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobHardwareInfo

REPO = "dcgan-studio-runs"
PRICES = "https://huggingface.co/pricing"
BILLING = "https://huggingface.co/settings/billing"
HOURS, LEAST_HOURS, MOST_HOURS = 3.0, 0.5, 72.0
# Of its time for installing, preparing pictures and sending the last state.
MINUTES_AROUND = 20.0
AN_HOUR = {"second": 3600, "minute": 60, "hour": 1}
STATUSES = {
    402: f"Hugging Face Jobs are paid for by the minute: add credits or a way to pay at {BILLING}, then start again",
    403: f"your token may not start jobs: make one with the right to write, also for jobs, at {TOKENS}",
}


class NoSuchJob(ValueError):
    """Hugging Face does not know the job, or not for this user."""

    def __init__(self):
        super().__init__("Hugging Face knows nothing of this job, or it is somebody else's")


@dataclass(frozen=True)
class Machine:
    """A kind of machine that can be rented.

    `usd_an_hour` is None where Hugging Face names a price for something else than a time.
    """

    flavor: str
    about: str
    gpus: int
    usd_an_hour: float | None


@dataclass(frozen=True)
class Market:
    """What the user of the token can rent, the machines by flavor."""

    user: str
    machines: dict[str, Machine]

    @property
    def priced(self) -> list[Machine]:
        """Those whose price is one for a time, the cheapest first."""
        known = (each for each in self.machines.values() if each.usd_an_hour is not None)
        return sorted(known, key=lambda each: each.usd_an_hour)

    def offer(
        self, flavor: str, hours: float | None = None, repo: str | None = None, minutes: float | None = None
    ) -> Offer:
        """What a job on that machine is and costs. ValueError in one sentence if it cannot be had.

        Without `hours` it has the time for so many minutes of training and some around them, or HOURS.
        """
        known = ", ".join(self.machines)
        require(flavor in self.machines, f"Hugging Face has no machine '{flavor}' for jobs; it has {known}")
        machine, hours = self.machines[flavor], hours_for(minutes) if hours is None else hours
        require(
            LEAST_HOURS <= hours <= MOST_HOURS,
            f"a job takes from {LEAST_HOURS:g} to {MOST_HOURS:g} hours, not {hours:g}",
        )
        repo_id = full_name(repo or REPO, self.user)
        return Offer(flavor, machine.about, machine.gpus, machine.usd_an_hour, hours, repo_id)


@dataclass(frozen=True)
class Offer:
    """A machine for a time, its price if that is known, and the private repo that keeps what is trained on it."""

    flavor: str
    about: str
    gpus: int
    usd_an_hour: float | None
    hours: float
    repo_id: str

    @property
    def most_usd(self) -> float | None:
        """What it costs if it goes on to its latest end."""
        return None if self.usd_an_hour is None else self.usd_an_hour * self.hours

    @property
    def minutes(self) -> float:
        """How long it can train."""
        return self.hours * 60 - MINUTES_AROUND

    def __str__(self) -> str:
        if self.most_usd is None:
            cost = f"ends after {self.hours:g} h at the latest; for what it costs see {PRICES}"
        else:
            cost = (
                f"costs ${self.usd_an_hour:.2f} an hour and ends after {self.hours:g} h at the latest, "
                f"so it costs ${self.most_usd:.2f} at most"
            )
        return f"a job on {self.flavor} ({self.about}) {cost}; its run is kept in the private repo {self.repo_id}"

    def bounded(self, config: Config, seconds: float = 0.0) -> Config:
        """The config, of a run that has trained for so long, with a goal that it reaches within the job's time."""
        most = seconds / 60 + self.minutes
        return config.with_options(minutes=min(config.train.minutes or most, most))


@contextmanager
def job_refusals() -> Iterator[None]:
    """As `refusals`, in the words of somebody who starts a job."""
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    try:
        with quiet():
            yield
    except httpx.HTTPError as error:
        status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
        if status == 404:
            raise NoSuchJob from None
        raise ValueError(STATUSES.get(status) or in_words_of_jobs(sentence(error, "this job", None))) from None
    except NoSuchJob:
        raise
    except ValueError as error:
        raise ValueError(in_words_of_jobs(str(error))) from None


def in_words_of_jobs(sentence: str) -> str:
    return sentence.replace(AGAIN, "start again")


def log_in(token: str | None = None) -> tuple[HfApi, str]:
    from gan_core.hub.publish import log_in

    with job_refusals():
        return log_in(token)


def look() -> Market:
    """What can be rented now. ValueError in one sentence without a token that may write, or without an answer."""
    api, user = log_in()
    with job_refusals():
        machines = [machine_of(each) for each in api.list_jobs_hardware()]
    return Market(user, {each.flavor: each for each in machines})


def machine_of(hardware: JobHardwareInfo) -> Machine:
    one, factor = hardware.accelerator, AN_HOUR.get(hardware.unit_label)
    gpu = [f"{one.quantity} × {one.model} of {one.vram}"] if one else []
    about = ", ".join([hardware.pretty_name, hardware.cpu, hardware.ram, *gpu])
    usd = hardware.unit_cost_usd * factor if factor else None
    return Machine(hardware.name, about, int(one.quantity) if one else 0, usd)


def hours_for(minutes: float | None) -> float:
    """The time of a job that trains for so many minutes, or to another goal."""
    return max(round((minutes + MINUTES_AROUND) / 60, 2), LEAST_HOURS) if minutes else HOURS
