import pytest
from job_commands import ME

from gan_core.home import checkpoints
from gan_core.hub import following, jobs, mirror, offers
from gan_core.runs.run_dir import RunDir


@pytest.fixture
def quick_jobs(on_hub, monkeypatch):
    """Whoever may write is logged in, and looks often."""
    for name in ("SECONDS_BETWEEN_LOOKS", "SECONDS_BETWEEN_SYNCS", "LINE_SECONDS"):
        monkeypatch.setattr(following, name, 0.1)
    monkeypatch.setattr(following, "LAST_WORDS_SECONDS", 300)
    monkeypatch.setattr(jobs, "SECONDS_BETWEEN_LOOKS", 0.1)
    monkeypatch.setattr(mirror, "PAUSES", (0.01,) * 4)
    monkeypatch.setenv("HF_TOKEN", ME)


@pytest.fixture
def rented(on_hub, tiny) -> RunDir:
    """A run whose job waits for a machine."""
    run = RunDir.create(checkpoints() / "mine", tiny)
    jobs.submit(run, offers.look().offer("a10g-small"))
    return run
