import gzip
import hashlib
from pathlib import Path

import pytest

from gan_core.hub import browser_runtime
from gan_core.hub.browser_runtime import SOURCE_VARIABLE, copy_runtime

CONTENT = {"a.mjs": b"script" * 10, "a.wasm": b"\0asm" * 1000}


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A place that has the runtime's files, small ones."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
    monkeypatch.setattr(browser_runtime, "SHA256", sums)
    monkeypatch.setenv(SOURCE_VARIABLE, str(folder))
    return folder


def test_files_are_fetched_once_and_large_ones_compressed(source, tmp_path):
    shares = []
    copy_runtime(tmp_path / "one", shares.append)
    for path in source.iterdir():
        path.unlink()
    copy_runtime(tmp_path / "two")
    assert shares == [0, 0.5]
    for folder in ("one", "two"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == ["a.mjs", "a.wasm.gz"]
        assert (tmp_path / folder / "a.mjs").read_bytes() == CONTENT["a.mjs"]
        assert gzip.decompress((tmp_path / folder / "a.wasm.gz").read_bytes()) == CONTENT["a.wasm"]


def test_a_changed_file_is_refused_and_not_kept(source, tmp_path):
    (source / "a.wasm").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"a\.wasm .* not the file expected"):
        copy_runtime(tmp_path / "one")
    (source / "a.wasm").write_bytes(CONTENT["a.wasm"])
    copy_runtime(tmp_path / "one")


@pytest.mark.parametrize("place", ["/nowhere/at/all", "http://127.0.0.1:9"])
def test_without_a_connection_one_sentence_says_so(source, tmp_path, monkeypatch, place):
    monkeypatch.setenv(SOURCE_VARIABLE, place)
    with pytest.raises(ValueError, match="could not be fetched .* look at your network") as told:
        copy_runtime(tmp_path / "one")
    assert "urlopen" not in str(told.value)
