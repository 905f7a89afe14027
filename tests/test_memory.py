import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from gan_core import memory

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[1]


def test_the_peak_rises_with_what_is_held_and_stays_when_it_is_gone():
    held = np.ones(200 * 2**20, np.uint8)
    above = memory.peak(CPU)
    del held
    # Linux counts pages in batches.
    assert memory.peak(CPU) >= above - 2**20 >= 200 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forget a process's peak")
def test_a_peak_can_be_forgotten():
    held = np.ones(500 * 2**20, np.uint8)
    above = memory.peak(CPU)
    del held
    memory.forget_peak(CPU)
    assert memory.peak(CPU) < above - 400 * 2**20


def test_what_there_is_holds_at_least_what_this_process_has():
    assert memory.available(CPU) > 50 * 2**20


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**50))
    ours = psutil.Process().memory_info().rss

    def free() -> float:
        return memory.available(CPU) - ours

    assert free() == pytest.approx(2**50)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert free() == pytest.approx(2**50)
    (tmp_path / "memory.max").write_text(f"{2**40 + 1000}\n")
    assert free() == pytest.approx(2**40, rel=1e-3)


KEPT = """
import sys

import psutil
import torch

from gan_core import memory

if "keep" in sys.argv:
    memory.keep_freed()
before = psutil.Process().memory_info().rss
torch.ones(5 * 2**20)  # 20 MB, freed at once
print((psutil.Process().memory_info().rss - before) // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to keep memory")
@pytest.mark.parametrize(("argument", "kept"), [("keep", range(15, 30)), ("", range(-5, 15))])
def test_freed_memory_is_kept_for_the_next_tensor(argument, kept):
    run = subprocess.run([sys.executable, "-c", KEPT, argument], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(run.stdout) in kept


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a peak on to new programs")
def test_a_process_does_not_inherit_the_peak_of_who_started_it():
    held = np.ones(1500 * 2**20, np.uint8)
    code = "import torch; from gan_core import memory; print(memory.peak(torch.device('cpu')))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert held.all() and 10 * 2**20 < int(run.stdout) < 1500 * 2**20
