"""How large a page without a server is, and who hears of it."""

import pytest

from gan_core.__main__ import main
from gan_core.config import preset
from gan_core.home import checkpoints
from gan_core.hub import browser_runtime
from gan_core.hub.prepare import MOST_BYTES, Files, prepare
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir

RUNTIME = 10_300_000  # bytes, as it is kept


@pytest.fixture
def runtime(home_folder):
    """Files as long as those of the page's runtime."""
    kept = home_folder / ".cache" / f"onnxruntime-web-{browser_runtime.VERSION}"
    kept.mkdir(parents=True)
    for name in browser_runtime.SHA256:
        (kept / browser_runtime.kept_name(name)).write_bytes(b"x" * (RUNTIME // len(browser_runtime.SHA256)))


@pytest.fixture
def new_run():
    """new_run(**options) is a run of the preset dcgan with a generator of random weights."""

    def made(**options) -> RunDir:
        config = preset("dcgan").with_options(**options)
        run = RunDir.create(checkpoints() / "mine", config)
        save_generator(run.generator, build_generator(config.model), config, 5000)
        return run

    return made


def test_a_page_of_the_usual_size_is_below_the_limit(runtime, new_run, tmp_path):
    files = prepare("static", new_run(image_size=64), tmp_path / "page", "me/mine")
    assert RUNTIME < sum(files.sizes.values()) < 0.75 * MOST_BYTES and not files.note


def test_a_large_page_is_said_to_be_so_before_it_goes_up(runtime, new_run, tmp_path, capsys):
    new_run(image_size=128)
    command = ["publish", "mine", "me/mine", "--as", "static"]
    assert main([*command, "--out", str(tmp_path / "page")]) == 0
    assert "note: this page is 26 MB" in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "size", "noted"), [("static", 25, False), ("static", 26, True), ("model", 99, False)])
def test_only_a_page_is_too_large_for_a_phone(tmp_path, kind, size, noted):
    with (tmp_path / "generator.onnx").open("wb") as file:
        file.truncate(size * 1_000_000)
    note = Files(kind, tmp_path).note
    assert bool(note) == noted and (not noted or "26 MB" in note)
