import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_core.__main__ import build_parser, main
from gan_core.config import DEFAULT_PRESET, Config, preset
from gan_core.files import write_json
from gan_core.home import checkpoints
from gan_core.models import build_discriminator, build_generator
from gan_core.runs.checkpoint import load_generator, load_state, save_discriminator, save_generator
from gan_core.runs.run_dir import RunDir

REPOSITORY = Path(__file__).resolve().parents[1]
TINY = ["--data", "drawn:40", "--size", "32", "--ngf", "4", "--ndf", "4", "--latent-dim", "8", "--batch-size", "8"]


@pytest.fixture
def model(tiny, tmp_path) -> Path:
    torch.manual_seed(0)
    save_generator(tmp_path / "tiny.safetensors", build_generator(tiny.model), tiny, nimg=1500)
    return tmp_path / "tiny.safetensors"


def run_main(*argv: str) -> int:
    """The exit code, whether it is returned or raised by argparse."""
    try:
        return main(list(argv))
    except SystemExit as stop:
        return stop.code


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "gan_core", *argv]


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_training_goes_to_its_goal_in_a_real_process():
    argv = ["train", *TINY, "--kimg", "0.08", "--tick-kimg", "0.04", "--run", "mine", "--seed", "5", "--no-flip"]
    done = subprocess.run(command(*argv), cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "run mine in " in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[-1].startswith("done at 0.1 kimg")
    run = RunDir(checkpoints() / "mine")
    assert run.status().state == "done"
    changes = {"data": "drawn:40", "kimg": 0.08, "tick_kimg": 0.04, "batch_size": 8, "seed": 5, "flip": False}
    assert run.config().train == replace(preset(DEFAULT_PRESET).train, **changes)


def test_preflight_tells_speed_memory_and_duration_and_leaves_no_run(capsys):
    assert run_main("preflight", *TINY, "--kimg", "5") == 0
    text = capsys.readouterr().out
    assert "images/s with batches of 8" in text and "will have seen 5,000 pictures" in text and "of memory;" in text
    assert not list(checkpoints().glob("*/"))


def test_preflight_as_json(capsys):
    assert run_main("preflight", *TINY, "--kimg", "5", "--json") == 0
    *progress, found = json_lines(capsys.readouterr().out)
    assert {line["state"] for line in progress} == {"preparing", "probing"}
    assert found["event"] == "preflight" and found["kimg"] == 5 and found["img_per_sec"] > 0


def test_a_run_can_start_from_the_config_of_another(tmp_path, capsys):
    first = Config().with_options(data="drawn:40", image_size=32, ngf=4, ndf=4, batch_size=8, kimg=0.016, lr=0.001)
    write_json(tmp_path / "config.json", first.to_dict())
    assert run_main("train", "--config", str(tmp_path / "config.json"), "--seed", "7", "--run", "again") == 0
    assert RunDir(checkpoints() / "again").config() == first.with_options(seed=7)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"format_version": 99}'])
def test_a_file_that_is_no_config_is_one_sentence(tmp_path, capsys, text):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    assert run_main("train", "--config", str(path)) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_the_next_step_with_everything_saved(number):
    argv = ["train", *TINY, "--tick-kimg", "0.08", "--json", "--run", "mine"]
    with subprocess.Popen(
        command(*argv), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            for line in process.stdout:
                if json.loads(line)["event"] == "tick":
                    break
            process.send_signal(number)
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
    assert (process.returncode, err) == (3, "")
    last = json_lines(out)[-1]
    assert last["event"] == "stopped"
    run = RunDir(checkpoints() / "mine")
    assert (run.status().state, run.status().nimg) == ("stopped", last["nimg"])
    assert load_state(run.states()[0])["nimg"] == last["nimg"] >= 80
    assert load_generator(run.generator)[2] == last["nimg"]


@pytest.mark.parametrize(
    "argv", [["train", "--data", "/there/is/nothing"], ["sample", "nobody"], ["train", "--kimg", "-1"]]
)
def test_a_user_error_is_one_sentence_in_a_real_process(argv):
    done = subprocess.run(command(*argv), cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["train", "--data", ""], "choose some pictures"),
        (["train", "--data", "EMPTY"], "no pictures"),
        (["train", "--data", "MODEL"], "neither a folder nor a .zip"),
        (["train", "--data", "drawn:0"], "drawn:0"),
        (["train", *TINY, "--run", "taken"], "'taken' already"),
        (["train", *TINY, "--run", "a b"], "no name"),
        (["train", *TINY, "--run", "~nobody-of-that-name/x"], "nobody-of-that-name"),
        (["train", *TINY, "--kimg", "nan"], "kimg"),
        (["train", *TINY, "--minutes", "0"], "minutes"),
        (["train", *TINY, "--beta1", "1.5"], "beta1"),
        (["train", *TINY, "--batch-size", "1"], "batch_size"),
        (["train", *TINY, "--seed", "-1"], "seed"),
        (["train", *TINY, "--size", "48"], "48"),
        (["train", *TINY, "--channels", "three"], "three"),
        (["train", "--preset", "stylegan"], "stylegan"),
        (["train", "--no-such-flag"], "no-such-flag"),
        (["resume", "nobody"], "there is no run 'nobody'"),
        (["resume", "../taken"], "there is no run"),
        (["resume", "taken", "--kimg", "-1"], "kimg"),
        (["resume", "taken", "--kimg", "0"], "kimg"),
        (["sample", "taken"], "no generator yet"),
        (["sample", "EMPTY"], "there is no model"),
        (["sample", "~nobody-of-that-name/x"], "there is no model"),
        (["sample", "MODEL", "--seeds", "one"], "'one'"),
        (["sample", "MODEL", "--seeds", "9-1"], "backwards"),
        (["sample", "MODEL", "--seeds", ""], "at least one seed"),
        (["sample", "MODEL", "--seeds", "0-99999999"], "too many"),
        (["sample", "MODEL", "--out", "OUT/grid.txt"], ".png"),
        (["sample", "MODEL", "--out", "OUT/no/folder/grid.png"], "no folder"),
        (["sample", "MODEL", "--out", "~nobody-of-that-name/grid.png"], "nobody-of-that-name"),
        (["sample", "MODEL", "--best", "65"], "from 1 to 64"),
        (["sample", "MODEL", "--rank", "real"], "no discriminator"),
        (["morph", "MODEL", "--seeds", "1,x"], "'x'"),
        (["morph", "MODEL", "--fps", "0"], "fps"),
        (["morph", "MODEL", "--seconds", "0"], "seconds"),
        (["morph", "MODEL", "--seconds", "nan"], "seconds"),
        (["morph", "MODEL", "--pixels", "8"], "pixels"),
        (["morph", "MODEL", "--out", "OUT/film.avi"], ".mp4"),
        (["morph", "MODEL", "--out", "OUT/film.gif", "--seconds", "600", "--pixels", "1024"], "too large for a .gif"),
        (["morph", "MODEL", "--out", "OUT/strip.png", "--frames", "0"], "256 frames"),
        (["morph", "MODEL", "--easing", "bounce"], "'bounce'"),
        (["morph", "MODEL", "--path", "lerp"], "'lerp'"),
        (["morph", "MODEL", "--seeds", "1"], "two seeds"),
        (["learned", "nobody"], "there is no run"),
        (["learned", "taken"], "no generator yet"),
        ([], "COMMAND"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_user_error_exits_with_2_and_says_what_is_wrong(argv, reason, tiny, model, tmp_path, capsys):
    RunDir.create(checkpoints() / "taken", tiny)
    for folder in ("EMPTY", "OUT"):
        (tmp_path / folder).mkdir()
    places = {"MODEL": str(model), "EMPTY": str(tmp_path / "EMPTY"), "OUT": str(tmp_path / "OUT")}
    argv = [places.get(arg, arg.replace("OUT/", places["OUT"] + "/")) for arg in argv]
    assert run_main(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert "Traceback" not in err
    assert [path.name for path in checkpoints().iterdir()] == ["taken"]
    assert list((tmp_path / "OUT").iterdir()) == []


def test_a_broken_file_is_a_user_error(tmp_path, capsys):
    (tmp_path / "x.safetensors").write_text("no weights")
    assert run_main("sample", str(tmp_path / "x.safetensors"), "--out", str(tmp_path / "grid.png")) == 2
    assert "x.safetensors cannot be opened" in capsys.readouterr().err


def test_training_resuming_and_sampling_by_name(tmp_path, capsys):
    assert run_main("train", *TINY, "--kimg", "0.04", "--run", "mine", "--json") == 0
    first = json_lines(capsys.readouterr().out)
    assert [line["event"] for line in first if line["event"] != "status"] == ["run", "tick", "done"]
    assert first[0]["run"] == str(checkpoints() / "mine")
    assert first[-1]["nimg"] == 40

    assert run_main("resume", "mine") == 2
    assert "say how many more" in capsys.readouterr().err
    assert run_main("resume", "mine", "--kimg", "0.04", "--json") == 0
    assert json_lines(capsys.readouterr().out)[-1]["nimg"] == 80

    assert run_main("sample", "mine", "--seeds", "0-4", "--out", str(tmp_path / "grid.png"), "--json") == 0
    assert json_lines(capsys.readouterr().out) == [{"out": str(tmp_path / "grid.png"), "seeds": 5, "kimg": 0.08}]


def trained(capsys) -> RunDir:
    assert run_main("train", *TINY, "--kimg", "0.04", "--run", "mine") == 0
    capsys.readouterr()
    return RunDir(checkpoints() / "mine")


def test_a_run_whose_settings_were_edited_is_shown_the_difference_and_the_choices(capsys):
    run = trained(capsys)
    edited = run.config().with_options(lr=0.001)
    run.write_config(edited)
    assert run_main("resume", "mine", "--kimg", "0.04") == 2
    words = capsys.readouterr().err
    assert "lr was 0.0004 and is 0.001" in words and "--as-it-was" in words and "--fine-tune NAME" in words
    assert run_main("resume", "mine", "--kimg", "0.04", "--json") == 2
    shown, error = json_lines(capsys.readouterr().out)
    assert shown == {
        "event": "changes",
        "changes": [{"name": "lr", "before": 0.0004, "now": 0.001, "possible": True}],
    }
    assert error["event"] == "error" and run.config() == edited
    assert run_main("resume", "mine", "--kimg", "0.04", "--as-it-was") == 0
    assert (run.config().train.lr, run.status().nimg) == (0.0004, 80)


def test_other_settings_on_resume_begin_a_new_run_with_the_weights(capsys):
    run = trained(capsys)
    assert run_main("resume", "mine", "--lr", "0.001", "--as-it-was") == 2
    assert "--as-it-was goes with no other settings" in capsys.readouterr().err
    assert run_main("resume", "mine", "--lr", "0.001", "--kimg", "0.016", "--json") == 0
    first = json_lines(capsys.readouterr().out)[0]
    assert (first["event"], first["parent"], first["run"]) == ("fine-tune", "mine", str(checkpoints() / "mine-2"))
    assert run_main("resume", "mine", "--fine-tune", "tuned", "--kimg", "0.016") == 0
    assert "tuned is a new run that begins with the weights of mine" in capsys.readouterr().out
    tuned = RunDir(checkpoints() / "tuned")
    assert (tuned.status().nimg, tuned.config().parent, tuned.config().train.lr) == (16, "mine", 0.0004)
    run.write_config(run.config().with_options(beta1=0.0))
    assert run_main("resume", "mine", "--lr", "0.002") == 2
    assert "beta1 was 0.5 and is 0.0" in capsys.readouterr().err
    assert run_main("resume", "mine", "--lr", "0.002", "--fine-tune", "mine") == 2
    assert "there is a run 'mine' already" in capsys.readouterr().err


def test_a_diverged_training_exits_with_1_and_a_sentence(capsys):
    assert run_main("train", *TINY, "--kimg", "0.04", "--run", "mine") == 0
    run = RunDir(checkpoints() / "mine")
    state = load_state(run.states()[0])
    state["D"]["score.weight"].fill_(3e38)
    torch.save(state, run.states()[0])
    capsys.readouterr()
    assert run_main("resume", "mine", "--kimg", "0.04") == 1
    assert capsys.readouterr().err.startswith("error: the losses are no longer finite")


@pytest.mark.parametrize(("seeds", "size"), [("0", (32, 32)), ("0-63", (270, 270)), ("1,2,7-9", (100, 66))])
def test_a_sheet_of_samples_has_the_size_its_seeds_ask_for(model, tmp_path, seeds, size, capsys):
    assert run_main("sample", str(model), "--seeds", seeds, "--out", str(tmp_path / "grid.png")) == 0
    assert Image.open(tmp_path / "grid.png").size == size
    assert capsys.readouterr().out == f"wrote {tmp_path / 'grid.png'}\n"


@pytest.mark.parametrize(
    "argv", [["--best", "4"], ["--best", "4", "--rank", "real"], ["--best", "4", "--rank", "different"]]
)
def test_only_the_best_of_the_seeds_are_shown_and_named(argv, model, tiny, tmp_path, capsys):
    save_discriminator(tmp_path / "discriminator.safetensors", build_discriminator(tiny.model, tiny.d_norm), tiny, 1500)
    argv = ["sample", str(model), "--seeds", "5-30", *argv, "--out", str(tmp_path / "grid.png")]
    assert run_main(*argv, "--json") == 0
    told = json_lines(capsys.readouterr().out)[-1]
    assert Image.open(tmp_path / "grid.png").size == (66, 66)
    assert len(set(told["order"])) == told["seeds"] == 4 and set(told["order"]) <= set(range(5, 31))
    assert run_main(*argv) == 0
    assert f"its seeds are {', '.join(map(str, told['order']))}\n" in capsys.readouterr().out


def test_the_same_seeds_give_the_same_picture(model, tmp_path):
    for name in ("a.png", "b.png"):
        run_main("sample", str(model), "--seeds", "3", "--out", str(tmp_path / name))
    run_main("sample", str(model), "--seeds", "4", "--out", str(tmp_path / "c.png"))
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b != c


@pytest.mark.parametrize("name", ["train", "resume", "sample", "morph", "learned"])
def test_every_command_explains_itself(name, capsys):
    assert run_main(name, "--help") == 0
    assert "--json" in capsys.readouterr().out


def test_a_flag_that_is_not_given_leaves_the_preset_alone():
    args = vars(build_parser().parse_args(["train", "--preset", "fast", "--kimg", "2"]))
    assert args["kimg"] == 2.0
    assert not {"ngf", "image_size", "flip", "lr"} & args.keys()


def test_a_command_line_in_any_folder_finds_the_run_again(tmp_path):
    """A relative --run and a relative --data keep their meaning when the run is resumed from elsewhere."""
    (tmp_path / "pets").mkdir()
    for i in range(8):
        Image.new("RGB", (32, 32), (i * 30, 90, 90)).save(tmp_path / "pets" / f"{i}.png")
    before = Path.cwd()
    try:
        os.chdir(tmp_path)
        assert run_main("train", *TINY, "--data", "pets", "--run", "runs/pets", "--kimg", "0.008") == 0
    finally:
        os.chdir(before)
    assert run_main("resume", str(tmp_path / "runs" / "pets"), "--kimg", "0.008") == 0
    assert RunDir(tmp_path / "runs" / "pets").status().nimg == 16
