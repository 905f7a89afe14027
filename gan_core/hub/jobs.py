"""A run sent to a rented machine: Hugging Face Jobs.

submit(run, look().offer("a10g-small"))      # gan_core.hub.following shows it from then on
"""

from __future__ import annotations

import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.home import REPOSITORY
from gan_core.hub import identity
from gan_core.hub.mirror import MINUTES_VARIABLE, VARIABLE, Mirror, copy
from gan_core.hub.offers import Offer, job_refusals, log_in
from gan_core.hub.spaces import app_files, requirements
from gan_core.runs.run_dir import RunDir

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

IMAGE, PLACE = "python:3.12", "/tmp/dcgan-studio"
MINUTES_BETWEEN_MIRRORS = 3.0
# The label by which a job is found whose start was never answered; it may be listed a while after it was asked for.
MARK = "asked-as"
LOOKS, SECONDS_BETWEEN_LOOKS = 4, 2.0
SECONDS_OF_LOOKS = 30.0  # a look at a Hub in trouble takes long itself
PAGE = "https://huggingface.co/settings/jobs"
MAY_RUN = (
    f"a job may have been started all the same, and would cost: look at {PAGE} and cancel it before you start again"
)
UNWANTED = "it was stopped before a machine was rented: nothing was started"


def unheard(share: float, words: str) -> None:
    """The report of whoever does not listen."""


def submit(run: RunDir, offer: Offer, report: Callable[[float, str], object] = unheard) -> None:
    """Send the run and this program to the offer's repo and start the job. ValueError if it cannot be started.

    `report(share, words)` hears how far it is; whatever it raises, nothing has been started by then. Whatever fails, no
    job goes on that the run does not know of, or the error says so.
    """
    api, owner = log_in()
    with job_refusals():
        mirror = Mirror(offer.repo_id, api.token)
        report(0.1, "sending the run and its settings")
        with sent(run, mirror):
            report(0.4, "sending this program")
            send_program(mirror, run.name, offer.flavor)
            report(0.9, "asking for the machine")
            require(not run.stop_requested(), UNWANTED)
            mark = secrets.token_hex(16)
            with withdrawn_if_it_fails(run, api, owner, mark) as asked:
                asked.append(ask(api, owner, run.name, offer, mark))
                require(not run.stop_requested(), UNWANTED)
                keep(run, asked[0], owner, offer)


def ask(api: HfApi, owner: str, name: str, offer: Offer, mark: str) -> JobInfo:
    return api.run_job(
        image=IMAGE,
        command=["bash", "-c", script(name, offer)],
        env={VARIABLE: offer.repo_id, MINUTES_VARIABLE: str(MINUTES_BETWEEN_MIRRORS), "PYTHONUNBUFFERED": "1"},
        secrets={"HF_TOKEN": api.token},
        flavor=offer.flavor,
        timeout=int(offer.hours * 3600),
        labels={"program": "dcgan-studio", MARK: mark},
        namespace=owner,
    )


def keep(run: RunDir, job: JobInfo, owner: str, offer: Offer) -> None:
    """Have the run know its job, which nobody follows yet."""
    about = {"id": job.id, "owner": owner, "repo_id": offer.repo_id, "flavor": offer.flavor, "url": job.url}
    run.write_job(about | {"ended": False})
    run.write_status(replace(run.status(), state="stopped", message=""))


@contextmanager
def withdrawn_if_it_fails(run: RunDir, api: HfApi, owner: str, mark: str) -> Iterator[list[JobInfo]]:
    """Takes the job that was asked for within, and cancels it if anything fails; ValueError if it may go on."""
    asked: list[JobInfo] = []
    try:
        yield asked
    except BaseException as error:
        if not was_refused(error):
            try:
                withdraw(api, owner, mark, asked)
            except BaseException:
                raise ValueError(MAY_RUN) from None
        if run.is_rented:
            with suppress(OSError):
                run.write_job(run.job() | {"ended": True})
        raise


def was_refused(error: BaseException) -> bool:
    """Whether a job that was asked for cannot have been started: the Hub said no, or was never reached."""
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    if isinstance(error, HfHubHTTPError):
        return 400 <= error.response.status_code < 500 and error.response.status_code != 408
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def withdraw(api: HfApi, owner: str, mark: str, asked: list[JobInfo]) -> None:
    """Cancel these jobs, else those with that mark, if there are any."""
    until = time.monotonic() + SECONDS_OF_LOOKS
    for look in range(LOOKS):
        try:
            jobs = asked or [job for job in api.list_jobs(labels={MARK: mark}, namespace=owner) if is_marked(job, mark)]
            for job in jobs:
                api.cancel_job(job_id=job.id, namespace=owner)
            if jobs:
                return
        except Exception:
            if look == LOOKS - 1 or time.monotonic() > until:
                raise
        time.sleep(SECONDS_BETWEEN_LOOKS if look < LOOKS - 1 else 0)


def is_marked(job: JobInfo, mark: str) -> bool:
    return (job.labels or {}).get(MARK) == mark


@contextmanager
def sent(run: RunDir, mirror: Mirror) -> Iterator[None]:
    """Have the run in the mirror; if what follows fails it goes from there again, so that its name is free."""
    is_new = send_run(mirror, run)
    try:
        yield
    except BaseException:
        if is_new and not run.is_rented:
            with suppress(ValueError, OSError):
                mirror.forget(run.name, identity.of(run.path))
        raise


def send_run(mirror: Mirror, run: RunDir) -> bool:
    """Whether it was not there before. ValueError if another run has its name there."""
    with tempfile.TemporaryDirectory() as scratch:
        there = RunDir(Path(scratch) / run.name)
        copy(run, there.path)
        (there.path / "status.json").unlink(missing_ok=True)  # which tells of a process on this computer
        there.write_config(run.config().with_options(tracker="none"))  # it is tracked where it is followed
        return mirror.send(run.name, Path(scratch))


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
