"""A training on a rented machine: Hugging Face Jobs. What it costs is said before it starts.

offer = ask("a10g-small", hours=2)      # what it is, what it costs
submit(run, offer)                      # gan_core.hub.following shows it from then on
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import Config, require
from gan_core.home import REPOSITORY
from gan_core.hub.mirror import MINUTES_VARIABLE, VARIABLE, Mirror, copy
from gan_core.hub.refusals import AGAIN, TOKENS, quiet, sentence
from gan_core.hub.spaces import app_files, requirements
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobHardwareInfo

IMAGE, PLACE = "python:3.12", "/tmp/dcgan-studio"
REPO = "dcgan-studio-runs"
PRICES = "https://huggingface.co/pricing"
BILLING = "https://huggingface.co/settings/billing"
HOURS, LEAST_HOURS, MOST_HOURS = 3.0, 0.5, 72.0
# Of its time for installing, preparing pictures and sending the last state.
MINUTES_AROUND = 20.0
MINUTES_BETWEEN_MIRRORS = 3.0
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
class Offer:
    """A machine for a time, its price, and the private repo that keeps what is trained on it.

    `usd_an_hour` is None where Hugging Face names a price for something else than a time.
    """

    flavor: str
    about: str
    gpus: int
    usd_an_hour: float | None
    hours: float
    repo_id: str

    def __str__(self) -> str:
        if self.usd_an_hour is None:
            cost = f"ends after {self.hours:g} h at the latest; for what it costs see {PRICES}"
        else:
            most = self.usd_an_hour * self.hours
            cost = (
                f"costs ${self.usd_an_hour:.2f} an hour and ends after {self.hours:g} h at the latest, "
                f"so it costs ${most:.2f} at most"
            )
        return f"a job on {self.flavor} ({self.about}) {cost}; its run is kept in the private repo {self.repo_id}"

    def bounded(self, config: Config, seconds: float = 0.0) -> Config:
        """The config, of a run that has trained for so long, with a goal that it reaches within the job's time."""
        most = seconds / 60 + self.hours * 60 - MINUTES_AROUND
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


def ask(flavor: str, hours: float | None = None, repo: str | None = None, minutes: float | None = None) -> Offer:
    """What a job on that machine is and costs; it changes nothing. ValueError in one sentence if it cannot be had.

    Without `hours` it has the time for so many minutes of training and some around them, or HOURS.
    """
    from gan_core.hub.publish import full_name

    hours = hours if hours is not None else (minutes + MINUTES_AROUND) / 60 if minutes else HOURS
    hours = max(round(hours, 2), LEAST_HOURS) if minutes else hours
    require(
        LEAST_HOURS <= hours <= MOST_HOURS, f"a job takes from {LEAST_HOURS:g} to {MOST_HOURS:g} hours, not {hours:g}"
    )
    api, user = log_in()
    with job_refusals():
        known = {each.name: each for each in api.list_jobs_hardware()}
    require(flavor in known, f"Hugging Face has no machine '{flavor}' for jobs; it has {', '.join(known)}")
    found, factor = known[flavor], AN_HOUR.get(known[flavor].unit_label)
    usd = found.unit_cost_usd * factor if factor else None
    gpus = int(found.accelerator.quantity) if found.accelerator else 0
    return Offer(flavor, described(found), gpus, usd, hours, full_name(repo or REPO, user))


def described(hardware: JobHardwareInfo) -> str:
    one = hardware.accelerator
    gpu = [f"{one.quantity} × {one.model} of {one.vram}"] if one else []
    return ", ".join([hardware.pretty_name, hardware.cpu, hardware.ram, *gpu])


def submit(run: RunDir, offer: Offer) -> None:
    """Send the run and this program to the offer's repo and start the job. ValueError if it cannot be started."""
    api, owner = log_in()
    with job_refusals():
        mirror = Mirror(offer.repo_id, api.token)
        send_run(mirror, run)
        send_program(mirror, run.name, offer.flavor)
        job = api.run_job(
            image=IMAGE,
            command=["bash", "-c", script(run.name, offer)],
            env={VARIABLE: offer.repo_id, MINUTES_VARIABLE: str(MINUTES_BETWEEN_MIRRORS), "PYTHONUNBUFFERED": "1"},
            secrets={"HF_TOKEN": api.token},
            flavor=offer.flavor,
            timeout=int(offer.hours * 3600),
            labels={"program": "dcgan-studio"},
            namespace=owner,
        )
    about = {"id": job.id, "owner": owner, "repo_id": offer.repo_id, "flavor": offer.flavor, "url": job.url}
    run.write_job(about | {"ended": False})


def send_run(mirror: Mirror, run: RunDir) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        there = RunDir(Path(scratch) / run.name)
        copy(run, there.path)
        (there.path / "status.json").unlink(missing_ok=True)  # which tells of a process on this computer
        there.write_config(run.config().with_options(tracker="none"))  # it is tracked where it is followed
        mirror.send(run.name, Path(scratch))


def send_program(mirror: Mirror, name: str, flavor: str) -> None:
    """The library as it is here, beside the run in the repo: a job must not run another version."""
    folder = program_folder(name)
    with tempfile.TemporaryDirectory() as scratch:
        for path in app_files():
            relative = path.relative_to(REPOSITORY)
            if relative.parts[0] == "gan_core":
                target = Path(scratch) / folder / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        needed = [line for line in requirements(flavor).splitlines() if not line.startswith("gradio")]
        (Path(scratch) / folder / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")
        mirror.send(folder, Path(scratch))


def program_folder(name: str) -> str:
    """Where it lies in the repo: under no name that a run can have."""
    return f".app/{name}"


def script(name: str, offer: Offer) -> str:
    """What the job does: fetch the program, install what it needs, and go on with the run."""
    folder = program_folder(name)
    several = (
        f"-m torch.distributed.run --standalone --nproc-per-node={offer.gpus} --max-restarts=1 "
        if offer.gpus > 1
        else ""
    )
    lines = [
        "set -e",
        f"pip install --quiet huggingface-hub=={version('huggingface-hub')}",
        f"hf download {shlex.quote(offer.repo_id)} --include {shlex.quote(folder + '/*')} --local-dir {PLACE} --quiet",
        f"cd {PLACE}/{shlex.quote(folder)}",
        "pip install --quiet -r requirements.txt",
        f"exec python {several}-m gan_core resume {shlex.quote(name)} --json",
    ]
    return "\n".join(lines)
