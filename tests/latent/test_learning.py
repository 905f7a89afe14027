from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from gan_core.latent import Explorer, Point, learning
from gan_core.latent.learning import Learning
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator

SEEN = [100, 200, 400]


@pytest.fixture
def snapshots(config, tmp_path) -> list:
    found = []
    for nimg in SEEN:
        torch.manual_seed(nimg)
        G = build_generator(config.model)
        G.to_image.weight.data.normal_(0, 0.2)
        save_generator(tmp_path / f"{nimg}.safetensors", G, config, nimg, half=True)
        found.append((nimg, tmp_path / f"{nimg}.safetensors"))
    return found


@pytest.fixture
def learned(snapshots, explorer) -> Learning:
    return Learning(snapshots, explorer)


def test_every_stage_draws_with_its_own_weights(learned, snapshots, explorer):
    keys = explorer.keys([Point(3), Point(4, {"pca-1": 2.0})])
    assert learned.seen == [*SEEN, 4096]
    for nimg, path in snapshots:
        np.testing.assert_array_equal(learned.render(keys, nimg), Explorer.load(path).render_z(keys))
    np.testing.assert_array_equal(learned.render(keys, 4096), explorer.render_z(keys))
    np.testing.assert_array_equal(learned.render(keys, 290), learned.render(keys, 200))


def test_few_snapshots_are_open_at_once_whoever_asks(learned, explorer, monkeypatch):
    monkeypatch.setattr(learning, "OPEN_SNAPSHOTS", 2)
    keys = explorer.keys([Point(3)])
    expected = [learned.render(keys, nimg) for nimg in SEEN]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: learned.render(keys, SEEN[i % 3]), range(30)))
    assert len(learned._open) == 2
    assert all((np.abs(image.astype(int) - expected[i % 3]) <= 1).all() for i, image in enumerate(found))


@pytest.mark.parametrize("fade", [True, False])
def test_a_film_goes_through_every_stage_in_order(learned, explorer, fade):
    keys = explorer.keys([Point(3)])
    frames = list(learned.frames(keys, 7 if fade else 8, fade=fade))
    stages = [learned.render(keys, nimg)[0] for nimg in learned.seen]
    for i, stage in enumerate(stages):
        np.testing.assert_array_equal(frames[2 * i], stage)
    if fade:
        np.testing.assert_allclose(frames[1], (stages[0].astype(float) + stages[1]) / 2, atol=0.5)
    else:
        np.testing.assert_array_equal(frames[1], stages[0])


@pytest.mark.parametrize("num_frames", [1, 2, 3, 50])
def test_a_film_has_as_many_frames_as_asked(learned, explorer, num_frames):
    assert len(list(learned.frames(explorer.keys([Point(3)]), num_frames))) == num_frames


def test_several_points_make_a_sheet_and_words_make_it_as_large_as_asked(learned, explorer):
    keys = explorer.keys([Point(seed) for seed in range(4)])
    assert next(learned.frames(keys, 5)).shape == (66, 66, 3)
    assert next(learned.frames(keys, 5, size=256, words=True)).shape == (256, 256, 3)
    with pytest.raises(ValueError, match="1 to 16 pictures"):
        next(learned.frames(np.repeat(keys, 5, 0), 5))


def test_a_model_without_snapshots_has_nothing_to_show(explorer, snapshots):
    with pytest.raises(ValueError, match="no snapshots"):
        Learning([], explorer)


def test_a_snapshot_that_is_gone_is_a_sentence(learned, snapshots, explorer):
    snapshots[0][1].unlink()
    with pytest.raises(ValueError, match="100.safetensors cannot be read"):
        learned.render(explorer.keys([Point(3)]), 100)
