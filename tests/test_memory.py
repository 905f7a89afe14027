import subprocess
import sys

import numpy as np
import pytest
import torch

from gan_core import memory

CPU = torch.device("cpu")


def test_the_peak_rises_with_what_is_held_and_stays_when_it_is_gone():
    held = np.ones(200 * 2**20, np.uint8)
    above = memory.peak(CPU)
    del held
    assert memory.peak(CPU) >= above >= 200 * 2**20


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
    free = memory.available(CPU)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert abs(memory.available(CPU) - free) < 200 * 2**20
    (tmp_path / "memory.max").write_text("5000\n")
    assert memory.available(CPU) < 2**34 and free - memory.available(CPU) > 0


FAULTS = """
import resource, sys, torch
from gan_core import memory

def page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(5 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if "keep" in sys.argv:
    memory.keep_freed()
page_faults()
print(page_faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to keep memory")
def test_freed_memory_is_kept_for_the_next_tensor():
    faults = {}
    for argument in ("", "keep"):
        run = subprocess.run([sys.executable, "-c", FAULTS, argument], capture_output=True, text=True, check=True)
        faults[argument] = int(run.stdout)
    assert faults["keep"] < 500 < faults[""]
