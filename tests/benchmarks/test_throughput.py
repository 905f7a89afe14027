import json
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import throughput
from gan_core.config import Config, ModelConfig
from gan_core.models.dcgan import widths


def found(*speeds: float) -> list[dict]:
    return [{"images_per_sec": speed, "steps": 3, "memory_mb": 10.0 * speed} for speed in speeds]


def flops_by_hand(model: ModelConfig) -> int:
    """Two for each multiplication and addition; forward, and as much for each gradient that a step needs."""
    size, up, down = model.image_size, widths(model.ngf, model.image_size)[::-1], widths(model.ndf, model.image_size)
    project, score = 2 * model.latent_dim * 16 * up[0], 2 * 16 * down[-1]
    # A transposed convolution meets each pixel of its input with its kernel, a convolution each of its output.
    G = [2 * 16 * a * b * (4 * 2**i) ** 2 for i, (a, b) in enumerate(pairwise([*up, model.channels]))]
    D = [2 * 16 * a * b * (size // 2 ** (i + 1)) ** 2 for i, (a, b) in enumerate(pairwise([model.channels, *down]))]
    all_G, all_D = project + sum(G), sum(D) + score
    of_G = all_G + all_G + (all_G - project)
    of_D = 3 * all_D + 2 * (all_D + all_D - D[0]) + all_D
    return of_G + of_D


def test_torch_counts_a_convolution_and_its_gradients_as_by_hand():
    net, image = nn.Conv2d(3, 5, 4, 2, 1, bias=False), torch.randn(2, 3, 8, 8, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        net(image).sum().backward()
    assert counter.get_total_flops() == 3 * 2 * 2 * (4 * 4) * (4 * 4) * 3 * 5


@pytest.mark.parametrize("size", [32, 64])
def test_a_step_needs_no_more_than_the_mathematics(size):
    model = ModelConfig(image_size=size, ngf=4, ndf=6, latent_dim=8)
    assert throughput.flops_per_image(Config(model=model)) == flops_by_hand(model)


def test_the_usual_network_needs_what_it_is_said_to():
    assert flops_by_hand(ModelConfig()) == pytest.approx(2.27e9, rel=0.01)


def test_summary_puts_speed_against_the_matrix_product():
    row = throughput.summary(found(100, 300, 110), flops=2e9, gemm_flops=1e12)
    assert row["images_per_sec"] == {"median": 110, "min": 100, "max": 300}
    assert (row["gflops"], row["percent_of_gemm"], row["memory_mb"], row["steps"]) == (220, 22, 3000, 9)


def test_ratios_are_those_of_the_same_round_and_kind():
    rows = {"reference": found(10, 20), "engine": found(30, 40), "reference, bare step": found(5, 5)}
    rows |= {"engine, bare step": found(50, 50)}
    assert throughput.ratios(rows) == {
        "engine": {"median": 2.5, "min": 2, "max": 3},
        "engine, bare step": {"median": 10, "min": 10, "max": 10},
    }


def test_the_table_says_what_failed():
    row = throughput.summary(found(100), 2e9, 1e12)
    text = throughput.table({"batch_size 16": row, "batch_size 512": {"failed": "out of memory"}})
    assert "20.0" in text and "failed: out of memory" in text


def test_growth_measures_each_case_once_and_goes_on_after_a_failure(monkeypatch):
    asked = []

    def alone(function, *args):
        if function is throughput.flops_per_image:
            return 2e9
        model, train = args[1].model, args[1].train
        asked.append((model.ngf, model.ndf, train.batch_size))
        if train.batch_size == 64:
            raise RuntimeError("out of memory\nand more")
        return found(100)[0]

    monkeypatch.setattr(throughput, "alone", alone)
    monkeypatch.setattr(throughput, "GROWTH", {"batch_size": (32, 64), "ngf": (64, 128)})
    args = throughput.parser().parse_args(["--device", "cpu"])
    tables = throughput.growth(Config(), 1e12, args)
    assert asked == [(64, 64, 32), (64, 64, 64), (128, 128, 32)]
    assert tables["batch_size"][64] == {"failed": "out of memory"}
    assert tables["ngf"][64] is tables["batch_size"][32]


def test_it_measures_from_end_to_end(capfd):
    few = "--data drawn:70 --size 32 --ngf 4 --rounds 1 --seconds 0.3 --gemm 64 --device cpu"
    throughput.main(few.split())
    result = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert result["num_images"] == 70
    assert {"reference", "engine", "reference, bare step", "engine, bare step"} <= set(result["recipes"])
    assert all(row["images_per_sec"]["min"] > 0 and row["steps"] >= 2 for row in result["recipes"].values())
    assert result["times_reference"]["engine"]["median"] > 0
