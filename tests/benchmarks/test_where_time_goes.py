import json

from benchmarks import where_time_goes


def test_operations_are_sorted_by_kind():
    kinds = {
        name: where_time_goes.kind_of(name) for name in ("aten::mkldnn_convolution", "aten::addmm", "MulBackward0")
    }
    assert list(kinds.values()) == ["convolutions", "matrix products", "other"]


def test_a_steps_time_is_told_by_kind(capsys):
    where_time_goes.main(["--steps", "2", "--size", "32", "--ngf", "8", "--batch-size", "8", "--device", "cpu"])
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(lines[-1])["milliseconds"]
    assert {"convolutions", "matrix products", "batch norm", "activations", "optimisers", "moving average"} <= set(
        found
    )
    assert all(spent >= 0 for spent in found.values()) and found["convolutions"] > 0
    assert len(lines) == len(found) + 1
