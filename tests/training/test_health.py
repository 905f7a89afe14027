import pytest

from gan_core.config import preset
from gan_core.training.health import TICKS, judge

CONFIG = preset("fast")
ROW = {"loss/D": 1.0, "loss/G": 2.0, "score/real": 0.7, "score/fake": 0.3}


def after(*measured: tuple[float, float], **more) -> str:
    """The verdict after a few ticks and evaluations of (distance above a floor of 10, diversity)."""
    ticks = [ROW | more | {"nimg": 1000 * i} for i in range(TICKS)]
    rows = [ROW | more | {"nimg": 10**5, "swd": 10 + swd, "swd_floor": 10.0, "diversity": d} for swd, d in measured]
    return judge(CONFIG, ticks + rows).name


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        ([(50, 0.9), (30, 0.9), (25, 0.9)], "healthy"),
        # Distances of a training on photographs whose samples became better all the while.
        ([(24, 0.94), (25, 0.92), (44, 0.91), (43, 0.91), (44, 0.91)], "healthy"),
        # Those of one on cartoons that lost its variety.
        ([(52, 0.8), (90, 0.55), (100, 0.5), (112, 0.49)], "worse"),
        ([(20, 0.9), (70, 0.9), (80, 0.9), (75, 0.9)], "worse"),
        ([(20, 0.9), (70, 0.9), (80, 0.9), (21, 0.9)], "healthy"),
        ([(20, 0.9), (60, 0.2), (60, 0.2), (60, 0.1)], "g-repeats"),
        ([(20, 0.9), (60, 0.2), (60, 0.2), (60, 0.5)], "worse"),
    ],
)
def test_three_evaluations_in_a_row_decide(measured, verdict):
    assert after(*measured) == verdict


def test_knowing_pictures_by_heart_is_cured_by_augmentation_once():
    rows = {"accuracy/train": 0.95, "accuracy/held_out": 0.5}
    ticks = [ROW | rows | {"nimg": 10**5 + i, "swd": 30.0, "swd_floor": 10.0, "diversity": 0.9} for i in range(TICKS)]
    assert judge(CONFIG, ticks).cure == {"augment": "diffaugment"}
    already = judge(CONFIG.with_options(augment="ada"), ticks)
    assert already.name == "by-heart" and already.is_ill and not already.cure


def test_penalties_are_doubled_where_there_are_any_and_else_the_rate_is_halved():
    certain = [ROW | {"nimg": i, "score/real": 0.999, "score/fake": 0.001} for i in range(TICKS)]
    assert judge(CONFIG, certain).cure == {"lr": CONFIG.train.lr / 2}
    penalised = CONFIG.with_options(loss="relativistic", r1_gamma=2.0)
    assert judge(penalised, certain).cure == {"r1_gamma": 4.0}


def test_a_loss_without_bounds_is_not_called_divergent_for_its_size():
    huge = [ROW | {"nimg": 10**5 + i, "loss/G": 1e4} for i in range(TICKS)]
    assert judge(CONFIG, huge).name == "diverged"
    assert judge(CONFIG.with_options(loss="wgan-gp"), huge).name == "healthy"
