import json
import re

import pytest
from paper_models import model_in
from PIL import Image

from gan_core.__main__ import main
from gan_core.paper import Finding
from gan_core.paper.report import files, write


@pytest.fixture
def finding() -> Finding:
    return Finding("walk", "A <walk>", "Figure 4.", ["Smooth & slow."], {"step": 0.5}, Image.new("RGB", (20, 10)))


def test_the_report_is_one_page_with_its_pictures_in_it(finding, tmp_path):
    write(tmp_path / "report", [finding], "my & model", 12.5)
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"report.html", "walk.png", "numbers.json"}
    page = (tmp_path / "report" / "report.html").read_text()
    assert (
        "A &lt;walk&gt;" in page
        and "Smooth &amp; slow." in page
        and "my &amp; model" in page
        and "12.5 thousand" in page
    )
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert json.loads((tmp_path / "report" / "numbers.json").read_text())["figures"] == {"walk": {"step": 0.5}}
    assert set(files([finding], "m", 1)) == {"report.html", "walk.png"}


def test_the_command_makes_the_figures_that_were_asked_for(model, tmp_path, capsys):
    out = tmp_path / "report"
    assert main(["paper", str(model), "--figures", "walk,filters", "--out", str(out), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("figure") for line in lines[:-1]] == ["walk", "filters"]
    assert lines[-1] == {"out": str(out), "figures": ["walk", "filters"]}
    assert (out / "walk.png").exists() and (out / "filters.png").exists()


def test_the_command_with_labelled_pictures(tmp_path, capsys):
    model = model_in(tmp_path, "dcgan", 32, 3)
    colours = {"red": (200, 30, 30), "green": (30, 200, 30)}
    for name, colour in colours.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(60):
            Image.new("RGB", (40, 40), tuple(c + i % 20 for c in colour)).save(tmp_path / "data" / name / f"{i}.png")
    argv = [
        "paper",
        str(model),
        "--figures",
        "classify",
        "--labels",
        str(tmp_path / "data"),
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(argv) == 0
    assert "100 labels of data" in capsys.readouterr().out


def test_a_figure_that_cannot_be_made_is_said_and_the_others_are_made(tmp_path, capsys):
    model = model_in(tmp_path, "mlp", 28, 1)
    assert main(["paper", str(model), "--figures", "drop,filters", "--out", str(tmp_path / "report")]) == 0
    assert "drop: a fully connected generator has no feature maps to drop" in capsys.readouterr().out
    assert not (tmp_path / "report" / "drop.png").exists()


@pytest.mark.parametrize(
    "argv, wrong",
    [
        (["--figures", "fig9"], "there is no figure 'fig9'"),
        (["--figures", "classify"], "--labels"),
        (["--figures", ","], "there is no figure"),
    ],
)
def test_wrong_wishes_are_one_sentence(model, tmp_path, capsys, argv, wrong):
    assert main(["paper", str(model), *argv, "--out", str(tmp_path / "report")]) == 2
    assert wrong in capsys.readouterr().err and not (tmp_path / "report").exists()
