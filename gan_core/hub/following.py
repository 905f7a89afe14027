"""A run that trains on a rented machine, followed: its run directory here is filled from its log and its mirror.

python -m gan_core follow faces-64      # the app does it for the runs that it started
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

from gan_core.config import require
from gan_core.files import read_json, write_lines
from gan_core.hub.absorb import absorb
from gan_core.hub.mirror import Mirror
from gan_core.hub.offers import NoSuchJob, job_refusals, log_in
from gan_core.runs.run_dir import ACTIVE, RunDir, Status
from gan_core.runs.tracking import tracked

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_SYNCS = 10.0, 60.0
LINE_SECONDS, LAST_WORDS_SECONDS, SECONDS_FOR_THE_LAST = 1.0, 10.0, 300.0
MOST_MISSES = 3
WAITS = "waits for a machine of Hugging Face"
INSTALLS = "the machine installs what the training needs"
FETCHES = "fetching what the job saved last"
UNFETCHED = "what the job saved could not be fetched: Resume tries again"


@dataclass(frozen=True)
class Step:
    """A tick as the job told of it."""

    nimg: int
    seconds: float
    metrics: dict[str, float]


class Follower:
    """Keeps a run directory like the one on the rented machine, until its job ends; asked to stop, it cancels the job.

    `watch` sees every status and every step.
    """

    def __init__(self, run: RunDir, should_stop: Callable[[], bool], watch: Callable[[Status | Step], None]):
        require(bool(run.job()), f"'{run.name}' does not train on a rented machine")
        self.run, self.signalled, self.watch, self.about = run, should_stop, watch, run.job()
        self.api, user = log_in()
        owner = self.about["owner"]
        require(user == owner, f"the job of '{run.name}' is {owner}'s: log in to Hugging Face as {owner} to follow it")
        self.mirror = Mirror(self.about["repo_id"], self.api.token)
        self.names = {"job_id": self.about["id"], "namespace": self.about["owner"]}
        self.lines: Queue[str] = Queue()
        self.reader: threading.Thread | None = None
        self.heard, self.commit, self.error, self.cancelled = 0, "", "", False
        device = f"{self.about['flavor']} on Hugging Face"
        self.status = replace(run.status(), state="preparing", message=WAITS, device=device, pid=os.getpid())

    def follow(self) -> Status:
        """The final status. RunBusy if somebody follows it already."""
        with self.run.claim(), tracked(self.run) as self.track:
            self._report()
            job = None
            with contextlib.suppress(NoSuchJob):
                for job in self._looks():
                    self._listen(job)
                    self._mirror(SECONDS_BETWEEN_SYNCS)
            # What its process said last comes after its end.
            if self.reader:
                self.reader.join(timeout=LAST_WORDS_SECONDS)
            self._hear()
            if self._mirror_surely():
                self._end(job)
                shutil.rmtree(self.run.path / ".mirror", ignore_errors=True)
            else:
                self._report(state="failed", message=UNFETCHED)
            return self.status

    def _looks(self) -> Iterator[JobInfo]:
        """The job as it is now, again and again until it has ended; the last one is its end."""
        from huggingface_hub._jobs_api import TERMINAL_JOB_STAGES

        misses = 0
        while True:
            try:
                with job_refusals():
                    job = self.api.inspect_job(**self.names)
                yield job
                if job.status.stage in TERMINAL_JOB_STAGES:
                    return
                if self._stopping() and not self.cancelled:
                    self._cancel()
                misses = 0
            except NoSuchJob:
                misses += 1  # one alone may be a slip of theirs
                if misses == MOST_MISSES:
                    raise
            except ValueError as error:
                self._report(message=f"{error}; the job goes on there")
            until = time.monotonic() + SECONDS_BETWEEN_LOOKS
            self._hear(wait=LINE_SECONDS)
            while time.monotonic() < until and (self.cancelled or not self._stopping()):
                self._hear(wait=LINE_SECONDS)

    def _stopping(self) -> bool:
        return self.signalled() or self.run.stop_requested()

    def _cancel(self) -> None:
        self._report(message="cancelling the job")
        with job_refusals():
            self.api.cancel_job(**self.names)
        self.cancelled = True

    def _listen(self, job: JobInfo) -> None:
        """Read the job's log from where it was heard to; the Hub breaks it off now and then."""
        if job.status.stage == "RUNNING" and self.status.message == WAITS:
            self._report(message=INSTALLS)
        if job.status.stage != "SCHEDULING" and not (self.reader and self.reader.is_alive()):
            self.reader = threading.Thread(target=self._read, args=(self.heard + self.lines.qsize(),), daemon=True)
            self.reader.start()

    def _read(self, known: int) -> None:
        with contextlib.suppress(ValueError), job_refusals():
            for number, line in enumerate(self.api.fetch_job_logs(**self.names, follow=True)):
                if number >= known:
                    self.lines.put(line)

    def _hear(self, wait: float = 0) -> None:
        """Take the log's new lines; it waits that long for a first one, and then reports."""
        lines = []
        with contextlib.suppress(Empty):
            lines.append(self.lines.get(timeout=wait) if wait else self.lines.get_nowait())
            while True:
                lines.append(self.lines.get_nowait())
        if not lines:
            return self._report()
        self.heard += len(lines)
        with self.run.log.open("a", encoding="utf-8") as log:
            log.writelines(f"{line.rstrip()}\n" for line in lines)
        events = [event for line in lines if (event := parsed(line))]
        self._record([step_of(event) for event in events if event["event"] == "tick"])
        for event in events:
            self._tell(event)
        return self._report()

    def _record(self, steps: list[Step]) -> None:
        rows = before = self.run.metrics()
        for step in steps:
            rows = followed_by(rows, step)
        if rows is not before:
            write_lines(self.run.path / "metrics.jsonl", rows)
            self.track()

    def _tell(self, event: dict) -> None:
        if event["event"] == "tick":
            self.status = replace(self.status, state="training", nimg=event["nimg"], seconds=event["seconds"])
            self.watch(step_of(event))
        elif event["event"] == "error":
            self.error = event["error"]
        elif event["event"] == "status" and event["state"] in ACTIVE:
            told = {name: event[name] for name in ("state", "message", "prepared")}
            device = f"{self.about['flavor']} on Hugging Face: {event['device']}" if event["device"] else None
            self.status = replace(self.status, **told, device=device or self.status.device)
            self.watch(self.status)

    def _mirror(self, every: float) -> bool:
        """Bring what the mirror has newer than here; whether that succeeded, or is not due yet."""
        if time.monotonic() - getattr(self, "mirrored_at", -every) < every:
            return True
        self.mirrored_at = time.monotonic()
        folder = self.run.path / ".mirror"
        try:
            commit = self.mirror.fetch(self.run.name, folder, self.commit)
            if commit != self.commit:
                absorb(self.run, folder / self.run.name)
                self.commit = commit
                self.track()
        except ValueError:
            return False
        return True

    def _mirror_surely(self) -> bool:
        """The same after the end, for as long as a bad connection may last and nobody asks to stop."""
        until = time.monotonic() + SECONDS_FOR_THE_LAST
        while not (done := self._mirror(0)) and time.monotonic() < until and (self.cancelled or not self._stopping()):
            self._report(message=FETCHES)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return done

    def _end(self, job: JobInfo | None) -> None:
        told = status_in(self.run.path / ".mirror" / self.run.name)
        states = self.run.states()
        nimg = int(states[0].stem) if states else 0
        if told and not told.active:
            nimg = told.nimg
            state, message = told.state, told.message
        elif job is None:
            state, message = "failed", str(NoSuchJob())
        elif job.status.stage == "COMPLETED":
            state, message = "failed", "the job ended before it had trained; log.txt has the details"
        elif job.status.stage in ("CANCELED", "DELETED"):
            state, message = "stopped", f"the job was cancelled; of it {nimg:,} images are saved"
        else:
            why = self.error or job.status.message or "log.txt has its last words"
            state, message = "failed", f"the job failed: {why}"
        seconds = next((row.get("seconds", 0.0) for row in reversed(self.run.metrics()) if row["nimg"] <= nimg), 0.0)
        self.run.write_job(self.about | {"ended": True})
        self._report(state=state, message=message, nimg=nimg, seconds=seconds)

    def _report(self, **changes: object) -> None:
        self.status = replace(self.status, heartbeat=time.time(), **changes)
        self.run.write_status(self.status)
        if changes:
            self.watch(self.status)


def parsed(line: str) -> dict | None:
    """An event of the program; None for everything else in a log."""
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        return event if isinstance(event, dict) and "event" in event else None
    return None


def step_of(event: dict) -> Step:
    metrics = {name: value for name, value in event.items() if name not in ("event", "nimg", "seconds")}
    return Step(event["nimg"], event["seconds"], metrics)


def followed_by(rows: list[dict], step: Step) -> list[dict]:
    """The ticks after that step: a training that went back says again what comes after."""
    if any((row["nimg"], row.get("seconds")) == (step.nimg, step.seconds) for row in rows):
        return rows
    row = {"nimg": step.nimg, "seconds": step.seconds, "time": round(time.time(), 3), **step.metrics}
    return [*(row for row in rows if row["nimg"] < step.nimg), row]


def status_in(folder: Path) -> Status | None:
    values = read_json(folder / "status.json")
    known = asdict(Status())
    return Status(**{name: values[name] for name in known if name in values}) if isinstance(values, dict) else None
