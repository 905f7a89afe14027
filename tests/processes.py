"""The programs that a process under test has started."""

import os

import psutil


def children(word: str, parent: int | None = None) -> list[psutil.Process]:
    """Those of this process, or of that one, with the word in their command and that still run."""
    return [child for child in psutil.Process(parent or os.getpid()).children() if word in command(child)]


def command(process: psutil.Process) -> str:
    """Empty for a process that has ended, also for one whose end nobody has asked for yet (a zombie)."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
