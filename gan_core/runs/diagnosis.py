"""How a run is doing, from its directory; needs no PyTorch, so that a page can ask every second."""

from __future__ import annotations

from gan_core.config import Config
from gan_core.runs.run_dir import RunDir
from gan_core.training.health import Verdict, judge


def diagnose(run: RunDir, config: Config, rows: list[dict] | None = None) -> Verdict:
    """The verdict on a run since it began or was last treated; `rows` are its metrics, if they are at hand."""
    treated_at = next((entry["nimg"] for entry in reversed(run.history())), -1)
    rows = [row for row in (run.metrics() if rows is None else rows) if row["nimg"] > treated_at]
    return judge(config, rows, run.data().get("distinct", 1.0))
