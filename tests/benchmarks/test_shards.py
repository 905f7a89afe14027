import json

from benchmarks import shards
from gan_core.data import building


def test_every_size_is_told_with_its_speed_and_memory_and_leaves_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "PART_BYTES", 100 * 32 * 32 * 3)
    options = ["--sizes", "150,250", "--ngf", "4", "--rounds", "1", "--seconds", "0.1", "--cold-images", "64"]
    monkeypatch.setattr(shards, "alone", lambda function, *args: function(*args))
    shards.main([*options, "--batch-size", "16", "--scratch", str(tmp_path)])
    head, *lines, last = capsys.readouterr().out.splitlines()
    found = json.loads(last)["rows"]
    assert [(row["images"], row["files"]) for row in found] == [(150, 2), (250, 3)] and len(lines) == 2
    assert all(row[name] > 0 for row in found for name in shards.COLUMNS if name.endswith("per_sec"))
    assert {len(line) for line in lines} == {len(head)} and not list(tmp_path.iterdir())
