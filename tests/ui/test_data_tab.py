import json
import shutil
from html import unescape
from types import SimpleNamespace

import pytest
from PIL import Image
from processes import children

from gan_core.config import PRESETS
from gan_core.data.drawn import draw, factors
from ui import data, form

NOTHING = {"__type__": "update"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for i in range(60):
        Image.fromarray(draw(factors(i), 40)).save(folder / f"{i:02d}.png")
    Image.open(folder / "07.png").save(folder / "again <b>.bmp")
    (folder / "spoilt <i> {{x}}.jpg").write_bytes(b"no picture")
    return folder


def chosen(**changes) -> list:
    usual = {"source": form.LOCAL, "path": "", "upload": None, "known": "mnist", "data_root": ""}
    return [(usual | changes)[name] for name in form.SOURCE]


def parts(update) -> tuple[bool, str, str | None]:
    """Whether it still runs, what is said, and the report if there is a new one."""
    begin, cancel, progress, report = update
    assert begin.visible != cancel.visible
    return cancel.visible, progress.value, getattr(report, "value", None)


def test_a_look_shows_its_progress_and_then_the_report(folder):
    *progress, last = map(parts, data.run(*chosen(path=str(folder))))
    assert all(running and report is None for running, _, report in progress)
    running, told, html = last
    assert not running and told == "" and not children("doctor")
    assert html.count("<img") == 24 + 2
    for words in (
        "60 pictures are few",
        "recipe: few-shot",
        "size: 32",
        "flip: off",
        "Apply all",
        "Use these pictures",
    ):
        assert words in html
    assert "spoilt &lt;i&gt; {{x}}.jpg: not an image" in html and "again &lt;b&gt;.bmp" in html
    assert "<b>.bmp" not in html and "<i> {{" not in html


def test_the_report_says_where_the_pictures_are(folder):
    *_, (_, _, html) = map(parts, data.run(*chosen(path=str(folder))))
    place = json.loads(unescape(html.split("data-place='")[1].split("'")[0]))
    assert place == {"source": form.LOCAL, "where": str(folder), "known": "mnist", "data_root": ""}


def test_an_upload_is_used_from_where_it_is_kept(folder, tmp_path):
    upload = shutil.make_archive(str(tmp_path / "mine"), "zip", folder)
    *_, (_, _, html) = map(parts, data.run(*chosen(source=form.UPLOAD, upload=upload)))
    place = json.loads(unescape(html.split("data-place='")[1].split("'")[0]))
    assert place["source"] == form.LOCAL and "uploads" in place["where"] and place["where"].endswith("mine.zip")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"path": ""}, "Say where your pictures are"),
        ({"path": "/no/<such>"}, "There is no /no/&lt;such&gt;."),
        ({"source": form.UPLOAD}, "Choose a zip of pictures to upload."),
        ({"source": form.KNOWN, "known": "nothing"}, "Choose one of the sets"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(values, words):
    running, told, report = parts(list(data.run(*chosen(**values)))[-1])
    assert not running and words in told and report is None


def test_leaving_the_page_ends_the_process(wait_for):
    updates = data.run(*chosen(path="drawn:20000"))
    next(updates)
    assert parts(next(updates))[0] and children("doctor")
    updates.close()
    wait_for(lambda: not children("doctor"))


def test_on_a_space_a_visitor_cannot_use_the_processor(folder, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    (only,) = data.run(*chosen(path=str(folder)))
    assert "On this page everybody can explore" in parts(only)[1] and not children("doctor")


def applied(place: dict, options: dict, architecture: str = "dcgan", go: bool = False) -> dict:
    event = SimpleNamespace(_data={"place": place, "options": options, "go": go})
    tab, *updates = data.apply(architecture, event)
    assert (tab == NOTHING) == (not go)
    changed = {name: new for name, new in zip(data.FIELDS, updates, strict=True) if new != NOTHING}
    return {
        name: new["value"] if isinstance(new, dict) else getattr(new, "value", new) for name, new in changed.items()
    }


PLACE = {"source": form.LOCAL, "where": "/my/photos", "known": "mnist", "data_root": ""}


def test_using_the_pictures_fills_in_where_they_are():
    changed = applied(PLACE, {}, go=True)
    assert (changed["source"], changed["path"]) == (form.LOCAL, "/my/photos")
    assert set(changed) == set(form.SOURCE)


def test_single_settings_leave_the_others_alone():
    changed = applied(PLACE, {"flip": False, "duplicates": "drop", "image_size": 32})
    assert {name: changed[name] for name in changed if name not in form.SOURCE} == {
        "flip": False, "duplicates": "drop", "image_size": 32,
    }  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_a_recipe_comes_before_the_changes_to_it(filled, name):
    changed = applied(PLACE, {"preset": name, "flip": False, "duplicates": "drop"})
    values = {key: value for key, value in changed.items() if key not in form.SOURCE}
    config = form.config_of(*filled(path="/my/photos", **values))
    assert config.preset == name and config.train.duplicates == "drop" and config.train.flip is False


def test_a_size_that_the_chosen_networks_cannot_make_brings_others(filled):
    changed = applied(PLACE, {"image_size": 16}, architecture="dcgan-28")
    values = {key: value for key, value in changed.items() if key not in form.SOURCE}
    assert form.config_of(*filled(path="/my/photos", **values)).model.image_size == 16


@pytest.mark.parametrize(
    "nonsense", [None, "text", {"place": 3, "options": [1]}, {"options": {"preset": "no", "x": 1}}]
)
def test_nonsense_from_a_page_changes_no_setting(nonsense):
    _, *updates = data.apply("nothing", SimpleNamespace(_data=nonsense))
    assert all(update == NOTHING for update in updates)
