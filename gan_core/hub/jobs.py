"""A run sent to a rented machine: Hugging Face Jobs.

submit(run, look().offer("a10g-small"))      # gan_core.hub.following shows it from then on
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from gan_core.home import REPOSITORY
from gan_core.hub.mirror import MINUTES_VARIABLE, VARIABLE, Mirror, copy
from gan_core.hub.offers import Offer, job_refusals, log_in
from gan_core.hub.spaces import app_files, requirements
from gan_core.runs.run_dir import RunDir

IMAGE, PLACE = "python:3.12", "/tmp/dcgan-studio"
MINUTES_BETWEEN_MIRRORS = 3.0


def unheard(share: float, words: str) -> None:
    """The report of whoever does not listen."""


def submit(run: RunDir, offer: Offer, report: Callable[[float, str], object] = unheard) -> None:
    """Send the run and this program to the offer's repo and start the job. ValueError if it cannot be started.

    `report(share, words)` hears how far it is; whatever it raises, nothing has been started by then.
    """
    api, owner = log_in()
    with job_refusals():
        mirror = Mirror(offer.repo_id, api.token)
        report(0.1, "sending the run and its settings")
        send_run(mirror, run)
        report(0.4, "sending this program")
        send_program(mirror, run.name, offer.flavor)
        report(0.9, "asking for the machine")
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
