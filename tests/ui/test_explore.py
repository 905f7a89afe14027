import subprocess
import sys

import pytest

from gan_core.home import REPOSITORY
from ui import explore, faces


def test_the_app_is_there_before_pytorch_is():
    code = "import sys, ui.studio; ui.studio.build(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "ui.explore" in loaded and not loaded & {"torch", "av", "ui.faces"}


@pytest.mark.parametrize("name", explore.ANSWERS)
def test_every_function_of_the_page_exists(name):
    assert explore.late(name).__name__ == name
    assert isinstance(explore.late(name)({}), dict)
    assert getattr(faces, name).__name__ == name


def test_without_pytorch_the_page_says_so_in_a_sentence(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(explore, "import_module", missing)
    assert explore.late("face")({}) == {"error": "PyTorch cannot be loaded: No module named 'torch'"}
    explore.warm_up()


def test_warming_up_opens_the_model_that_pages_begin_with(run):
    explore.warm_up()
    assert [key.partition("@")[0] for key in faces._open][-1] == run.name
