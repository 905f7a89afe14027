import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from gan_core.latent import Explorer
from gan_core.latent.z import z_from_seeds
from gan_core.metrics import SlicedWasserstein
from gan_core.metrics.evaluation import evaluate, sampler, table
from gan_core.metrics.protocols import METRICS, Material
from gan_core.models import build_generator


def first(images: np.ndarray):
    return lambda n: images[:n]


@pytest.fixture
def small_minimum(monkeypatch):
    """Lets the Inception metrics measure a dozen images, since a test cannot wait for thousands."""
    for name, metric in METRICS.items():
        monkeypatch.setitem(METRICS, name, replace(metric, min_n=10))


def test_samples_as_good_as_the_data_reach_the_floor(faces):
    swd, diversity, memorisation = evaluate(
        first(faces[300:]), faces[:300], n=256, metrics=("swd", "diversity", "memorisation")
    )
    assert [swd.name, diversity.name, memorisation.name] == ["swd", "diversity", "memorisation"]
    assert swd.value < 60 and swd.floor is None
    assert diversity.value == pytest.approx(diversity.floor, abs=0.15)
    assert memorisation.value == pytest.approx(1, abs=0.3) and memorisation.detail["copies"] == 0


def test_copies_and_collapse_are_told(faces):
    copies = np.tile(faces[:1], (300, 1, 1, 1))
    swd, diversity, memorisation = evaluate(first(copies), faces, n=300)
    assert swd.value > 3 * swd.floor
    assert diversity.value == pytest.approx(0, abs=1e-3) and diversity.detail["verdict"] == "collapsed"
    assert (memorisation.value, memorisation.detail["copies"]) == (0, 300)


def test_with_enough_pictures_the_floor_is_of_the_same_number(faces):
    swd = evaluate(first(faces), faces, n=256, metrics=["swd"])[0]
    assert (swd.n_fake, swd.n_real, swd.n_floor) == (256, 256, 256)
    reals = Material(faces[:256], faces).reals
    assert swd.floor == SlicedWasserstein(reals[:256]).measure(reals[256:512]).mean
    assert "floor: 256 real against 256 other real pictures" in swd.protocol


def test_with_too_few_the_floor_is_of_disjoint_halves_and_says_so(faces):
    diversity, swd = evaluate(first(faces), faces[:400], n=400, metrics=["diversity", "swd"])
    assert (diversity.n_real, diversity.n_floor) == (400, 200)
    assert diversity.floor == pytest.approx(1, abs=0.15)
    assert swd.floor is None and "too few real pictures for a floor" in swd.protocol


@pytest.mark.parametrize(
    ("total", "n", "num_reals", "num_floor"), [(600, 100, 100, 100), (300, 200, 200, 150), (9, 20, 9, 4)]
)
def test_no_picture_is_on_both_sides_of_a_floor(faces, total, n, num_reals, num_floor):
    marked = np.zeros((total, 8, 8, 3), np.uint8)
    marked[:, 0, 0, 0], marked[:, 0, 0, 1] = np.divmod(np.arange(total), 256)
    material = Material(marked[np.zeros(n, int)], marked)
    assert (material.num_reals, material.num_floor) == (num_reals, num_floor)
    sides = [{tuple(image[0, 0]) for image in material.reals[part]} for part in material.floor_pair]
    assert [len(side) for side in sides] == [num_floor, num_floor] and not sides[0] & sides[1]


def test_metrics_of_inception_features_share_them(faces, inception_weights, small_minimum):
    heard = []
    precision, score = evaluate(
        first(faces[48:]), faces[:24], 12, ["precision", "is"], inception_weights,
        on_progress=lambda doing, share: heard.append((doing, share)),
    )  # fmt: skip
    assert 0 <= precision.value <= 1 and 0 <= precision.floor <= 1 and precision.n_floor == 12
    assert score.value >= 1 and score.floor is None and score.detail["of_real_pictures"] >= 1
    assert "VGG-16" in precision.protocol
    shares = [share for doing, share in heard if doing == "inception"]
    assert shares == sorted(shares) and shares[-1] == 1 and heard[-1] == ("done", 1.0)
    assert [doing for doing, share in heard if share == 1].count("inception") == 1


def test_a_small_fid_is_not_to_be_compared():
    from gan_core.metrics.evaluation import protocol
    from gan_core.metrics.protocols import Measured

    assert "biased upwards" in protocol("fid", Measured(20.0, 5.0, 2048, 2048, 2048))
    assert "biased" not in protocol("fid", Measured(20.0, 5.0, 10_000, 10_000, 10_000))


@pytest.mark.parametrize(
    ("metrics", "n", "num_reals", "reason"),
    [
        (["fid"], 2047, 600, "fid needs at least 2,048 samples, not 2,047"),
        (["fid"], 5000, 600, "fid needs at least 2,048 real pictures, not 600"),
        (["kid"], 999, 600, "kid needs at least 1,000 samples"),
        (["recall"], 5000, 600, "recall needs at least 1,000 real pictures"),
        (["swd"], 255, 600, "swd needs at least 256 samples"),
        (["swd"], 512, 200, "swd needs at least 256 real pictures"),
        (["diversity"], 99, 600, "diversity needs at least 100"),
        (["memorisation"], -1, 600, "memorisation needs"),
        (["swd", "fod"], 512, 600, "no metric 'fod'"),
        ([], 512, 600, "choose a metric"),
        (["swd"], 10**9, 600, "too many"),
    ],
)
def test_numbers_that_mean_nothing_are_refused_before_anything_is_sampled(faces, metrics, n, num_reals, reason):
    def sample(n):
        raise AssertionError("sampled")

    with pytest.raises(ValueError, match=reason):
        evaluate(sample, faces[:num_reals], n, metrics)


def test_missing_weights_are_refused_before_anything_is_sampled(faces, tmp_path, monkeypatch, small_minimum):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="--fetch"):
        evaluate(lambda n: pytest.fail("sampled"), faces, 100, ["swd", "fid"])


def test_samples_of_another_size_are_refused(faces):
    with pytest.raises(ValueError, match="16 x 16 x 3"):
        evaluate(first(faces[:, :16, :16]), faces, 300)


def test_results_can_be_written_as_json_and_read_by_people(faces):
    results = evaluate(first(faces), faces, n=256)
    assert json.loads(json.dumps([asdict(result) for result in results]))[0]["value"] == results[0].value
    text = table(results)
    for result in results:
        assert f"{result.value:.3f}" in text and f"{result.floor:.3f}" in text and result.protocol in text


def test_a_sampler_makes_the_explorers_pictures_of_the_first_seeds(tiny):
    torch.manual_seed(0)
    explorer = Explorer(build_generator(tiny.model), tiny, 0)
    shares = []
    images = sampler(explorer, shares.append)(130)
    assert images.shape == (130, 32, 32, 3) and images.dtype == np.uint8
    expected = explorer.render_z(z_from_seeds([0, 129], 8)).astype(int)
    assert np.abs(images[[0, 129]] - expected).max() <= 1
    assert shares == sorted(shares) and shares[-1] == 1
