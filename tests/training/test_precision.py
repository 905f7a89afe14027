import pytest
import torch

from gan_core.training import precision

CPU = torch.device("cpu")


def give_cpu(monkeypatch, **features: bool) -> None:
    """A processor with these features, told in torch's new way and in the old."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: features["amx_bf16"])
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: features["avx512_bf16"])


@pytest.mark.parametrize("requested", ["bf16", "fp32"])
def test_what_is_asked_for_is_used(requested):
    assert precision.choose(requested, CPU) == requested


@pytest.mark.parametrize(
    ("avx512", "amx", "chosen"), [(False, False, "fp32"), (True, False, "bf16"), (False, True, "bf16")]
)
def test_auto_takes_bf16_only_where_the_cpu_has_units_for_it(monkeypatch, avx512, amx, chosen):
    give_cpu(monkeypatch, amx_bf16=amx, avx512_bf16=avx512)
    assert precision.choose("auto", CPU) == chosen


@pytest.mark.parametrize(
    ("name", "amx", "text"),
    [("fp32", True, "fp32 on CPU"), ("bf16", True, "bf16 on CPU (AMX)"), ("bf16", False, "bf16 on CPU (AVX-512)")],
)
def test_people_are_told_what_is_used(monkeypatch, name, amx, text):
    give_cpu(monkeypatch, amx_bf16=amx, avx512_bf16=True)
    assert precision.describe(name, CPU) == text
