import pytest

from gan_core.runs import gpus

LISTED = "0, NVIDIA A100, GPU-aaa\n1, NVIDIA A100, GPU-bbb\n2, Quadro, GPU-ccc\n"
A, B, C = "GPU-aaa", "GPU-bbb", "GPU-ccc"


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """installed(text): a computer whose nvidia-smi lists that; without a call it has none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpus._installed.cache_clear()

    def install(text: str) -> None:
        script = tmp_path / "nvidia-smi"
        script.write_text(f"#!/bin/sh\nprintf '{text}'\n")
        script.chmod(0o755)

    yield install
    gpus._installed.cache_clear()


def test_each_gpu_and_all_of_them_are_offered(installed):
    installed(LISTED)
    words = ["GPU 0: A100", "GPU 1: A100", "GPU 2: Quadro", "all 3 GPUs"]
    assert gpus.choices() == list(zip(words, [A, B, C, gpus.ALL], strict=True))
    assert gpus.chosen(gpus.ALL) == (A, B, C) and gpus.chosen(B) == (B,) and gpus.chosen(None) == ()
    with pytest.raises(ValueError, match="this GPU is gone"):
        gpus.chosen("GPU-ddd")


def test_where_several_cannot_train_together_each_is_offered_alone(installed, monkeypatch):
    installed(LISTED)
    monkeypatch.setattr(gpus, "TOGETHER", False)
    assert [value for _, value in gpus.choices()] == [A, B, C]


@pytest.mark.parametrize(
    ("visible", "ids"),
    [("2,0", (C, A)), ("GPU-b", (B,)), ("1,7,0", (B,)), ("", ()), ("-1", ())],
)
def test_gpus_that_are_hidden_from_this_process_are_not_offered(installed, monkeypatch, visible, ids):
    installed(LISTED)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert tuple(gpu.uuid for gpu in gpus.found()) == ids
    assert len(gpus.choices()) == (len(ids) + 1 if len(ids) > 1 else 0)


def test_without_several_gpus_there_is_no_choice(installed):
    assert gpus.found() == [] == gpus.choices()
    gpus._installed.cache_clear()
    installed(LISTED.splitlines(keepends=True)[0])
    assert len(gpus.found()) == 1 and gpus.choices() == []
