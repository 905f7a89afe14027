"""FID, KID, Inception score, precision and recall as the package torch-fidelity computes them.

inception = Inception(fetch=True)           # 91 MB, once
a, b = inception.features(fakes), inception.features(reals)
fid(a, b), kid(a, b)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from gan_core.config import require
from gan_core.metrics.images import check_images

# Where torch-fidelity fetches the weights from, and the file's SHA-256.
URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
HASH = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
BATCH = 64
KID_SUBSET = 1000
NEIGHBOURS = 3


@dataclass(frozen=True)
class Features:
    """What the Inception network says of pictures: `pool` [N, 2048] and `logits` [N, 1008] without their bias."""

    pool: torch.Tensor
    logits: torch.Tensor

    def __getitem__(self, part: slice) -> Features:
        return Features(self.pool[part], self.logits[part])


class Inception:
    """The network of the original FID, as torch-fidelity converted it; on the graphics card if there is one.

    `weights` is its file; without one the file in torch's cache is taken, or fetched from GitHub with `fetch`.
    ValueError if there is none, or if it holds other weights.
    """

    def __init__(self, weights: Path | None = None, fetch: bool = False):
        path = find_weights(weights, fetch)
        # torch-fidelity would run whatever code is in the file.
        check_weights(path)
        from torch_fidelity import FeatureExtractorInceptionV3

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        layers = ["2048", "logits_unbiased"]
        try:
            network = FeatureExtractorInceptionV3(
                "inception-v3-compat", layers, feature_extractor_weights_path=str(path)
            )
        except RuntimeError as error:
            raise ValueError(f"{path} does not hold the weights of torch-fidelity's Inception network") from error
        self._network = network.to(self.device)

    @torch.inference_mode()
    def features(self, images: np.ndarray, on_progress: Callable[[float], None] | None = None) -> Features:
        """The features of uint8 [N, H, W, C], grey ones as colour; `on_progress` hears the share done."""
        check_images(images)
        parts = []
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH])).permute(0, 3, 1, 2)
            pool, logits = self._network(batch.expand(-1, 3, -1, -1).to(self.device))
            parts.append((pool.cpu(), logits.cpu()))
            if on_progress:
                on_progress(min(start + BATCH, len(images)) / len(images))
        return Features(*(torch.cat(each) for each in zip(*parts, strict=True)))


def fid(fakes: Features, reals: Features) -> float:
    """The Fréchet distance of two Gaussians fitted to the features (Heusel et al. 2017, section 3)."""
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(features.pool) for features in (fakes, reals)]
    return fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID]


def kid(fakes: Features, reals: Features, subset: int = KID_SUBSET) -> tuple[float, float]:
    """The squared kernel distance (Binkowski et al. 2018, section 3): mean and deviation over 100 random subsets.

    ValueError for fewer images than a subset has.
    """
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

    found = kid_features_to_metric(fakes.pool, reals.pool, kid_subset_size=subset, verbose=False)
    return found[KEY_METRIC_KID_MEAN], found[KEY_METRIC_KID_STD]


def inception_score(images: Features) -> tuple[float, float]:
    """Mean and deviation over ten parts (Salimans et al. 2016, section 4)."""
    from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric

    found = isc_features_to_metric(images.logits)
    return found[KEY_METRIC_ISC_MEAN], found[KEY_METRIC_ISC_STD]


def precision_recall(fakes: Features, reals: Features) -> tuple[float, float]:
    """The share of fakes among the reals, and of reals among the fakes (Kynkäänniemi et al. 2019, section 3).

    In Inception's features; the paper's are those of VGG-16.
    """
    from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

    found = prc_features_to_metric(
        fakes.pool, reals.pool, prc_neighborhood=NEIGHBOURS, prc_batch_size=1000, save_cpu_ram=True, verbose=False
    )
    return found[KEY_METRIC_PRECISION], found[KEY_METRIC_RECALL]


def find_weights(weights: Path | None, fetch: bool) -> Path:
    """The file of the Inception weights, fetched if that is allowed. ValueError if there is none."""
    if weights is not None:
        require(Path(weights).is_file(), f"there is no file {weights} with the Inception weights")
        return Path(weights)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / URL.rpartition("/")[2]
    if not cached.is_file():
        require(
            fetch,
            f"this metric needs the Inception weights, 91 MB, which are not in {cached}: "
            f"allow fetching them (--fetch), or get {URL} and give its path (--weights)",
        )
        download(cached)
    return cached


def download(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(path), hash_prefix=HASH, progress=False)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"the Inception weights could not be fetched from {URL}: {error}") from error


def check_weights(path: Path) -> None:
    """ValueError if the file holds anything but weights."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle of garbage fails in a dozen ways
        raise ValueError(f"{path} is damaged, or not a file of weights") from error
