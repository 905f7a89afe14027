import json

import pytest
import torch
from PIL import Image

from gan_core.__main__ import main
from gan_core.metrics.protocols import METRICS
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator


@pytest.fixture
def model(tiny, tmp_path) -> str:
    torch.manual_seed(0)
    path = tmp_path / "tiny.safetensors"
    save_generator(path, build_generator(tiny.model), tiny, nimg=1500)
    return str(path)


def test_a_table_for_people_and_a_panel(model, tmp_path, capsys):
    panel = tmp_path / "nearest.png"
    assert main(["evaluate", model, "--data", "drawn:300", "--n", "256", "--nearest", str(panel)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for name in ("swd", "diversity", "memorisation"):
        assert f"\n{name} " in out and f"\n{name}: " in out
    assert Image.open(panel).size == (4 * 64 + 3 * 4, 8 * 32 + 7 * 4)


def test_one_json_object_for_programs(model, capsys):
    argv = ["evaluate", model, "--data", "drawn:300", "--n", "100", "--metrics", "diversity, memorisation", "--json"]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert (found["kimg"], found["n"]) == (1.5, 100)
    diversity, memorisation = found["results"]
    assert (diversity["name"], diversity["n_real"], memorisation["n_real"]) == ("diversity", 100, 300)
    assert diversity["value"] < 0.6, "an untrained generator is not as diverse as faces"


def test_the_command_explains_itself(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in [*METRICS, "--json", "--fetch", "--weights"])


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--n", "200"], "swd needs at least 256 samples"),
        (["--metrics", "fid", "--n", "2048"], "fid needs at least 2,048 real pictures"),
        (["--metrics", "mood"], "no metric 'mood'"),
        (["--nearest", "NOWHERE/x.jpg"], "no folder"),
        (["--nearest", "x.txt"], ".png or .jpg"),
        (["--data", "/there/is/nothing"], "/there/is/nothing"),
    ],
)
def test_a_user_error_is_one_sentence(model, argv, reason, capsys):
    assert main(["evaluate", model, "--data", "drawn:300", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == "" and reason in err and err.count("\n") == 1
