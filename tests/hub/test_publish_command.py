"""The command that publishes, from its flags to what is there afterwards."""

import json

import numpy as np
import pytest

from gan_core.__main__ import main
from gan_core.home import checkpoints
from gan_core.hub import from_pretrained, model_repo
from gan_core.hub.prepare import MANIFEST
from gan_core.latent import Explorer, Point
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir


@pytest.fixture
def run(tiny, monkeypatch) -> RunDir:
    monkeypatch.setattr(model_repo, "SECONDS_A_KEY", 0.1)
    monkeypatch.setenv("MY_TOKEN", "hf_writes")
    run = RunDir.create(checkpoints() / "mine", tiny)
    save_generator(run.generator, build_generator(tiny.model), tiny, 5000)
    return run


def test_published_and_opened_again(on_hub, run, capsys):
    assert main(["publish", "mine", "faces", "--as", "model", "--private", "--token-from", "MY_TOKEN", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["event"] == "published" and done["url"] == f"{on_hub.endpoint}/me/faces" and done["private"]
    assert set(on_hub.repos["me/faces"]) == {".gitattributes", *done["files"]} and on_hub.private == {"me/faces"}
    assert 'from_pretrained("me/faces")' in on_hub.repos["me/faces"]["README.md"].decode()
    on_hub.private.clear()
    points = [Point(seed) for seed in range(4)]
    assert np.array_equal(from_pretrained("me/faces").render(points), Explorer.load(run.generator).render(points))


def test_a_preview_prints_what_goes_up_and_sends_nothing(on_hub, run, capsys):
    assert main(["publish", "mine", "faces", "--as", "model", "--preview", "--token-from", "MY_TOKEN"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("me/faces, a new repo; everybody would see it:") and "generator.safetensors" in out
    assert "# mine" in out and 'from_pretrained("me/faces")' in out and on_hub.repos == {}
    main(["publish", "mine", "faces", "--as", "model", "--token-from", "MY_TOKEN"])
    there = on_hub.repos["me/faces"]
    names = [*json.loads(there[MANIFEST])["files"], "old.bin"]
    there |= {"old.bin": b"", MANIFEST: json.dumps({"files": names}).encode()}
    capsys.readouterr()
    assert (
        main(["publish", "mine", "me/faces", "--as", "model", "--preview", "--token-from", "MY_TOKEN", "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["exists"] and told["gone"] == ["old.bin"] and told["files"]["README.md"] == len(told["card"].encode())
    assert "old.bin" in on_hub.repos["me/faces"]


def test_the_terms_of_ones_own_pictures_are_given_once(on_hub, run, tiny, capsys):
    own = tiny.with_options(data="/home/me/pets")
    run.write_config(own)
    save_generator(run.generator, build_generator(own.model), own, 5000)
    command = ["publish", "mine", "you/faces", "--as", "model", "--preview"]
    note = "note: the card says “not recorded” of the terms of your pictures: give them with --terms\n"
    assert main(command) == 0
    assert capsys.readouterr().out.count(note) == 1
    assert main([*command, "--terms", "my own photos, CC BY 4.0"]) == 0
    assert main([*command, "--json"]) == 0
    out = capsys.readouterr().out
    assert note not in out
    told = json.loads(out.splitlines()[-1])
    assert told["terms"] == "my own photos, CC BY 4.0" and "license: cc-by-4.0" in told["card"]
    assert main([*command, "--terms", ""]) == 0
    assert capsys.readouterr().out.count(note) == 1 and run.terms() == ""


def test_terms_that_everybody_knows_are_not_given_anew(run, tiny, capsys):
    run.write_config(tiny.with_options(data="celeba"))
    assert main(["publish", "mine", "you/faces", "--preview", "--terms", "all mine"]) == 2
    assert "known and stay: CelebA: non-commercial research only" in capsys.readouterr().err


def test_a_preview_needs_no_login(on_hub, run, capsys):
    assert main(["publish", "mine", "faces", "--as", "space", "--preview", "--model", "me/mine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "you/faces, not looked for on Hugging Face; everybody would see it:\nnote: you are not logged in"
    )
    assert "app.py" in out and "- me/mine" in out


def test_a_folder_to_look_at(run, tmp_path, capsys):
    assert main(["publish", "mine", "me/faces", "--as", "model", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("wrote ") and (tmp_path / "out" / "README.md").exists()
    assert main(["publish", "mine", "me/faces", "--as", "model", "--out", str(tmp_path / "out")]) == 2
    assert "is not an empty folder" in capsys.readouterr().err


def test_a_folder_under_a_name_alone(on_hub, run, tmp_path, capsys):
    command = ["publish", "mine", "faces", "--as", "model", "--out"]
    assert main([*command, str(tmp_path / "mine"), "--token-from", "MY_TOKEN"]) == 0
    assert 'from_pretrained("me/faces")' in (tmp_path / "mine" / "README.md").read_text()
    assert "note:" not in capsys.readouterr().out
    assert main([*command, str(tmp_path / "nobodys")]) == 0
    assert "\nnote: they name it you/faces, since you are not logged in" in capsys.readouterr().out
    assert 'from_pretrained("you/faces")' in (tmp_path / "nobodys" / "README.md").read_text()


def test_who_sees_it_is_not_changed_by_an_update_and_told(on_hub, run, capsys):
    command = ["publish", "mine", "faces", "--as", "model", "--token-from", "MY_TOKEN"]
    main([*command, "--private"])
    main([*command, "--preview"])
    assert "only you would see it:\nnote: It was private before and stays so" in capsys.readouterr().out
    assert main(command) == 0 and "\nnote: It was private before and stays so" in capsys.readouterr().out
    on_hub.private.clear()
    main([*command, "--private", "--preview"])
    out = capsys.readouterr().out
    assert "an update of what is there; everybody would see it:\nnote: me/faces is public already" in out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["mine", "faces"], "you are not logged in to Hugging Face"),
        (
            ["mine", "faces", "--as", "model", "--token-from", "NONE"],
            "there is no token in the environment variable NONE",
        ),
        (["mine", "me/fa?ces", "--token-from", "MY_TOKEN"], "no possible name on Hugging Face"),
        (["none", "faces"], "there is no run 'none'"),
        (["mine", "fa--ces", "--out", "x"], "no possible name on Hugging Face: it may not have “--”"),
    ],
)
def test_what_cannot_be(on_hub, run, capsys, flags, words):
    assert main(["publish", *flags]) == 2
    assert words in capsys.readouterr().err and on_hub.repos == {}
