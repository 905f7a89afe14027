import subprocess
import sys

import pytest

from gan_core.home import REPOSITORY
from gan_core.web import page as web
from ui.explore import opened, tab

# What loads for a long time, and only some of what the app does needs.
HEAVY = {"av", "matplotlib", "onnx", "onnxruntime", "scipy", "skimage", "tensorboard", "torchvision", "trackio"}


def loaded_by(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    return set(subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split())


def test_the_app_is_there_before_pytorch_is():
    loaded = loaded_by("import ui.studio; ui.studio.build()")
    assert "ui.explore" in loaded and not loaded & {*HEAVY, "torch", "ui.explore.play"}


def test_the_first_picture_waits_for_pytorch_only():
    loaded = loaded_by("from ui.explore import opened, warm_up; warm_up(); assert opened._open")
    assert "ui.explore.play" in loaded and not loaded & {*HEAVY, "torch._dynamo", "gan_core.training.trainer"}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in tab.ANSWERS for name in tab.ANSWERS[module]])
def test_every_function_of_the_page_answers_nonsense_with_an_object(module, name):
    answer = tab.late(module, name)
    assert answer.__name__ == name
    for request in ({}, None, [], {"key": "nothing@newest@1"}):
        assert isinstance(answer(request), dict)


def test_names_are_unique_since_the_page_knows_no_modules():
    names = [name for names in tab.ANSWERS.values() for name in names]
    assert len(names) == len(set(names))


def test_every_tool_has_its_place_and_its_script():
    page, script = web.page(), web.script()
    assert "<!-- tools -->" not in page and "<!-- include" not in page
    for name in web.TOOLS:
        assert f'data-tool="{name}"' in page and f"tools.{name} = " in script


def test_without_pytorch_the_page_says_so_in_a_sentence(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(tab, "import_module", missing)
    assert tab.late("play", "face")({}) == {"error": "PyTorch cannot be loaded: No module named 'torch'"}
    tab.warm_up()


def test_warming_up_opens_the_model_that_pages_begin_with(run):
    tab.warm_up()
    assert [key.partition("@")[0] for key in opened._open][-1] == run.name
