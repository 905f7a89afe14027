import numpy as np
import pytest
import torch

from gan_core.runs.checkpoint import load_generator, load_state, save_state
from gan_core.runs.evaluator import FEWEST_IMAGES, Evaluator
from gan_core.runs.run_dir import RunDir, best_of
from gan_core.training.trainer import Trainer

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (300, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def trainer(tiny) -> Trainer:
    return Trainer(tiny, IMAGES, CPU)


def test_it_measures_distance_diversity_and_what_the_discriminator_knows(trainer):
    found = Evaluator(IMAGES, 60.0).measure(trainer)
    assert set(found) == {"swd", "swd_floor", "diversity", "accuracy/fake", "accuracy/train", "accuracy/held_out"}
    # An untrained generator makes grey, where the pictures are noise.
    assert found["swd"] > 5 * found["swd_floor"] > 0
    assert all(0 <= share <= 1 for name, share in found.items() if name.startswith("accuracy"))


def test_it_gives_the_same_numbers_again_and_leaves_the_course_alone(trainer, tiny):
    undisturbed = Trainer(tiny, IMAGES, CPU)
    evaluator = Evaluator(IMAGES, 60.0)
    trainer.step(), undisturbed.step()
    trainer.refresh_ema(), undisturbed.refresh_ema()
    assert evaluator.measure(trainer) == evaluator.measure(trainer)
    trainer.step(), undisturbed.step()
    for one, other in zip(trainer.D.state_dict().values(), undisturbed.D.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_it_is_due_now_and_then_and_always_at_the_end(trainer):
    evaluator = Evaluator(IMAGES, 60.0)
    trainer.seconds = 59.0
    assert not evaluator.due(trainer)
    trainer.seconds = 61.0
    assert evaluator.due(trainer)
    evaluator.evaluated_at, evaluator.cost = 61.0, 10.0
    trainer.seconds = 61.0 + 190.0
    assert not evaluator.due(trainer), "ten seconds are more than a twentieth of that"
    trainer.nimg = 10**6
    assert evaluator.due(trainer)


@pytest.mark.parametrize(("images", "seconds"), [(IMAGES[: FEWEST_IMAGES - 1], 60.0), (IMAGES, 0.0)])
def test_too_few_pictures_or_no_wish_mean_no_evaluation(trainer, images, seconds):
    trainer.nimg = 10**6
    assert not Evaluator(images, seconds).due(trainer)


def test_pictures_that_are_all_alike_have_no_diversity_but_a_distance(trainer):
    found = Evaluator(np.full_like(IMAGES, 90), 60.0).measure(trainer)
    assert "diversity" not in found and found["swd"] > 0


def test_a_run_keeps_its_best_generator_and_says_which(new_run, work):
    run = new_run("drawn", data="drawn:80", kimg=0.096, tick_kimg=0.024, eval_seconds=1e-9)
    work()(run)
    rows = [row for row in run.metrics() if "swd" in row]
    # The cost of one measurement lies between the first and the next; the last is at the end.
    assert len(rows) >= 2 and rows[-1]["nimg"] == 96
    best = run.best_row()
    assert best["swd"] <= 1.03 * min(row["swd"] for row in rows)
    G, config, nimg = load_generator(run.best)
    assert nimg == best["nimg"] and config == run.config()


@pytest.mark.parametrize(
    ("measured", "best"), [([9, 5, 7], 2), ([9, 5, 5.1], 3), ([5.1, 5, 9], 2), ([9, 5.2, 5], 3), ([], None)]
)
def test_of_equals_the_one_that_was_trained_longest_is_the_best(measured, best):
    rows = [{"nimg": nimg, "swd": swd} for nimg, swd in enumerate(measured, 1)]
    found = best_of([{"nimg": 0}, *rows])
    assert (found and found["nimg"]) == best


def test_a_worse_generator_does_not_replace_the_best(new_run, work, set_goal):
    run = new_run("drawn", data="drawn:80", kimg=0.048, tick_kimg=0.024, eval_seconds=1e-9)
    work()(run)
    kept = run.best.read_bytes()
    for path in run.states():
        state = load_state(path)
        rows = [{**row, "swd": 0.001} if "swd" in row else row for row in state["metrics"]]
        save_state(path, {**state, "metrics": rows})
    set_goal(run, kimg=0.096)
    work()(run)
    assert run.best.read_bytes() == kept
    assert run.best_row()["nimg"] <= 48


def test_a_run_without_measurements_has_no_best(run):
    assert run.best_row() is None and not RunDir(run.path).best.exists()


def test_classes_enter_the_config_and_stay_whatever_becomes_of_the_pictures(new_run, work, tmp_path, set_goal):
    from PIL import Image

    for name, colour in (("red", "red"), ("blue", "blue")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (32, 32), colour).save(tmp_path / "pets" / name / f"{i}.png")
    run = new_run("pets", data=str(tmp_path / "pets"), kimg=0.016)
    work()(run)
    assert run.config().model.classes == ("blue", "red")
    (tmp_path / "pets" / "blue").rename(tmp_path / "pets" / "green")
    set_goal(run, kimg=0.032)
    assert work()(run).state == "done"
    assert run.config().model.classes == ("blue", "red")
