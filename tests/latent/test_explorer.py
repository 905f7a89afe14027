import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from gan_core import pixels
from gan_core.latent import explorer as explorer_module
from gan_core.latent.explorer import Point
from gan_core.latent.inference import for_inference
from gan_core.latent.z import z_from_seeds

POINTS = [Point(0), Point(1, {"pca-1": 2.0}), Point(2, {"pca-2": -3.0, "pca-3": 1.0}), Point(0), Point(9)]


def grey_levels(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("count", [1, 2, 3, 70])
def test_images_are_the_generators_own(explorer, G, count):
    z = z_from_seeds(range(count), 16)
    with torch.inference_mode():
        expected = pixels.to_uint8(G(torch.from_numpy(z)))
    images = explorer.render([Point(seed) for seed in range(count)])
    assert images.shape == (count, 32, 32, 3) and images.dtype == np.uint8
    assert expected.std() > 20
    assert grey_levels(images, expected) <= 1


def test_the_inference_form_leaves_its_generator_alone(G):
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    G.train()
    fast, z = for_inference(G), torch.randn(4, 16)
    assert G.training and all(torch.equal(before[name], tensor) for name, tensor in G.state_dict().items())
    torch.testing.assert_close(fast.features(z, 1), G.eval().features(z, 1), atol=1e-4, rtol=1e-4)


def test_an_image_does_not_depend_on_its_neighbours(explorer):
    alone = np.concatenate([explorer.render([point]) for point in POINTS])
    assert grey_levels(alone, explorer.render(POINTS)) <= 1


def test_a_loaded_explorer_knows_its_run(explorer, config):
    assert explorer.config == config and explorer.nimg == 4096


def test_amounts_move_the_picture_but_not_off_the_shell(explorer):
    still, moved = explorer.z(Point(3)), explorer.z(Point(3, {"pca-1": 3.0}))
    assert np.linalg.norm(still) == pytest.approx(np.linalg.norm(moved), rel=1e-5)
    assert grey_levels(*explorer.render([Point(3), Point(3, {"pca-1": 3.0})])) > 10


def test_directions_wait_until_they_are_needed_and_are_found_once(explorer, monkeypatch):
    calls, original = [], explorer_module.directions_of
    monkeypatch.setattr(explorer_module, "directions_of", lambda *args: calls.append(args) or original(*args))
    explorer.render([Point(1), Point(2, {"pca-1": 0.0})])
    assert not calls
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: explorer.directions, range(8)))
    assert len(calls) == 1 and all(directions is found[0] for directions in found)


def test_threads_do_not_disturb_each_other(explorer):
    expected = [explorer.render([point]) for point in POINTS]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda i: explorer.render([POINTS[i % 5]]), range(40)))
    assert all(grey_levels(image, expected[i % 5]) <= 1 for i, image in enumerate(images))


def test_faces_wanted_at_once_are_rendered_together(explorer, monkeypatch):
    busy, calls, render = threading.Semaphore(0), [], explorer._G.forward
    expected = [explorer.render([Point(seed)]) for seed in range(40)]

    def slow(z):
        calls.append(len(z))
        assert busy.acquire(timeout=300)
        return render(z)

    monkeypatch.setattr(explorer._G, "forward", slow)
    monkeypatch.setattr(explorer._images, "_free", 1)
    with ThreadPoolExecutor(40) as pool:
        futures = [pool.submit(explorer.render, [Point(seed)]) for seed in range(40)]
        while len(explorer._images._waiting) < 39:
            time.sleep(0.001)
        busy.release(40)
        images = [future.result(300) for future in futures]
    assert calls == [1, 8, 8, 8, 8, 7]
    assert all(grey_levels(image, one) <= 1 for image, one in zip(images, expected, strict=True))


def test_a_large_sheet_comes_in_parts(explorer, monkeypatch):
    calls, render = [], explorer._G.forward
    monkeypatch.setattr(explorer._G, "forward", lambda z: calls.append(len(z)) or render(z))
    assert len(explorer.render([Point(seed) for seed in range(20)])) == 20
    assert calls == [8, 8, 4]


def test_a_timeline_starts_and_ends_on_its_points(explorer):
    a, b = POINTS[1], POINTS[4]
    begin, middle, end = explorer.render_z(explorer.timeline([a, b], closed=False).path(3))
    ends = explorer.render([a, b])
    assert grey_levels(begin, ends[0]) <= 1 and grey_levels(end, ends[1]) <= 1
    assert grey_levels(middle, ends[0]) > 10


def test_frames_come_in_the_number_asked_and_only_as_asked(explorer, monkeypatch):
    asked, original = [], explorer.render_z
    monkeypatch.setattr(explorer, "render_z", lambda z: asked.append(len(z)) or original(z))
    frames = explorer.frames(explorer.timeline(POINTS[:3]), 21)
    assert next(frames).shape == (32, 32, 3) and sum(asked) <= 8
    assert len(list(frames)) == 20 and sum(asked) == 21


def test_an_open_film_ends_on_its_last_point(explorer):
    *_, last = explorer.frames(explorer.timeline([Point(0), Point(1)], closed=False), 12)
    assert grey_levels(last, explorer.render([Point(1)])[0]) <= 1


def test_no_points_make_no_film(explorer):
    with pytest.raises(ValueError, match="one picture"):
        explorer.timeline([])
