"""Where things live: runs and shipped models under checkpoints/, prepared pictures under datasets/.

Both lie beside the code, or under the folder that the environment variable DCGAN_STUDIO_HOME names.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def home() -> Path:
    return Path(os.environ.get("DCGAN_STUDIO_HOME") or REPOSITORY).expanduser().resolve()


def checkpoints() -> Path:
    """The folder of runs; made where it is missing."""
    path = home() / "checkpoints"
    path.mkdir(parents=True, exist_ok=True)
    return path


def datasets() -> Path:
    """The folder of prepared pictures; made where it is missing."""
    path = home() / "datasets"
    path.mkdir(parents=True, exist_ok=True)
    return path


def model_roots() -> list[Path]:
    """Folders whose sub-folders may hold a generator: the user's runs, then the models shipped with the code."""
    return list(dict.fromkeys([checkpoints(), REPOSITORY / "checkpoints"]))
