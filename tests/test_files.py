import json
import math
import os
import stat

import pytest

from gan_core.files import replacing, write_json


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    return path


def test_the_old_file_is_there_until_the_new_one_is_whole(path):
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(path, error):
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_no_file_where_there_was_none(tmp_path):
    with pytest.raises(OSError), replacing(tmp_path / "new.txt"):
        raise OSError
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_has_the_old_file_open_keeps_it(path):
    with path.open() as reader, replacing(path) as temporary:
        temporary.write_text("new")
        assert reader.read() == "old"


@pytest.fixture
def kept_open(monkeypatch):
    """kept_open(times): so often a file cannot be replaced, as on Windows while another program has it open."""
    whole = os.replace

    def refuse(times: float) -> None:
        def replace(old, new, **options):
            nonlocal times
            times -= 1
            if times >= 0:
                raise PermissionError(13, "in use")
            whole(old, new, **options)

        monkeypatch.setattr(os, "replace", replace)

    return refuse


def test_a_reader_who_is_done_in_a_moment_is_waited_for(path, kept_open):
    kept_open(2)
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and list(path.parent.iterdir()) == [path]


def test_a_file_that_stays_in_use_is_an_error_which_leaves_the_old_one(path, kept_open):
    kept_open(math.inf)
    with pytest.raises(PermissionError), replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "old" and list(path.parent.iterdir()) == [path]


def test_temporary_files_are_hidden_and_lie_on_the_same_disk(path):
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".")


def test_everybody_may_read_the_result(path):
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_json_is_replaced_only_by_whole_json(path):
    write_json(path, {"a": [1, "ü"]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": [1, "ü"]}
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": [1, "ü"]}
