import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest
from hub_double import Hub
from PIL import Image

from gan_core.data import absolute, source_name

CLIENT = """
import json, os, sys, pathlib
from gan_core.data import prepare
bytes_seen = []
def report(*progress):
    bytes_seen.append(progress)
    if "CANCEL" in os.environ:
        raise KeyError("cancelled")
for repo in sys.argv[2:]:
    try:
        store = prepare("hf:" + repo, 16, 1, pathlib.Path(sys.argv[1]), on_download=report)
        labels = store.labels if store.labels is None else store.labels.tolist()
        greys = store.images[:, 0, 0, 0].tolist()
        print(json.dumps([store.name, greys, labels, list(store.classes), bytes_seen, store.path.name]))
    except (ValueError, KeyError) as error:
        print(json.dumps(str(error)))
"""


def shade(grey: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (16, 16), grey).save(file, "PNG")
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


REPOS = {
    "me/pets": {
        "README.md": b"hi", "about/words.csv": b"a,b", "extra.zip": b"not wanted",
        "train/cat/1.PNG": shade(1), "train/dog/[2].png": shade(2),
    },
    "me/peeps": {"data/peeps.zip": zipped({"p/1.png": shade(7), "p/2.png": shade(8), "p/a.csv": b"f,g\n1,x\n2,y"})},
    "me/shards": {
        "data/b.tar": tarred({"3.png": shade(3), "3.cls": b"dog"}), "README.md": b"hi",
        "data/a.tar": tarred({"1.cls": b"cat", "1.png": shade(1), "2.png": shade(2), "2.cls": b"dog"}),
    },
    "me/tables": {"data/train-00000.parquet": b"PAR1"},
    "me/many": {"a.zip": b"", "b.zip": b""},
    "me/text": {"notes.txt": b"hi"},
    "me/gated": {"1.png": shade(1)},
}  # fmt: skip


@pytest.fixture(scope="module")
def hub():
    hub = Hub(REPOS)
    yield hub
    hub.close()


@pytest.fixture
def ask(hub, tmp_path):
    """ask(*repos) prepares data sets below `stores` in a process of its own that takes `endpoint` for the Hub."""

    def ask(*repos: str, endpoint: str = hub.endpoint, stores: str = "stores", **more: str) -> list:
        env = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"} | more
        command = [sys.executable, "-c", CLIENT, str(tmp_path / stores), *repos]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_a_repo_of_pictures_with_its_folders_as_classes(hub, ask):
    hub.asked.clear()
    [[name, greys, labels, classes, seen, _]] = ask("me/pets")
    assert (name, greys, labels, classes) == ("pets", [1, 2], [0, 1], ["cat", "dog"])
    assert sorted(hub.asked) == ["train/cat/1.PNG", "train/dog/[2].png"]
    assert seen and all(0 < done <= total == len(shade(1)) + len(shade(2)) for done, total in seen)


def test_a_repo_of_tars(ask):
    name, greys, labels, classes, *_ = ask("me/shards")[0]
    assert (name, greys, labels, classes) == ("shards", [1, 2, 3], [0, 1, 1], ["cat", "dog"])


def test_a_repo_of_one_zip_and_later_without_a_network(hub, ask):
    [[name, greys, labels, classes, *_]] = ask("me/peeps")
    assert (name, greys, labels, classes) == ("peeps", [7, 8], [0, 1], ["x", "y"])
    hub.asked.clear()
    assert ask("me/peeps")[0][1] == [7, 8] and hub.asked == []
    assert ask("me/peeps", endpoint="http://127.0.0.1:9")[0][:4] == [name, greys, labels, classes]


@pytest.mark.parametrize(("repo", "file", "other"), [
    ("me/pets", "train/cat/1.PNG", shade(9)), ("me/shards", "data/b.tar", tarred({"3.png": shade(9)})),
])  # fmt: skip
def test_the_same_pictures_are_one_store_on_every_machine_and_others_another(hub, ask, tmp_path, repo, file, other):
    here = ask(repo)[0][5]
    (blob,) = {path.resolve() for path in (tmp_path / "stores").rglob(file)}
    os.utime(blob, (1, 1))
    assert ask(repo)[0][5] == ask(repo, stores="elsewhere")[0][5] == here
    before, hub.heads[repo] = hub.repos[repo], "f" * 40
    hub.repos[repo] = before | {file: other}
    changed = ask(repo)[0][5]
    hub.repos[repo] = before
    del hub.heads[repo]
    assert changed != here and ask(repo)[0][5] == here


def test_a_download_can_be_cancelled_and_done_again(ask):
    assert ask("me/pets", CANCEL="1") == ["'cancelled'"]
    assert ask("me/pets")[0][1] == [1, 2]


def test_what_cannot_be_had_is_one_sentence_each(ask):
    assert ask("me/tables", "me/many", "me/text", "me/gated", "me/none", "me/broken") == [
        "hf:me/tables holds no picture files, only parquet files, which this program cannot read.",
        "hf:me/many holds 2 zips; download the one you want, and name its file.",
        "hf:me/text holds no picture files.",
        "hf:me/gated wants its terms to be accepted: do so at https://huggingface.co/datasets/me/gated, "
        "then log in here with “hf auth login”.",
        "There is no data set me/none on the Hub, or it is private and needs “hf auth login”.",
        "hf:me/broken could not be downloaded: the Hub answered with error 418.",
    ]


def test_no_network_is_one_sentence(ask):
    assert ask("me/pets", endpoint="http://127.0.0.1:9") == [
        "hf:me/pets could not be downloaded: no connection to the Hub."
    ]


@pytest.mark.parametrize(
    "data",
    ["hf:me/pets", " HF:me/pets", "hf://datasets/me/pets", "https://huggingface.co/datasets/me/pets",
     "https://huggingface.co/datasets/me/pets/tree/main?library=datasets"],
)  # fmt: skip
def test_addresses_of_a_data_set(data):
    assert absolute(data) == "hf:me/pets" and source_name(data) == "pets"


@pytest.mark.parametrize("data", ["hf:", "hf:pets", "hf:a/b/c", "hf:../etc", "https://huggingface.co/datasets/"])
def test_what_is_no_address(data):
    with pytest.raises(ValueError, match="write it as hf:owner/name"):
        source_name(data)
