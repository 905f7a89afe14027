"""A run goes on exactly as it was trained, or somebody has chosen otherwise."""

import json
from dataclasses import fields

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.config import NOT_OF_WEIGHTS, TrainConfig
from gan_core.home import datasets
from gan_core.runs import job
from gan_core.runs.changes import OF_PICTURES, Change, Changed, as_it_was, changes
from gan_core.runs.checkpoint import load_generator, load_state
from gan_core.runs.run_dir import RunBusy, RunDir, Status


@pytest.fixture
def trained(new_run, work, pets) -> RunDir:
    """A run on a folder of pictures that stopped half-way."""
    run = new_run("mine", data=str(pets), tick_kimg=0.008)
    work(stop_at=24)(run)
    return run


def edit(run: RunDir, part: str = "train", **values) -> None:
    path = run.path / "config.json"
    config = json.loads(path.read_text())
    config[part] |= values
    path.write_text(json.dumps(config))


def add_picture(pets) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(pets / "new.png")


def test_the_lists_of_settings_name_settings():
    assert {spec.name for spec in fields(TrainConfig)} >= {*NOT_OF_WEIGHTS, *OF_PICTURES}


def test_nothing_has_changed_in_a_run_that_nobody_touched(trained, new_run):
    assert changes(trained) == []
    assert changes(new_run("fresh")) == []


def test_goals_and_intervals_may_change_freely(trained):
    edit(trained, kimg=9.0, minutes=3.0, tick_kimg=1.0, save_seconds=5.0, eval_seconds=0.0, auto_heal=False)
    assert changes(trained) == []


def test_every_difference_is_named_with_before_and_now(trained, pets):
    edit(trained, lr=1e-3, loss="hinge")
    edit(trained, "model", ngf=8, latent_dim=4)
    assert changes(trained) == [
        Change("latent_dim", 8, 4, False), Change("ngf", 4, 8, False),
        Change("lr", 2e-4, 1e-3), Change("loss", "bce", "hinge"),
    ]  # fmt: skip


def test_a_setting_that_changes_the_networks_says_so(trained):
    assert changes(trained, r1_gamma=1.0) == [Change("r1_gamma", 0.0, 1.0), Change("d_norm", "batch", "none", False)]


def test_pictures_that_are_more_or_others_or_elsewhere_are_a_difference(trained, pets, tmp_path):
    add_picture(pets)
    assert changes(trained) == [Change("pictures", f"12 of {pets}", f"13 of {pets}")]
    (pets / "0.png").unlink()
    assert changes(trained) == [Change("pictures", f"12 of {pets}", f"12 others of {pets}")]
    assert changes(trained, data="drawn:7") == [Change("pictures", f"12 of {pets}", "7 of drawn:7")]
    assert changes(trained, data="mnist") == [Change("data", str(pets), "mnist")]


def test_pictures_that_moved_or_went_are_no_difference(trained, pets, tmp_path):
    pets.rename(tmp_path / "elsewhere")
    assert changes(trained) == []
    (tmp_path / "deeper").mkdir()
    (tmp_path / "elsewhere").rename(tmp_path / "deeper" / "pets")
    assert changes(trained, data=str(tmp_path / "deeper" / "pets")) == []


def test_what_a_treatment_changed_is_no_difference(trained):
    edit(trained, lr=1e-4)
    trained.append_history({"nimg": 24, "changes": {"lr": [2e-4, 1e-4]}})
    assert changes(trained) == []
    edit(trained, lr=3e-4)
    assert changes(trained) == [Change("lr", 2e-4, 3e-4)]


def test_a_changed_run_is_refused_and_left_alone(trained, files_in):
    edit(trained, lr=1e-3)
    before = files_in(trained.path)
    with pytest.raises(
        Changed, match="'mine' would not go on as it was trained: lr was 0.0002 and is 0.001"
    ) as refused:
        job.prepare_resume(trained, kimg=1.0)
    assert refused.value.changes == [Change("lr", 2e-4, 1e-3)]
    assert files_in(trained.path) == before


def test_a_run_of_a_newer_format_is_refused_and_left_alone(trained, files_in):
    path = trained.path / "config.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))
    before = files_in(trained.path)
    with pytest.raises(ValueError, match="newer version of this program, in format 2"):
        job.prepare_resume(trained, ignore_changes=True)
    assert files_in(trained.path) == before


def test_as_it_was_goes_on_bit_for_bit(trained, new_run, work, pets):
    whole = new_run("whole", data=str(pets))
    work()(whole)
    edit(trained, lr=1e-3, kimg=0.08)
    add_picture(pets)
    job.prepare_resume(trained, ignore_changes=True)
    assert as_it_was(trained) == trained.config() and trained.config().train.lr == 2e-4
    assert work()(trained).state == "done"
    weights = [load_generator(run.generator)[0].state_dict() for run in (whole, trained)]
    torch.testing.assert_close(*weights, rtol=0, atol=0)


def test_a_fine_tuned_run_begins_with_its_parents_weights_on_the_pictures_of_now(trained, work, pets, files_in):
    edit(trained, lr=1e-3)
    add_picture(pets)
    before = files_in(trained.path)
    run = job.prepare_fine_tune(trained, "tuned", kimg=0.016)
    assert files_in(trained.path) == before
    assert (run.config().parent, run.config().train.lr, run.config().train.kimg) == ("mine", 1e-3, 0.016)
    parent, heard = load_state(trained.states()[0]), work()
    assert heard(run).state == "done"
    assert "it began with 100% of the weights of 'mine'" in [status.message for status in heard.statuses]
    assert run.data()["count"] == 13 and run.status().nimg == 16 and not run.parent_state.exists()
    steps = [load_state(each.states()[0])["opt_G"]["state"][0]["step"].item() for each in (trained, run)]
    assert steps[1] == steps[0] + 2, "the optimiser goes on"
    told = {"nimg": trained.status().nimg, "pictures": "pets", "changes": {"lr": [2e-4, 1e-3]}, "share": 1.0}
    assert run.parent() == told
    moved = load_state(run.states()[0])["G"]["to_image.weight"] - parent["G"]["to_image.weight"]
    assert 0 < moved.abs().max() < 0.02
    assert load_generator(run.generator)[1].parent == "mine"
    assert changes(run) == []


def test_weights_that_do_not_fit_are_left_behind(trained, work):
    edit(trained, "model", ngf=8)
    run, heard = job.prepare_fine_tune(trained), work()
    assert run.name == "mine-2"
    assert heard(run).state == "done"
    (share,) = {message for status in heard.statuses if "weights of" in (message := status.message)}
    assert share != "it began with 100% of the weights of 'mine'"
    assert run.parent()["changes"] == {"ngf": [4, 8]} and 0 < run.parent()["share"] < 1


def test_a_fine_tuned_run_that_was_killed_before_its_first_state_begins_as_before(trained, work):
    run = job.prepare_fine_tune(trained, "tuned")
    run.write_status(Status("training"))
    heard = work()
    heard(run)
    assert any("100% of the weights" in status.message for status in heard.statuses)
    run.states()[0].unlink()
    with pytest.raises(ValueError, match="the weights of 'mine', which this run was to begin with, are gone"):
        work()(run)


def test_a_run_without_a_state_or_name_or_with_a_process_has_no_child(trained, new_run):
    with pytest.raises(ValueError, match="no training state whose weights"):
        job.prepare_fine_tune(new_run("fresh"))
    with pytest.raises(ValueError, match="there is a run 'mine' already"):
        job.prepare_fine_tune(trained, "mine")
    with pytest.raises(ValueError, match="more than 0 kimg"):
        job.prepare_fine_tune(trained, "tuned", kimg=0.0)
    with pytest.raises(ValueError, match="/there/is/nothing"):
        job.prepare_fine_tune(trained, "tuned", data="/there/is/nothing")
    trained.write_status(Status("training"))
    with trained.claim(), pytest.raises(RunBusy, match="stop it first"):
        job.prepare_fine_tune(trained, "tuned")
    assert sorted(path.name for path in trained.path.parent.iterdir() if path.is_dir()) == ["fresh", "mine"]


def test_without_the_prepared_pictures_a_changed_source_needs_a_new_run(trained, work, pets):
    add_picture(pets)
    for path in datasets().glob("*/store.json"):
        path.unlink()
    job.prepare_resume(trained, ignore_changes=True)
    with pytest.raises(ValueError, match="the pictures have changed"):
        work()(trained)
