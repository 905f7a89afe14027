import numpy as np
import pytest
import torch

from gan_core.config import Config
from gan_core.latent import Explorer, Point
from gan_core.latent.damage import Hole, Noisy, Small, Whole
from gan_core.latent.restore import compare, mended, search
from gan_core.models import build_generator
from gan_core.pixels import to_uint8


@pytest.fixture
def known(explorer) -> np.ndarray:
    """A picture that the generator can make."""
    return explorer.render([Point(77)])[0]


def result(explorer, photo, damage=None, **settings):
    *_, last = search(explorer.G, photo, damage, **settings)
    return last


def seen(image: np.ndarray, damage: Whole) -> np.ndarray:
    return to_uint8(damage.seen(torch.from_numpy(image.copy())[None].permute(0, 3, 1, 2) / 127.5 - 1))[0]


@pytest.mark.parametrize("seed", [77, 78, 79])
def test_a_picture_of_the_generator_is_found_again(explorer, seed):
    photo = explorer.render([Point(seed)])[0]
    found = result(explorer, photo, steps=40)
    assert found.off < 1 < 5 < found.random_off and found.psnr > 40
    # ... and its z is a point of the explorer, on or within the shell
    assert compare(explorer.render([Point(z=tuple(found.z))])[0], found.image)[0] < 1
    assert np.linalg.norm(found.z) <= 16**0.5 + 1.41


def test_events_tell_how_far_the_search_is_and_only_ever_come_nearer(explorer, known):
    events = list(search(explorer.G, known, starts=3, steps=9))
    shares, losses = [event.share for event in events], [event.off for event in events]
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(events) > 20
    assert losses[-1] == min(losses) and losses[0] > 2 * losses[-1]
    assert all(event.image.shape == (32, 32, 3) and event.image.dtype == np.uint8 for event in events)
    off, psnr = compare(events[-1].image, known)
    assert events[-1].off == pytest.approx(off, abs=0.6) and events[-1].psnr == pytest.approx(psnr, abs=3)


def test_a_search_repeats_itself_and_leaves_the_callers_random_state_alone(explorer, known):
    state = torch.random.get_rng_state()
    one, two, other = (result(explorer, known, starts=2, steps=4, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.z, two.z) and not np.array_equal(one.z, other.z)
    assert torch.equal(state, torch.random.get_rng_state())


def test_an_abandoned_search_leaves_gradients_as_they_were(explorer, known):
    events = search(explorer.G, known, starts=2, steps=4)
    for _ in range(20):
        next(events)
        assert torch.is_grad_enabled()
    events.close()
    assert not any(parameter.requires_grad for parameter in explorer.G.parameters())


def test_a_hole_is_filled_better_than_by_a_mean_and_nothing_else_changes(explorer, known):
    mask = torch.ones(32, 32)
    mask[8:22, 10:26] = 0
    hole, damage = mask.numpy() == 0, Hole(mask)
    spoilt = np.where(hole[..., None], np.uint8(0), known)
    found = result(explorer, spoilt, damage, steps=40)
    filled = mended(found.image, spoilt, damage)
    mean = np.broadcast_to(known[~hole].mean(0), known.shape)
    assert compare(filled[hole], known[hole])[1] > compare(mean[hole], known[hole])[1] + 6
    assert np.array_equal(filled[~hole], known[~hole])


@pytest.mark.parametrize("side", [16, 8, 13])
def test_a_small_picture_is_enlarged_better_than_by_interpolation(explorer, known, side):
    damage = Small(side)
    small = seen(known, damage)
    assert small.shape == (side, side, 3)
    found = result(explorer, small, damage, steps=40)
    bicubic = mended(np.full_like(known, 128), small, damage)
    large = mended(found.image, small, damage)
    assert compare(large, known)[1] > compare(bicubic, known)[1] + 3
    assert compare(seen(large, damage), small)[0] < 4


def test_noise_is_removed(explorer, known):
    noise = np.random.default_rng(0).normal(0, 30, known.shape)
    noisy = (known + noise).clip(0, 255).astype(np.uint8)
    found = result(explorer, noisy, Noisy(), steps=40)
    assert compare(mended(found.image, noisy, Noisy()), known)[1] > compare(noisy, known)[1] + 8


def test_what_the_generator_does_not_know_of_a_noisy_photo_is_kept_where_it_is_no_noise():
    photo = np.broadcast_to(np.linspace(20, 220, 32, dtype=np.uint8)[:, None], (32, 32, 3))
    noisy = (photo + np.random.default_rng(0).normal(0, 20, photo.shape)).clip(0, 255).astype(np.uint8)
    found = np.full(photo.shape, 100, np.uint8)  # as a generator of nothing but grey would answer
    assert compare(mended(found, noisy, Noisy()), photo)[0] < 0.5 * compare(noisy, photo)[0]


def test_the_class_is_found_with_the_picture_unless_it_is_named():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, classes=("cat", "dog", "owl"))
        G = build_generator(config.model)
        G.to_image.weight.data.normal_(0, 0.5)
    explorer = Explorer(G, config, 0)
    photo = explorer.render([Point(3, label=2)])[0]
    free, named = result(explorer, photo, steps=20), result(explorer, photo, steps=20, label=1)
    assert free.z.shape == (11,) and free.off <= named.off
    assert free.z[8:].sum() == 1 and named.z[8:].tolist() == [0, 1, 0]


def test_what_cannot_be_searched_for_is_refused_in_a_sentence(explorer, known):
    for settings, words in (({"starts": 0}, "starts"), ({"steps": 10**6}, "steps")):
        with pytest.raises(ValueError, match=words):
            search(explorer.G, known, **settings)
    with pytest.raises(ValueError, match="16×16 pixels in colour, but must be 32×32"):
        search(explorer.G, known[:16, :16])
    with pytest.raises(ValueError, match="nothing of the photo"):
        search(explorer.G, known, Hole(torch.zeros(32, 32)))
