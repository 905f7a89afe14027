"""What the Publish tab's handlers say and do, over real HTTP against the double of the Hub."""

import os
import time
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest
from gradio.context import LocalContext
from hub_double import git_hash

from gan_core.files import write_json
from gan_core.hub import model_repo, refusals
from gan_core.hub.prepare import MANIFEST
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.summary import summarise
from ui import publish, publish_view, ready
from ui.explore import work

TOKEN, READS = "hf_writes", "hf_reads"
PARTS = ("preview", "publish", "download", "cancel", "progress", "report", "box", "card", "key", "token")
UNCHANGED = {"__type__": "update"}


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr(model_repo, "SECONDS_A_KEY", 0.1)
    monkeypatch.setattr(work, "LOOK_SECONDS", 0.01)


@pytest.fixture
def values(run):
    """values(**changes): those of the tab's fields, in the order in which its handlers take them."""

    def fields(**changes) -> list:
        usual = {"run": run.name, "which": "best", "kind": "model", "name": "", "private": False, "token": TOKEN}
        return [
            (usual | {"terms": publish.known_terms(run.name).value, "terms_of": run.name, "key": ""} | changes)[name]
            for name in (*publish.FIELDS, "key")
        ]

    return fields


def updates(handler, values: list) -> list[dict]:
    found = [dict(zip(PARTS, update, strict=True)) for update in handler(*values)]
    for update in found:
        assert all(update[name].visible != update["cancel"].visible for name in ("preview", "publish", "download"))
        assert TOKEN not in repr([getattr(part, "value", part) for part in update.values()])
    return found


def ended(handler, values: list) -> dict:
    """What the page shows in the end: the newest of each part."""
    shown = {}
    for update in updates(handler, values):
        shown |= {name: getattr(part, "value", part) for name, part in update.items() if part != UNCHANGED}
    return shown


def train_on(run, config) -> None:
    save_generator(run.generator, build_generator(config.model), config, 2000)


def test_a_preview_shows_all_that_goes_up_and_sends_nothing(on_hub, values):
    shown = ended(publish.preview, values())
    report = shown["report"]
    for words in ("<b>me/tiny</b>, a new model; everybody sees it", "generator.safetensors", "morph.mp4", "README.md"):
        assert words in report
    assert shown["card"].startswith("```yaml\n") and 'from_pretrained("me/tiny")' in shown["card"]
    assert "](data:image/jpeg;base64," in shown["card"] and "<video" not in shown["card"]
    assert on_hub.repos == {} and shown["progress"] == ""
    assert "What goes up" in report and "only you see it" in ended(publish.preview, values(private=True))["report"]


def test_a_preview_needs_no_login(on_hub, values):
    report = ended(publish.preview, values(token=""))["report"]
    assert "<b>you/tiny</b>" in report and "You are not logged in to Hugging Face" in report
    assert "<a href='https://huggingface.co/settings/tokens'" in report
    assert report.count("or put it into the field “Token with the right to write”.") == 1


def test_who_sees_it_is_not_changed_by_an_update_and_told(on_hub, values):
    ended(publish.publish, values(private=True))
    settings = f"make it public at <a href='{on_hub.endpoint}/me/tiny/settings'"
    report = ended(publish.preview, values())["report"]
    assert "this updates it; only you see it" in report and settings in report
    shown = ended(publish.publish, values())
    assert "Published</span>; only you see it" in shown["progress"] and settings in shown["progress"]
    on_hub.private.clear()
    words = "me/tiny is public already: make it private at <a href="
    assert f"<p class='bad'>{words}" in ended(publish.preview, values(private=True))["report"]
    told = ended(publish.publish, values(private=True))
    assert words in told["progress"] and "report" not in told


def test_what_was_looked_at_is_what_goes_up_whatever_the_run_has_become(on_hub, values, run, config):
    key = ended(publish.preview, values())["key"]
    looked_at = (ready.folder() / key / "generator.safetensors").read_bytes()
    train_on(run, config)
    shown = ended(publish.publish, values(key=key))
    assert on_hub.repos["me/tiny"]["generator.safetensors"] == looked_at
    assert f"{on_hub.endpoint}/me/tiny" in shown["progress"] and "everybody sees it" in shown["progress"]
    assert shown["key"] == key and shown["token"] == ""
    again = ended(publish.publish, values())
    assert on_hub.repos["me/tiny"]["generator.safetensors"] != looked_at
    assert "What went up" in again["report"] and "<b>me/tiny</b>, a model; everybody sees it" in again["report"]


def own_pictures(run, config) -> None:
    run.write_config(config.with_options(data="/home/me/pets"))
    save_generator(run.generator, build_generator(config.model), run.config(), 1000)


@pytest.mark.parametrize("kind", ["model", "space"])
def test_the_terms_of_ones_own_pictures_are_asked_for_once(on_hub, values, run, config, kind):
    own_pictures(run, config)
    shown = ended(publish.preview, values(kind=kind))
    note = "The card will say “not recorded” of the terms of your pictures: write them into “Terms of your pictures”."
    assert shown["report"].count(f"<p class='bad'>{note}</p>") == 1 and "not recorded" in shown["card"]
    shown = ended(publish.preview, values(kind=kind, terms=" my own photos,\n CC BY 4.0 ", key=shown["key"]))
    assert note not in shown["report"] and "my own photos, CC BY 4.0" in shown["card"]
    assert "license: cc-by-4.0" in shown["card"]
    field = publish.known_terms(run.name)
    assert (field.value, field.interactive) == ("my own photos, CC BY 4.0", True)
    assert ended(publish.preview, values(kind=kind))["key"] == shown["key"]
    assert "CC0" in ended(publish.preview, values(kind=kind, terms="CC0"))["card"]


def test_given_terms_are_forgotten_with_the_words_of_the_field_and_never_those_of_another_run(
    on_hub, values, run, config
):
    own_pictures(run, config)
    ended(publish.preview, values(terms="CC0"))
    field, of = publish.shown_terms(run.name)
    assert (field.value, of) == ("CC0", run.name)
    for terms in ("", "all mine"):
        assert "CC0" in ended(publish.preview, values(terms=terms, terms_of="before"))["card"]
    shown = ended(publish.preview, values(terms=""))
    assert "not recorded" in shown["card"] and run.terms() == "" and publish.shown_terms(run.name)[0].value == ""


def test_terms_that_others_gave_stay(on_hub, values, run, config):
    field = publish.known_terms(run.name)
    assert "free to use" in field.value and not field.interactive
    told = ended(publish.preview, values(terms="all mine"))["progress"]
    assert "The terms of these pictures are known and stay: drawn by the program itself" in told
    own_pictures(run, config)
    write_json(run.path / "data.json", {"terms": "Theirs, non-commercial"})
    assert "known and stay: Theirs" in ended(publish.preview, values(terms="all mine"))["progress"]
    assert not publish.known_terms(run.name).interactive and run.terms() == "Theirs, non-commercial"
    assert publish.known_terms("../etc").value == ""


@pytest.mark.parametrize("terms", ["licence my-licence", "licence other: my-licence"])
def test_a_licence_that_the_hub_has_no_name_for_goes_up_as_another_one(on_hub, values, run, config, terms):
    own_pictures(run, config)
    write_json(run.path / "data.json", {"terms": terms})
    ended(publish.publish, values())
    assert b"license: other\nlicense_name: my-licence\n" in on_hub.repos["me/tiny"]["README.md"]


@pytest.mark.parametrize("change", [{"name": "other"}, {"which": "newest"}, {"kind": "space"}])
def test_other_choices_are_prepared_anew(on_hub, values, change):
    key = ended(publish.preview, values())["key"]
    assert ended(publish.preview, values(**change, key=key))["key"] != key


def test_an_update_tells_what_it_removes_and_what_it_leaves(on_hub, values, run):
    (run.path / "directions.json").write_text("[]")
    ended(publish.publish, values())
    there = on_hub.repos["me/tiny"]
    manifest = there[MANIFEST].replace(b'"README.md"', b'"README.md", "old.bin"')
    there |= {"old.bin": b"", "README.md": b"my own words", MANIFEST: manifest}
    on_hub.heads["me/tiny"] = git_hash(b"")
    report = ended(publish.preview, values())["report"]
    assert "old.bin <em>is removed" in report and "README.md <em>stays as it was edited there" in report
    told = ended(publish.publish, values())["progress"]
    assert "Removed: old.bin." in told and "Left as it was edited there: README.md." in told
    assert on_hub.repos["me/tiny"]["README.md"] == b"my own words"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token": ""}, "log in with “hf auth login”, or put it into the field “Token with the right to write”."),
        ({"token": READS}, "log in with that one, or put it into the field “Token with the right to write”."),
        ({"token": "hf_gone"}, "Hugging Face does not know this token"),
        ({"token": "two words\r\nX: y"}, "Hugging Face does not know this token"),
        ({"name": "a?b"}, "is no possible name on Hugging Face"),
        ({"name": "<b>x</b>"}, "“&lt;b&gt;x&lt;/b&gt;” is no possible name"),
        ({"name": "me/bert"}, "Me/bert holds something else than a model of yours"),
        ({"name": "them/new"}, "ou may not write to them/new"),
        ({"run": None}, "Choose a run first."),
        ({"run": "../etc"}, "This run is gone."),
        ({"kind": "virus"}, "A run can be published as"),
        ({"kind": None}, "A run can be published as"),
    ],
)
def test_what_cannot_be_is_one_sentence(on_hub, values, changes, words):
    on_hub.repos["me/bert"] = {"model.safetensors": b"bert"}
    told = ended(publish.publish, values(**changes))["progress"]
    assert words.lower() in told.lower() and "role='alert'" in told and "Traceback" not in told
    assert set(on_hub.repos) == {"me/bert"}


def test_an_upload_that_breaks_off_says_that_the_next_one_goes_on(on_hub, values):
    on_hub.ill = {("POST", "/commit/"): 503}
    told = ended(publish.publish, values())
    assert f"{refusals.AGAIN}." in told["progress"] and "token" not in told
    sent, on_hub.ill = list(on_hub.sent), {}
    assert sent and "Published" in ended(publish.publish, values())["progress"]
    assert on_hub.sent == sent, "what has arrived is not sent again"


def test_the_same_files_are_a_zip_for_everybody(on_hub, values):
    key = ended(publish.preview, values(token=""))["key"]
    told = ended(publish.download, values(token="", key=key))
    path = told["progress"].split("data-file='")[1].split("'")[0]
    folder = ready.folder() / key
    with zipfile.ZipFile(path) as archive:
        names = {f"tiny-model/{file.relative_to(folder)}" for file in folder.rglob("*") if file.is_file()}
        assert set(archive.namelist()) == names
    assert (
        "What is in the folder" in told["report"] and "<b>tiny-model</b>, a model; nothing was sent." in told["report"]
    )
    assert on_hub.repos == {}


@pytest.mark.parametrize("handler", [publish.preview, publish.publish, publish.download])
def test_on_a_space_only_the_owner_publishes(on_hub, values, visitor, handler):
    assert "On this page everybody can explore" in ended(handler, values())["progress"]
    visitor("stranger")
    assert "On this page everybody can explore" in ended(handler, values())["progress"]
    assert not ready.folder().exists() and on_hub.repos == {}
    visitor("somebody")
    assert "everybody can explore" not in ended(handler, values())["progress"]


def test_who_is_logged_in_is_for_the_owner(on_hub, tmp_path, visitor):
    assert "everybody can explore" in publish.login().info
    visitor("somebody")
    assert "nobody who may write is logged in" in publish.login().info
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(TOKEN)
    assert publish.login().info.endswith("which is me’s") and TOKEN not in publish.login().info


def test_leaving_the_page_ends_the_work_and_leaves_nothing(on_hub, values, monkeypatch, wait_for):
    monkeypatch.setattr(model_repo, "SECONDS_A_KEY", 60)
    steps = publish.preview(*values())
    wait_for(lambda: "drawing a film" in next(steps)[4].value)
    steps.close()
    wait_for(lambda: not ready._preparing.locked())
    assert list(ready.folder().iterdir()) == []


def test_a_cancelled_work_ends_on_the_page_at_once(on_hub, values, monkeypatch, wait_for):
    monkeypatch.setattr(model_repo, "SECONDS_A_KEY", 60)
    LocalContext.request.set(SimpleNamespace(session_hash="mine"))
    steps = publish.preview(*values())
    next(steps)
    LocalContext.request.set(SimpleNamespace(session_hash="another's"))
    publish.cancel()
    LocalContext.request.set(SimpleNamespace(session_hash="mine"))
    wait_for(lambda: "drawing a film" in next(steps)[4].value)
    publish.cancel()
    *_, last = steps
    assert "Cancelled. Nothing was sent." in last[4].value and last[0].visible
    wait_for(lambda: not ready._preparing.locked())
    LocalContext.request.set(None)


def test_cancelled_while_it_is_sent_says_that_what_has_arrived_is_not_lost(on_hub, values):
    LocalContext.request.set(SimpleNamespace(session_hash="mine"))
    for update in publish.publish(*values()):
        if update[PARTS.index("report")] != UNCHANGED:
            publish.cancel()
    assert "Cancelled. What has arrived on Hugging Face is not sent again" in update[4].value
    LocalContext.request.set(None)


def test_prepared_folders_and_zips_are_gone_after_an_hour_and_at_the_next_start(on_hub, values):
    key = ended(publish.preview, values())["key"]
    ended(publish.download, values(key=key))
    (pack,) = ready.packs().glob("publish-*")
    old = time.time() - ready.KEPT_SECONDS - 1
    ready.forget_old()
    assert (ready.folder() / key).is_dir() and pack.is_dir()
    for path in (ready.folder() / key, pack):
        os.utime(path, (old, old))
    ready.forget_old()
    assert not (ready.folder() / key).exists() and not pack.exists()
    ended(publish.preview, values())
    ready.tidy()
    assert not ready.folder().exists()


@pytest.mark.parametrize("key", ["../../checkpoints", "x" * 99, None, 7, "tiny"])
def test_a_key_that_the_app_did_not_give_is_no_folder(on_hub, values, key):
    assert "generator.safetensors" in ended(publish.preview, values(key=key))["report"]


def test_the_fields_follow_the_run(run, clothes):
    listed, _, which, name = publish.runs_listed("gone")
    assert {choice for choice, _ in listed.choices} == {"tiny", "clothes"} and listed.value == "clothes"
    assert which.visible and name.placeholder == "clothes"
    picked, which, _ = publish.about_run("tiny")
    assert "1,000 pictures seen" in picked and not which.visible
    assert publish.about_run("../x")[0] == ""
    assert publish.default_name("a--b..c-") == "a-b.c"
    tabs, chosen = publish.picked_run(SimpleNamespace(_data={"name": "tiny"}))
    assert tabs.selected == "publish" and chosen.value == "tiny"
    assert publish.picked_run(SimpleNamespace(_data="x"))[1] == UNCHANGED


@pytest.mark.parametrize("field", ["preset", "state"])
def test_nothing_that_a_run_says_of_itself_becomes_a_part_of_the_page(run, field):
    summary = replace(summarise(run), **{field: "<img src=x onerror=alert(1)>"})
    html = publish_view.picked_html(summary)
    assert "<img src=x" not in html and "&lt;img src=x" in html
