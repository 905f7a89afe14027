"""Real processes that train together with gloo, started by torchrun."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from failing_driver import WORDS
from processes import children
from ranks_driver import BATCH, GOES_ON, KINDS, NUM_IMAGES, STEPS, main

from gan_core.files import write_json
from gan_core.home import checkpoints
from gan_core.runs import job, library
from gan_core.runs.run_dir import RunDir, Status
from gan_core.runs.worker import Worker
from gan_core.training.group import LAUNCHED, check_shares

REPOSITORY = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("ranks_driver.py")
FAILING_DRIVER = Path(__file__).with_name("failing_driver.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict:
    """What the driver found on 1, 2 and 4 ranks, by kind and number of ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    main(folder)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    launched = [
        subprocess.Popen([*TORCHRUN, f"--nproc-per-node={size}", str(DRIVER), str(folder)], env=environment)
        for size in (2, 4)
    ]
    assert [process.wait(timeout=600) for process in launched] == [0, 0]
    return {(kind, size): torch.load(folder / f"{kind}-{size}.pt") for kind in KINDS for size in (1, 2, 4)}


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_batch_is_the_same_training_on_every_number_of_ranks(trained, kind, size):
    alone, together = trained[kind, 1], trained[kind, size]
    if kind == GOES_ON:
        alone["losses"] = alone["losses"][-STEPS // 2 :]
    torch.testing.assert_close(together["losses"], alone["losses"], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(together["state"], alone["state"], rtol=1e-6, atol=1e-9)
    assert (together["weights"] == together["weights"][0]).all()


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_show_every_picture_of_an_epoch_once(trained, size):
    seen = trained["penalties", size]["seen"]
    assert seen.shape == (size, STEPS, BATCH // size)
    assert sorted(seen[:, : NUM_IMAGES // BATCH].flatten().tolist()) == list(range(NUM_IMAGES))
    two_batches = trained["classes-d-steps", size]["seen"].view(size, STEPS, 2, -1)
    whole = trained["classes-d-steps", 1]["seen"].view(STEPS, 2, size, -1)
    assert torch.equal(two_batches, whole.permute(2, 0, 1, 3))


def test_a_lost_machine_is_noticed_in_a_step_and_a_download_between_steps_may_last(trained):
    assert trained["penalties", 2]["patience"] == [30 * 60, 24 * 60 * 60]


def test_one_process_loads_nothing_for_several(tiny):
    run = RunDir.create(checkpoints() / "alone", tiny)
    assert Worker(run, 4711, lambda: False, lambda event: None).work().state == "done"
    assert "gan_core.training.distributed" not in sys.modules


def test_a_batch_that_cannot_be_shared_equally_is_refused_in_a_sentence(tiny):
    check_shares(32, 4)
    with pytest.raises(ValueError, match="3 processes cannot share batches of 32 equally: choose"):
        check_shares(32, 3)
    with pytest.raises(ValueError, match="cannot share batches of 8"):
        job.start(tiny, "mine", gpus=("a", "b", "c"))
    assert not (checkpoints() / "mine").exists()


@pytest.fixture
def launch():
    """launch(*arguments): a training on two ranks, which the end of the test ends."""
    started = []

    def begin(*arguments: str, program: tuple[str, ...] = ("-m", "gan_core")) -> subprocess.Popen:
        command = [*TORCHRUN, "--nproc-per-node=2", "--max-restarts=1", *program, *arguments]
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        started.append(subprocess.Popen(command, cwd=REPOSITORY, env=environment))
        return started[-1]

    yield begin
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_ranks_that_die_stop_and_go_on_keep_one_history(tiny, tmp_path, launch, wait_for):
    config = tiny.with_options(kimg=None, eval_seconds=0.0, save_seconds=0.0, data="drawn:16")
    write_json(tmp_path / "config.json", config.to_dict())
    launcher = launch("train", "--config", str(tmp_path / "config.json"))
    ranks = wait_for(ranks_of_newest)
    run, *others = library.runs()
    assert set(ranks) == {"0", "1"} and not others and run.status().device.startswith("2 × ")
    with pytest.raises(ValueError, match=f"'{run.name}' is training"):
        job.start(config, "another")
    wait_for(run.states)
    ranks["1"].kill()
    wait_for(lambda: run.status().pid != ranks["0"].pid)
    wait_for(lambda: newest(run) >= 96)
    run.request_stop()
    assert launcher.wait(timeout=600) == 0
    assert run.status().state == "stopped" and len(library.runs()) == 1
    stopped_at = run.status().nimg

    job.prepare_resume(run, kimg=0.024)
    assert Worker(run, 4711, lambda: False, lambda event: None).work().state == "done"
    seen = [row["nimg"] for row in run.metrics()]
    ticks = [nimg for nimg in seen if nimg not in (stopped_at, seen[-1])]
    assert seen == sorted(set(seen)) and seen[-1] >= stopped_at + 24
    assert ticks == [nimg for nimg in range(24, seen[-1], 24) if nimg != stopped_at]

    alone = RunDir.create(checkpoints() / "alone", config.with_options(kimg=0.072))
    Worker(alone, 4711, lambda: False, lambda event: None).work()
    for mine, theirs in zip(run.metrics()[:3], alone.metrics(), strict=True):
        losses = [[row["nimg"], row["loss/D"], row["loss/G"], row["score/real"]] for row in (mine, theirs)]
        np.testing.assert_allclose(*losses, rtol=1e-3)


@pytest.mark.parametrize(
    ("rank", "error", "words"),
    [("0", "OSError", WORDS), ("1", "AssertionError", "an unexpected AssertionError; log.txt has the details")],
)
def test_an_error_on_one_rank_ends_all_once_and_is_what_the_run_says(
    tiny, tmp_path, home_folder, launch, rank, error, words
):
    write_json(tmp_path / "config.json", tiny.with_options(data="drawn:16").to_dict())
    program = (str(FAILING_DRIVER), rank, error)
    assert launch("train", "--config", str(tmp_path / "config.json"), program=program).wait(timeout=300) != 0
    (run,) = library.runs()
    assert (run.status().state, run.status().message) == ("failed", words) and run.is_free(within=10)
    assert len(list(home_folder.glob("raised-*"))) == 1


def test_ranks_are_treated_together(tiny, tmp_path, launch):
    config = tiny.with_options(data="drawn:100", lr=0.5, kimg=1.2, tick_kimg=0.1, batch_size=16, eval_seconds=1e6)
    write_json(tmp_path / "config.json", config.to_dict())
    assert launch("train", "--config", str(tmp_path / "config.json")).wait(timeout=600) == 0
    (run,) = library.runs()
    (entry,) = run.history()
    assert entry["nimg"] == 0 and entry["changes"]["lr"] == [0.5, 2e-4]
    assert run.status().state == "done" and run.config().train.lr == 2e-4
    rows = run.metrics()
    assert [row["nimg"] for row in rows] == sorted({row["nimg"] for row in rows})
    assert rows[-1]["nimg"] == run.status().nimg and max(row["loss/G"] for row in rows) < 20


@pytest.mark.parametrize("is_rank", [True, False])
def test_a_rank_ends_without_pythons_own_end_which_its_threads_may_not_survive(is_rank):
    code = "import atexit; from gan_core.training.group import leave; atexit.register(print, 'end'); leave(3)"
    variables = dict.fromkeys(LAUNCHED, "0") if is_rank else {}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ | variables, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "" if is_rank else "end\n")


def test_the_train_tab_starts_a_process_for_each_gpu(monkeypatch, tiny):
    started = []
    monkeypatch.setattr(job.subprocess, "Popen", lambda command, **options: started.append((command, options["env"])))
    monkeypatch.setattr(job.threading, "Thread", lambda **options: SimpleNamespace(start=lambda: None))
    for name, gpus in {"none": (), "one": ("GPU-a",), "two": ("GPU-a", "GPU-b")}.items():
        job.start(tiny, name, gpus)
        library.find_run(name).write_status(Status("stopped"))
    (none, _), (one, of_one), (two, of_two) = started
    assert none[1:4] == one[1:4] == ["-m", "gan_core", "resume"] and of_one["CUDA_VISIBLE_DEVICES"] == "GPU-a"
    assert two[1:6] == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    assert two[8:11] == ["-m", "gan_core", "resume"] and of_two["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"


def newest(run: RunDir) -> int:
    return max((row["nimg"] for row in run.metrics()), default=0)


def ranks_of_newest() -> dict[str, psutil.Process]:
    """The processes that train the newest run, once rank 0 says that they do."""
    status = next((run.status() for run in library.runs()), Status())
    if status.state != "training":
        return {}
    siblings = children("gan_core", psutil.Process(status.pid).ppid())
    return {process.environ()["RANK"]: process for process in siblings}
