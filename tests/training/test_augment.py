import pytest
import torch
from torch import Tensor

from gan_core.config import TrainConfig
from gan_core.training import augment
from gan_core.training.augment import AdaptiveAugment, DiffAugment


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 16, channels: int = 3, size: int = 16) -> Tensor:
    return torch.rand(count, channels, size, size, generator=rng(9), dtype=torch.float64) * 1.6 - 0.8


def adaptive(p: float, seed: int = 0, target: float = 0.6) -> AdaptiveAugment:
    change = AdaptiveAugment(rng(seed), target)
    change.p.fill_(p)
    return change


ALL = {"diffaugment": lambda seed=0: DiffAugment(rng(seed)), "ada": lambda seed=0: adaptive(1.0, seed)}
SINGLE = {
    function.__name__: function
    for function in (
        augment.brightness, augment.saturation, augment.contrast, augment.shift, augment.cut, augment.mirror,
        augment.turn,
    )
}  # fmt: skip


def differs(a: Tensor, b: Tensor) -> Tensor:
    """Which images [N] are not the same."""
    return (a != b).flatten(1).any(1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 28])
@pytest.mark.parametrize("name", ALL)
def test_every_image_is_changed_and_keeps_its_shape(name, size, channels):
    images = pictures(size=size, channels=channels)
    changed = ALL[name]()(images)
    assert changed.shape == images.shape and changed.dtype == images.dtype
    assert changed.isfinite().all() and differs(changed, images).all()


@pytest.mark.parametrize("name", ALL)
def test_the_generators_state_decides_the_changes(name):
    images = pictures()
    assert torch.equal(ALL[name](5)(images), ALL[name](5)(images))
    assert differs(ALL[name](5)(images), ALL[name](6)(images)).all()
    again = ALL[name](5)
    assert differs(again(images), again(images)).all()


@pytest.mark.parametrize("name", ALL)
def test_each_image_gets_changes_of_its_own(name):
    changed = ALL[name]()(pictures(count=1).expand(8, -1, -1, -1))
    assert all(differs(changed[:1], changed[i : i + 1]) for i in range(1, 8))


@pytest.mark.parametrize("name", ALL)
def test_global_random_numbers_are_left_alone(name):
    before = torch.get_rng_state()
    ALL[name]()(pictures())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ALL)
def test_pictures_in_bf16_are_changed_in_fp32(name):
    assert ALL[name]()(pictures().bfloat16()).dtype == torch.float32


@pytest.mark.parametrize("name", ALL)
def test_gradients_and_their_gradients_are_exact(name):
    images = pictures(count=2, size=8).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ALL[name](4)(x), images, fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda x: ALL[name](4)(x).sin(), images, fast_mode=True)


@pytest.mark.parametrize("size", [8, 16, 28, 32])
def test_an_image_moves_by_at_most_an_eighth_and_black_comes_in(size):
    images = pictures(count=120, size=size)
    moved, most, seen = augment.shift(images, rng()), max(size // 8, 1), set()
    assert most <= size / 8
    padded = torch.nn.functional.pad(images, [most] * 4, value=-1.0)
    places = {
        (down, right): padded[:, :, down : down + size, right : right + size]
        for down in range(2 * most + 1)
        for right in range(2 * most + 1)
    }
    for i in range(len(images)):
        found = [place for place, there in places.items() if torch.equal(moved[i], there[i])]
        assert len(found) == 1
        seen.add(found[0])
    assert {down for down, _ in seen} == {right for _, right in seen} == set(range(2 * most + 1))


@pytest.mark.parametrize("size", [16, 28])
def test_a_hole_is_grey_and_leaves_three_quarters_of_the_image_alone(size):
    images = pictures(count=200, size=size)
    with_hole = augment.cut(images, rng())
    hole = (with_hole == 0).all(1)
    assert torch.equal(with_hole.where(~hole[:, None], images), images)
    share = hole.flatten(1).double().mean(1)
    assert share.max() == 1 / 4 and share.min() > 0
    # Its centre may lie on any edge, but no further out.
    assert share.min() <= 1 / 9
    assert (share >= 1 / 16).all()


def test_mirrored_images_are_about_one_half():
    images = pictures(count=400)
    changed = augment.mirror(images, rng())
    flipped = ~differs(changed, images.flip(3))
    assert 150 < flipped.sum() < 250 and (flipped ^ ~differs(changed, images)).all()


def test_turns_are_by_all_four_quarters_alike():
    images = pictures(count=400)
    changed = augment.turn(images, rng())
    by = torch.stack([~differs(changed, images.rot90(quarters, (2, 3))) for quarters in range(4)])
    assert (by.sum(0) == 1).all()
    assert all(60 < count < 140 for count in by.sum(1).tolist())


def test_brightness_moves_all_pixels_alike_by_at_most_a_half():
    images = pictures(count=200)
    by = augment.brightness(images, rng()) - images
    torch.testing.assert_close(by, by[:, :1, :1, :1].expand_as(by))
    assert -0.5 <= by.min() < -0.4 and 0.4 < by.max() <= 0.5


def test_saturation_keeps_the_grey_of_every_pixel_and_scales_its_colour():
    images = pictures(count=200)
    changed = augment.saturation(images, rng())
    torch.testing.assert_close(changed.mean(1), images.mean(1))
    scale = (changed - changed.mean(1, keepdim=True)).flatten(1).norm(dim=1)
    scale /= (images - images.mean(1, keepdim=True)).flatten(1).norm(dim=1)
    assert 0 <= scale.min() < 0.1 and 1.9 < scale.max() <= 2


def test_grey_images_have_no_colour_to_change():
    images = pictures(channels=1)
    torch.testing.assert_close(augment.saturation(images, rng()), images)


def test_contrast_keeps_the_mean_and_scales_the_rest():
    images = pictures(count=200)
    changed = augment.contrast(images, rng())
    torch.testing.assert_close(changed.mean((1, 2, 3)), images.mean((1, 2, 3)))
    scale = changed.flatten(1).std(1) / images.flatten(1).std(1)
    assert 0.5 <= scale.min() < 0.6 and 1.4 < scale.max() <= 1.5


@pytest.mark.parametrize("name", SINGLE)
def test_single_changes_keep_the_shape_and_differ_between_images(name):
    images = pictures(count=1).expand(12, -1, -1, -1)
    changed = SINGLE[name](images, rng())
    assert changed.shape == images.shape
    assert differs(changed[1:], changed[:1].expand_as(changed[1:])).any()


def test_with_a_probability_of_zero_nothing_changes():
    images = pictures()
    assert torch.equal(adaptive(0.0)(images), images)


def test_more_images_stay_as_they_are_the_smaller_the_probability():
    images = pictures(count=300)
    shares = [differs(adaptive(p)(images), images).double().mean().item() for p in (0.01, 0.1, 0.3, 0.8)]
    assert shares == sorted(shares) and 0.01 < shares[0] < 0.15 and shares[-1] > 0.99


def test_the_probability_goes_by_one_in_500_000_images_up_where_d_is_sure_and_down_where_not():
    sure, unsure = torch.ones(50), -torch.ones(50)
    change = AdaptiveAugment(rng(), target=0.6)
    change.certainty.fill_(0.9)
    for _ in range(100):
        change.adapt(sure)
    assert change.p.item() == pytest.approx(100 * 50 / 500_000, rel=1e-4)
    change.certainty.fill_(-0.9)
    for _ in range(50):
        change.adapt(unsure)
    assert change.p.item() == pytest.approx(50 * 50 / 500_000, rel=1e-4)


def test_the_batch_size_does_not_decide_how_fast_the_probability_goes():
    small, large = (AdaptiveAugment(rng(), 0.6) for _ in range(2))
    for change, size in ((small, 10), (large, 100)):
        change.certainty.fill_(1)
        for _ in range(1000 // size):
            change.adapt(torch.ones(size))
    assert small.p.item() == pytest.approx(large.p.item(), rel=1e-4)


def test_the_probability_stays_between_0_and_its_most():
    change = adaptive(0.8)
    change.certainty.fill_(1)
    change.adapt(torch.ones(100_000))
    assert change.p.item() == pytest.approx(augment.ADA_MOST)
    change.certainty.fill_(-1)
    for _ in range(10):
        change.adapt(-torch.ones(100_000))
    assert change.p.item() == 0


def test_a_moment_of_doubt_does_not_turn_the_probability():
    change = adaptive(0.5, target=0.6)
    change.certainty.fill_(1)
    change.adapt(-torch.ones(10))
    assert change.p.item() > 0.5 and change.certainty.item() == pytest.approx(0.96)


def test_a_saved_probability_comes_back_to_the_last_bit():
    change, again = adaptive(0.1), AdaptiveAugment(rng(), 0.6)
    for _ in range(7):
        change.adapt(torch.ones(3))
    again.load_state_dict(change.state_dict())
    assert torch.equal(again.p, change.p) and torch.equal(again.certainty, change.certainty)


@pytest.mark.parametrize(("name", "kind"), [("none", None), ("diffaugment", DiffAugment), ("ada", AdaptiveAugment)])
def test_a_config_chooses_its_augmentation(name, kind):
    chosen = augment.choose(TrainConfig(augment=name, ada_target=0.4), rng())
    assert chosen is None if kind is None else type(chosen) is kind
    assert name != "ada" or chosen.target == 0.4
