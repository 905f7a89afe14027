from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gan_core.metrics import fidelity
from gan_core.metrics.fidelity import Features, Inception, fid, find_weights, inception_score, kid, precision_recall


@pytest.fixture(scope="module")
def inception(inception_weights) -> Inception:
    return Inception(inception_weights)


@pytest.fixture(scope="module")
def features(inception, faces) -> Features:
    return inception.features(faces[:24])


def blobs(count: int, centre: float = 0.0, size: int = 8, seed: int = 0) -> Features:
    rng = torch.Generator().manual_seed(seed)
    return Features(torch.randn(count, size, generator=rng) + centre, torch.randn(count, 10, generator=rng))


def some(features: Features) -> Features:
    """A few of the features, since FID takes the cube of their number in time."""
    return Features(features.pool[:, :64], features.logits)


def test_features_are_torch_fidelitys_own(inception_weights, features, faces):
    from torch_fidelity import calculate_metrics

    class Pictures(torch.utils.data.Dataset):
        def __init__(self, images):
            self.images = torch.from_numpy(images).permute(0, 3, 1, 2)

        def __len__(self):
            return len(self.images)

        def __getitem__(self, i):
            return self.images[i]

    expected = calculate_metrics(
        input1=Pictures(faces[:12]), input2=Pictures(faces[12:24]), kid=True, kid_subset_size=8, isc=True, cuda=False,
        feature_extractor_weights_path=str(inception_weights), save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    mean, deviation = kid(features[:12], features[12:], subset=8)
    assert mean == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-3, abs=1e-6)
    assert deviation == pytest.approx(expected["kernel_inception_distance_std"], rel=1e-3)
    assert inception_score(features[:12])[0] == pytest.approx(expected["inception_score_mean"], rel=1e-4)


def test_fid_of_a_set_with_itself_is_0_and_grows_with_noise(inception, features, faces, noisy):
    distances = [fid(some(inception.features(noisy(faces[:24], sigma))), some(features)) for sigma in (0, 20, 80)]
    assert distances[0] == pytest.approx(0, abs=1e-3 * distances[1])
    assert distances[0] < distances[1] < distances[2]


def test_grey_pictures_are_seen_as_colour(inception, faces):
    grey = faces[:2, :, :, :1]
    torch.testing.assert_close(inception.features(grey).pool, inception.features(np.repeat(grey, 3, 3)).pool)


def test_progress_ends_with_everything_done(inception, faces, monkeypatch):
    monkeypatch.setattr(fidelity, "BATCH", 2)
    shares = []
    inception.features(faces[:5], shares.append)
    assert shares == [0.4, 0.8, 1.0]


def test_fid_of_two_gaussians_is_the_distance_of_their_means():
    assert fid(blobs(50_000, 0.5), blobs(50_000, seed=1)) == pytest.approx(8 * 0.25, rel=0.05)


def test_kid_is_near_0_for_the_same_and_refuses_too_few():
    assert abs(kid(blobs(1000), blobs(1000, seed=1))[0]) < 0.01 < kid(blobs(1000, 1.0), blobs(1000, seed=1))[0]
    with pytest.raises(ValueError, match="1000"):
        kid(blobs(999), blobs(999))


def test_precision_is_of_the_fakes_and_recall_of_the_reals():
    reals = blobs(400)
    reals = Features(torch.cat([reals.pool, reals.pool + 50]), torch.zeros(800, 1))
    precision, recall = precision_recall(blobs(400, seed=1), reals)
    assert precision > 0.6 and recall < 0.55
    precision, recall = precision_recall(Features(torch.cat([reals.pool, reals.pool + 900]), reals.logits), reals)
    assert precision == pytest.approx(0.5) and recall == 1


def test_without_weights_a_sentence_says_where_they_belong(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ValueError, match="--fetch") as refusal:
        find_weights(None, fetch=False)
    assert str(tmp_path / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth") in str(refusal.value)
    assert fidelity.URL in str(refusal.value)


def test_weights_in_torchs_cache_are_taken(inception_weights, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = tmp_path / "hub" / "checkpoints" / Path(fidelity.URL).name
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert find_weights(None, fetch=False) == find_weights(None, fetch=True) == cached
    assert find_weights(inception_weights, fetch=False) == inception_weights


def test_fetched_weights_are_checked_and_put_where_torch_fidelity_looks(tmp_path, monkeypatch):
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    assert fidelity.URL == URL_INCEPTION_V3
    (tmp_path / "source").mkdir()
    source = tmp_path / "source" / Path(fidelity.URL).name
    source.write_bytes(b"not those weights")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(fidelity, "URL", source.as_uri())
    with pytest.raises(ValueError, match="could not be fetched"):
        find_weights(None, fetch=True)
    assert not find_files(tmp_path / "home")
    monkeypatch.setattr(fidelity, "HASH", sha256(source)[:8])
    assert find_weights(None, fetch=True).read_bytes() == source.read_bytes()


def sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def find_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [None, b"", b"no weights", {"fc.weight": torch.zeros(1)}, nn.Linear(1, 1)])
def test_a_file_without_the_weights_is_one_sentence(tmp_path, content):
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ValueError, match="weights.pth") as refusal:
        Inception(path)
    assert "\n" not in str(refusal.value)
