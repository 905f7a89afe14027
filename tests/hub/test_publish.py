"""Folders sent to the Hub, over real HTTP, by the unmodified huggingface_hub."""

import json
import logging
import os
import signal
import subprocess
import sys
import traceback
from types import SimpleNamespace

import pytest
from hub_double import LARGE

from gan_core.files import write_json
from gan_core.home import REPOSITORY
from gan_core.hub import refusals
from gan_core.hub.prepare import MANIFEST, Files, hash_of
from gan_core.hub.publish import log_in, look, looked_at, publish
from gan_core.hub.repo_name import full_name

CARD = "---\ntags: [gan]\n---\n# Faces\n"
SPACE_CARD = "---\nsdk: gradio\ncolorFrom: red\ncolorTo: blue\n---\n"
ME, READS, THEM = "hf_writes", "hf_reads", "hf_theirs"


@pytest.fixture
def files(tmp_path):
    """files(name=content, …) is a prepared folder of these; "__" stands for a dot."""

    def make(kind: str = "model", folder: str = "ready", **contents: bytes) -> Files:
        path = tmp_path / folder
        path.mkdir()
        (path / "README.md").write_text(CARD if kind == "model" else SPACE_CARD)
        for name, content in contents.items():
            (path / name.replace("__", ".")).write_bytes(content)
        names, card = [each.name for each in path.iterdir()], hash_of(path / "README.md")
        write_json(path / MANIFEST, {"kind": kind, "card": card, "files": [*names, MANIFEST]})
        return Files(kind, path)

    return make


def big(letter: bytes) -> bytes:
    return letter * (2 * 2**20)


def contents(files: Files) -> dict[str, bytes]:
    return {name: (files.folder / name).read_bytes() for name in files.sizes}


def test_a_new_repo_holds_what_was_prepared(on_hub, files):
    ready, told = files(generator__safetensors=big(b"g"), config__json=b"{}"), []
    done = publish(ready, "faces", token=ME, report=lambda share, words: told.append((share, words)))
    assert on_hub.repos["me/faces"] == {".gitattributes": b"*.pt filter=lfs\n"} | contents(ready)
    assert done.url == f"{on_hub.endpoint}/me/faces" and done.commit == on_hub.head("me/faces")
    assert not done.private and done.gone == [] and len(on_hub.sent) == 1
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[-1] == 1 and any("sending 0 MB of 2 MB" in words for _, words in told)


def test_a_space_and_a_private_repo_of_an_organisation(on_hub, files):
    assert publish(files("space"), "club/app", token=ME).url == f"{on_hub.endpoint}/spaces/club/app"
    assert on_hub.sdks["spaces/club/app"] == "gradio"
    assert publish(files("model", "other"), "club/faces", private=True, token=ME).private
    assert on_hub.private == {"club/faces"}


def test_an_update_removes_what_was_published_and_no_longer_is_and_nothing_else(on_hub, files):
    publish(files(a__txt=b"1", b__txt=b"2", c__bin=big(b"c")), "me/faces", token=ME)
    on_hub.repos["me/faces"]["mine.txt"] = b"added by hand"
    newer = files("model", "newer", b__txt=b"3", c__bin=big(b"c"))
    assert look(log_in(ME)[0], "me/faces", "model").gone(newer) == ["a.txt"]
    sent = len(on_hub.sent)
    assert publish(newer, "me/faces", token=ME).gone == ["a.txt"]
    there = on_hub.repos["me/faces"]
    assert set(there) == {".gitattributes", "mine.txt", *newer.sizes} and there["b.txt"] == b"3"
    assert len(on_hub.sent) == sent, "what has not changed is not sent again"


def test_a_card_that_was_edited_there_stays(on_hub, files):
    publish(files(), "me/faces", token=ME)
    assert publish(files("model", "second", a__txt=b"2"), "me/faces", token=ME).kept == []
    on_hub.repos["me/faces"]["README.md"] = b"my own words"
    on_hub.heads["me/faces"] = "a" * 40
    for number, name in enumerate(["third", "fourth"]):
        assert publish(files("model", name, a__txt=b"%d" % number), "me/faces", token=ME).kept == ["README.md"]
        assert on_hub.repos["me/faces"]["README.md"] == b"my own words"
        assert on_hub.repos["me/faces"]["a.txt"] == b"%d" % number


def test_a_manifest_that_lies_removes_nothing_that_is_not_there(on_hub, files):
    publish(files(), "me/faces", token=ME)
    on_hub.repos["me/faces"][MANIFEST] = json.dumps({"files": ["../x", 7, "README.md", "gone.txt"]}).encode()
    assert publish(files("model", "newer"), "me/faces", token=ME).gone == []
    on_hub.repos["me/faces"][MANIFEST] = b"damaged"
    assert publish(files("model", "newest"), "me/faces", token=ME).gone == []


def test_a_repo_that_was_made_otherwise_is_left_alone(on_hub, files):
    on_hub.repos["me/bert"] = {".gitattributes": b"", "README.md": b"", "model.safetensors": b"bert"}
    with pytest.raises(ValueError, match="me/bert holds something else than a model of yours: choose another name"):
        publish(files(), "me/bert", token=ME)
    assert set(on_hub.repos["me/bert"]) == {".gitattributes", "README.md", "model.safetensors"}
    on_hub.repos["me/empty"] = {".gitattributes": b"", "README.md": b"from the Hub"}
    publish(files("model", "other"), "me/empty", token=ME)
    assert on_hub.repos["me/empty"]["README.md"] == CARD.encode()


def test_what_is_private_stays_so_and_what_is_public_is_not_taken_for_private(on_hub, files):
    publish(files(), "me/secret", private=True, token=ME)
    again = publish(files("model", "again"), "me/secret", token=ME)
    assert again.private and on_hub.private == {"me/secret"}
    assert f"stays so: to let everybody see it, make it public at {on_hub.endpoint}/me/secret/settings." in again.note
    assert publish(files("model", "third"), "me/secret", private=True, token=ME).note == ""
    assert publish(files("model", "open"), "me/open", token=ME).note == ""
    with pytest.raises(ValueError, match="me/open is public already: make it private at http.*/me/open/settings"):
        publish(files("model", "closed"), "me/open", private=True, token=ME)


def test_a_preview_knows_what_would_be_refused_and_what_stays(on_hub, files):
    api = log_in(ME)[0]
    publish(files(), "me/secret", private=True, token=ME)
    publish(files("model", "open"), "me/open", token=ME)
    on_hub.repos["me/bert"] = {"model.safetensors": b"bert"}
    target, note = looked_at(api, "me/secret", "model", private=False)
    assert target.private and "It was private before and stays so" in note
    target, note = looked_at(api, "me/open", "model", private=True)
    assert target.exists and "me/open is public already" in note
    assert looked_at(api, "me/open", "model", private=False)[1] == ""
    assert looked_at(api, "me/new", "model", private=True)[1] == ""
    target, note = looked_at(api, "me/bert", "model", private=False)
    assert target is None and "holds something else" in note


def test_the_stored_login_counts(on_hub, files, tmp_path):
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(ME)
    assert publish(files(), "faces").url.endswith("/me/faces")


def test_cancelled_between_files_and_done_again(on_hub, files):
    ready = files(a__bin=big(b"a"), b__bin=big(b"b"))

    def stop(share, words):
        if on_hub.sent:
            raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        publish(ready, "me/faces", token=ME, report=stop)
    assert len(on_hub.sent) == 1 and set(on_hub.repos["me/faces"]) == {".gitattributes"}
    publish(ready, "me/faces", token=ME)
    assert len(on_hub.sent) == 2 and set(on_hub.repos["me/faces"]) == {".gitattributes", *ready.sizes}


CLIENT = """
import sys
from pathlib import Path
from gan_core.hub.prepare import Files
from gan_core.hub.publish import publish
print(publish(Files("model", Path(sys.argv[1])), "me/faces").url)
"""


def test_an_upload_that_was_killed_half_way_goes_on_there(hub, files, tmp_path, wait_for):
    ready = files(a__bin=big(b"a"), b__bin=big(b"b"), c__bin=b"c" * (LARGE + 1))
    env = os.environ | {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    command = {"args": [sys.executable, "-c", CLIENT, str(ready.folder)], "env": env | {"HF_TOKEN": ME}, "text": True}
    hub.ill = {("PUT", "/lfs/"): [None, "slow"]}
    broken = subprocess.Popen(**command, cwd=REPOSITORY)
    wait_for(lambda: len([method for method, _ in hub.requests if method == "PUT"]) == 2)
    broken.send_signal(signal.SIGKILL)
    broken.wait()
    assert len(hub.sent) == 1 and set(hub.repos["me/faces"]) == {".gitattributes"}
    hub.ill, first = {}, hub.sent[0]
    done = subprocess.run(**command, cwd=REPOSITORY, capture_output=True, timeout=600)
    assert done.returncode == 0 and done.stdout.strip().endswith("/me/faces"), done.stderr
    assert hub.sent.count(first) == 1 and set(hub.repos["me/faces"]) == {".gitattributes", *ready.sizes}
    assert done.stderr == ""


@pytest.fixture
def at_once(monkeypatch):
    """huggingface_hub tries again at once."""
    from huggingface_hub.utils import _http

    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def impatient(monkeypatch, at_once):
    """It does not wait long for an answer either, but longer than this process may ever stall."""
    monkeypatch.setattr(refusals, "SECONDS_OF_SILENCE", 5)


def test_a_connection_that_breaks_once_is_nothing_to_speak_of(on_hub, files, impatient):
    on_hub.ill = {("PUT", "/lfs/"): ["cut", 503, "slow"]}
    publish(files(a__bin=big(b"a")), "me/faces", token=ME)
    assert len(on_hub.sent) == 1 and "a.bin" in on_hub.repos["me/faces"]


LOGIN = "log in with “hf auth login”"
WRONG = {
    "no token": ({}, "", "faces", f"you are not logged in to Hugging Face: .*{LOGIN}"),
    "an unknown token": ({}, "hf_wrong", "faces", "Hugging Face does not know this token: make a new one"),
    "no token at all": ({}, "hf_\nX-Evil: 1", "faces", "Hugging Face does not know this token: make a new one"),
    "a token that reads": ({}, READS, "faces", "your token may only read: make one with the right to write"),
    "somebody else's name": ({}, THEM, "me/faces", "you may not write to me/faces: .* as faces alone"),
    "a strange name": ({}, ME, "me/fa ces", "“me/fa ces” is no possible name on Hugging Face: it may not have spaces"),
    "a name the Hub dislikes": ({("POST", "create"): 400}, ME, "me/faces", "does not take “me/faces”: a name is"),
    "no plan": ({("POST", "create"): 402}, ME, "me/faces", "publish a static Space instead, which is free"),
    "a conflict": ({("POST", "commit"): 409}, ME, "me/faces", "me/faces has just been changed by somebody else"),
    "another commit": ({("POST", "commit"): 412}, ME, "me/faces", "me/faces has just been changed by somebody else"),
    "too much": ({("POST", "commit"): 413}, ME, "me/faces", "more than Hugging Face takes at once"),
    "too often": ({("POST", "preupload"): 429}, ME, "me/faces", "asks for a pause, .*: wait a few minutes and publish"),
    "trouble there": ({("POST", "preupload"): 503}, ME, "me/faces", r"trouble of its own \(error 503\)"),
    "trouble at first": ({("GET", "whoami"): 500}, ME, "me/faces", r"trouble of its own \(error 500\)"),
    "silence": ({("GET", "whoami"): "slow"}, ME, "me/faces", "takes too long to answer: .* not sent again"),
    "silence at the end": ({("POST", "commit"): "slow"}, ME, "me/faces", "takes too long to answer: .*not sent again"),
    "a broken connection": ({("PUT", "lfs"): "cut"}, ME, "me/faces", "connection to Hugging Face broke off: publish"),
    "a refused file": ({("PUT", "lfs"): 403}, ME, "me/faces", "you may not write to me/faces"),
    "something odd": ({("POST", "create"): 418}, ME, "me/faces", "Hugging Face refused me/faces with error 418"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_goes_wrong_is_one_sentence_with_a_way_out(on_hub, files, at_once, case, caplog, capfd, request):
    on_hub.ill, token, name, words = WRONG[case]
    if "slow" in on_hub.ill.values():
        request.getfixturevalue("impatient")
    ready = files("space", a__bin=big(b"a"))
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match=words) as refused:
        publish(ready, name, token=token)
    assert "\n" not in str(refused.value)
    told = "".join(traceback.format_exception(refused.value)) + caplog.text + "".join(capfd.readouterr())
    assert not token or token not in told, "a token is told to nobody"
    assert "hf_" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError("hf_x"), "you may not write to me/faces"), (ConnectionError("hf_x"), "broke off"),
     (RuntimeError("hf_x"), "broke off"), (ValueError("two\nlines"), "two lines")],
)  # fmt: skip
def test_what_the_storage_of_large_files_raises(error, words):
    with pytest.raises(ValueError, match=words) as refused, refusals.refusals("me/faces"):
        raise error
    assert "hf_x" not in str(refused.value)


def test_no_network_is_told(on_hub, files, at_once, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="there is no connection to Hugging Face: look at your network and publish"):
        publish(files(), "me/faces", token=ME)


def test_gradio_spaces_without_a_plan(on_hub, files):
    on_hub.paid = False
    with pytest.raises(ValueError, match="publish a static Space instead, which is free"):
        publish(files("space"), "me/app", token=ME)


@pytest.mark.parametrize(
    "text",
    ["me/faces", " me/faces ", "faces", "hf:me/faces", "https://huggingface.co/me/faces/",
     "https://huggingface.co/spaces/me/faces"],
)  # fmt: skip
def test_names_and_addresses(text):
    assert full_name(text, "me") == "me/faces"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("", "something is missing"), ("/", "something is missing"), ("me/", "something is missing"),
     ("a/b/c", "write owner/name, or a name alone"), ("-a", "begin and end with a letter or digit"),
     ("a.", "begin and end with"), ("a--b", "“--” or “..” in it"), ("a..b", "“--” or “..” in it"),
     ("me/x.git", "may not end in “.git”"), ("é", "only have the letters a to z, digits"),
     ("my faces", "may not have spaces"), ("a" * 97, "at most 96 letters")],
)  # fmt: skip
def test_what_is_no_name_says_which_rule_it_breaks(text, rule):
    with pytest.raises(ValueError, match=f"is no possible name on Hugging Face: .*{rule}"):
        full_name(text, "me")


def test_a_name_of_96_letters_is_one_and_without_a_user_the_owner_is_missing():
    assert full_name("a" * 96, "me") == "me/" + "a" * 96
    with pytest.raises(ValueError, match="write owner/name"):
        full_name("faces")
