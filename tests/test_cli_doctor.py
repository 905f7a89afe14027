import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gan_core.__main__ import main
from gan_core.data.drawn import draw, factors

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    for i in range(60):
        Image.fromarray(draw(factors(i), 40)).save(folder / f"{i:02d}.png")
    Image.fromarray(draw(factors(7), 40)).save(folder / "again.bmp")
    (folder / "spoilt.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("notes")
    return folder


def test_a_report_for_people(folder, capsys):
    assert main(["doctor", "--data", str(folder)]) == 0
    told = capsys.readouterr().out
    for words in (
        "set: 61 of 62 pictures can be used",
        "short side: 40 to 40 px",
        "passed over: 1 text files and lists, such as notes.txt",
        "  spoilt.jpg: not an image",
        "duplicates: 1 the very same, 0 nearly",
        "  again.bmp is 07.png",
        "(--preset few-shot)",
        "(--size 32)",
        "(--duplicates drop)",
        "(--no-flip)",
    ):
        assert words in told


def test_a_report_for_programs_comes_from_a_process_without_pytorch(folder):
    code = "import sys; from gan_core.__main__ import main; main(); print('torch' in sys.modules)"
    argv = [sys.executable, "-c", code, "doctor", "--data", str(folder), "--json"]
    lines = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines.pop() == "False", "it would take seconds to load"
    *progress, report = map(json.loads, lines)
    assert {event["event"] for event in progress} == {"status"} and report["event"] == "doctor"
    assert report["copies"][0]["of_name"] == "07.png" and report["unreadable"] == [["spoilt.jpg", "not an image"]]
    assert {"preset": "few-shot"} in [each["options"] for each in report["suggestions"]]


def test_long_lists_are_shortened_for_people_only(folder, capsys):
    for i in range(30):
        (folder / f"spoilt-{i}.jpg").write_bytes(b"")
    assert main(["doctor", "--data", str(folder)]) == 0
    assert "  and 11 more" in capsys.readouterr().out
    assert main(["doctor", "--data", str(folder), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["unreadable"]) == 31


def test_what_cannot_be_opened_is_one_sentence(tmp_path, capsys):
    assert main(["doctor", "--data", str(tmp_path / "nowhere")]) == 2
    assert "There is no" in capsys.readouterr().err
