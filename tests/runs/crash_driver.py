"""Trains tiny runs in child processes and does to them what systems do: kills them, fills their disk, cuts files short.

    python tests/runs/crash_driver.py FOLDER SEED NUM_ACCIDENTS

Children are forked, since importing PyTorch for each would take hours; so this process itself never trains, which would
start threads. Prints a JSON object with what was survived; the first broken promise ends it with an AssertionError.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from pathlib import Path

import torch
import torch._dynamo  # noqa: F401 (Adam does, and every child would)

from gan_core.config import Config, ModelConfig, TrainConfig
from gan_core.runs.checkpoint import load_generator, load_state
from gan_core.runs.run_dir import RunBusy, RunDir, Status
from gan_core.runs.worker import Worker

TICK, GOAL = 8, 200
CONFIG = Config(
    model=ModelConfig(image_size=16, ngf=2, ndf=2, latent_dim=4),
    train=TrainConfig(
        data="drawn:24", kimg=GOAL / 1000, tick_kimg=TICK / 1000, batch_size=8, precision="fp32", save_seconds=0.0,
        eval_seconds=0.0, auto_heal=False,
    ),
)  # fmt: skip
# What a child may have done when it is killed at one of its looks at the disk, or after some time.
MOST_LOOKS, MOST_SECONDS, MOST_BYTES, MOST_CUTS = 200, 0.4, 60_000, 3
FOLDERS = ("state", "samples", "snapshots")

BUSY = 3


class Patient:
    """One run, what has been done to it, and what it owes."""

    def __init__(self, path: Path):
        self.run = RunDir.create(path, CONFIG)
        (path / "log.txt").write_text("nothing yet\n")
        self.saved, self.damaged, self.sound = 0, set(), True

    def live(self, accident: str, amount: float) -> bool:
        """Train until the accident; whether the goal was reached first. Then everything promised is checked."""
        self.run.clear_stop()
        at_least = self.newest_sound_state()
        started, ticks, code = child(self.run.path, accident, amount)
        if started is not None:
            assert started >= at_least, f"went on from {started}, though there was a state of {at_least}"
            self.sound, self.damaged = True, {path for path in self.damaged if self.is_older(path, started)}
        elif code == 1 and accident != "full":
            raise AssertionError("the training failed before it began")
        assert not self.run.is_alive()
        self.saved = max([at_least, *ticks])
        assert self.newest_sound_state() >= self.saved, f"the tick at {self.saved} was not saved"
        if self.sound:
            self.check_history()
        return code == 0

    def check_history(self) -> None:
        for seen in ([row["nimg"] for row in self.run.metrics()], [nimg for nimg, _ in self.run.samples()]):
            assert seen == list(range(TICK, len(seen) * TICK + 1, TICK)), f"a gap or a duplicate: {seen}"
        kept = [nimg for nimg, _ in self.run.snapshots()]
        assert set(kept) <= set(seen), f"snapshots of no tick: {kept}"

    def newest_sound_state(self) -> int:
        return max((int(path.stem) for path in self.run.states() if path not in self.damaged), default=0)

    def is_older(self, path: Path, started: int) -> bool:
        """Whether it is a state that a training from `started` images neither read nor wrote."""
        return path in self.run.states() and int(path.stem) < started

    def damage(self, rng: random.Random) -> str | None:
        """Cut a file short, but never the last sound state; each kind of file as often as any other."""
        kinds = defaultdict(list)
        for path in sorted(path for path in self.run.path.rglob("*") if path.is_file()):
            kinds[path.suffix if path.parent.name in FOLDERS else path.name].append(path)
        kind = rng.choice(list(kinds))
        path = rng.choice(kinds[kind])
        sound = [state for state in self.run.states() if state not in self.damaged]
        if (path in sound and len(sound) < 2) or (path.name == "config.json" and not sound):
            return None
        os.truncate(path, rng.choice([0, rng.randrange(path.stat().st_size + 1)]))
        self.damaged.add(path)
        self.sound = self.sound and path.name != "metrics.jsonl"
        self.watch()
        return kind

    def watch(self) -> None:
        """Everything that the app looks at has to be there for it, whatever the files are like."""
        assert self.run.status().state in ("died", "stopped", "failed", "starting", "done")
        self.run.data(), self.run.metrics(), self.run.samples(), self.run.history()
        if self.run.states():
            assert self.run.config().model == CONFIG.model


def child(path: Path, accident: str = "", amount: float = 0) -> tuple[int | None, list[int], int]:
    """Train in a forked process: the images it went on from, if it got there, its ticks and its exit code."""
    pid, reader = begin(path, accident, amount)
    if accident == "killed":
        time.sleep(amount)
        os.kill(pid, signal.SIGKILL)
    return end(pid, reader)


def begin(path: Path, accident: str = "", amount: float = 0) -> tuple[int, int]:
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "forking needs a process without threads"
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        train(path, writer, accident, amount)
    os.close(writer)
    return pid, reader


def end(pid: int, reader: int) -> tuple[int | None, list[int], int]:
    with os.fdopen(reader) as file:
        told = [json.loads(line) for line in file if line.endswith("\n")]
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    started = next((event["started"] for event in told if "started" in event), None)
    return started, [event["tick"] for event in told if "tick" in event], code


def train(path: Path, writer: int, accident: str, amount: float) -> None:
    """What the training process does; never returns."""
    begun = []

    def watch(event) -> None:
        if not isinstance(event, Status):
            os.write(writer, json.dumps({"tick": event.nimg}).encode() + b"\n")
        elif event.state == "training" and not begun:
            begun.append(True)
            os.write(writer, json.dumps({"started": event.nimg}).encode() + b"\n")

    try:
        if accident == "looks":
            kill_at_look(path, amount)
        if accident == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(amount), int(amount)))
        Worker(RunDir(path), os.getpid(), lambda: False, watch).work()
        os._exit(0)
    except RunBusy:
        os._exit(BUSY)
    except BaseException as error:
        if not (accident == "full" and isinstance(error, OSError)):
            traceback.print_exception(error)
        os._exit(1)


def kill_at_look(path: Path, amount: float) -> None:
    """Die as by kill -9 when a file of the run is opened, moved or removed for the `amount`-th time."""
    left = [int(amount)]

    def look(event: str, args: tuple) -> None:
        if event in ("open", "os.rename", "os.remove", "os.chmod") and str(args[0]).startswith(str(path)):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def whole(folder: Path) -> tuple[dict, dict]:
    """The end of a run that nothing happened to."""
    run = RunDir.create(folder / "whole", CONFIG)
    assert child(run.path)[2] == 0
    return end_of(run)


def two_at_once(folder: Path) -> None:
    """One of two trainings of one run is told that it is busy; the other goes on until it is stopped."""
    run = RunDir.create(folder / "twice", CONFIG.with_options(kimg=None))
    readers = dict([begin(run.path), begin(run.path)])
    loser, result = os.wait()
    assert os.waitstatus_to_exitcode(result) == BUSY
    os.close(readers.pop(loser))
    run.request_stop()
    _, ticks, code = end(*readers.popitem())
    assert code == 0 and ticks == [row["nimg"] for row in run.metrics()]
    assert ticks[:-1] == list(range(TICK, ticks[-1], TICK))


def end_of(run: RunDir) -> tuple[dict, dict]:
    state = load_state(run.states()[0])
    kept = {name: value for name, value in state.items() if name not in ("seconds", "config", "data", "metrics")}
    return kept, load_generator(run.generator)[0].state_dict()


def main(folder: Path, seed: int, count: int) -> None:
    torch.set_num_threads(1)
    rng, expected, survived, finished = random.Random(seed), whole(folder), Counter(), 0
    two_at_once(folder)
    patient = Patient(folder / "0")
    while survived.total() < count:
        accident, amount = rng.choice(
            [
                ("killed", rng.uniform(0, MOST_SECONDS)),
                ("looks", rng.randrange(1, MOST_LOOKS)),
                ("full", rng.randrange(MOST_BYTES)),
            ]
        )
        if patient.live(accident, amount):
            for actual, wanted in zip(end_of(patient.run), expected, strict=True):
                torch.testing.assert_close(actual, wanted, rtol=0, atol=0)
            finished += 1
            patient = Patient(folder / str(finished))
            continue
        survived[accident] += 1
        patient.watch()
        for _ in range(rng.randrange(MOST_CUTS + 1)):
            if damaged := patient.damage(rng):
                survived[f"cut {damaged}"] += 1
    print(json.dumps({"finished": finished, "survived": survived}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
