import io

import numpy as np
import pytest
import torch
from PIL import Image

from gan_core.home import datasets
from gan_core.runs.checkpoint import load_discriminator, load_generator, load_state
from gan_core.runs.run_dir import RunBusy, RunDir
from gan_core.training import ema


def seen(run: RunDir) -> list[int]:
    return [row["nimg"] for row in run.metrics()]


def final_state(run: RunDir) -> dict:
    state = load_state(run.states()[0])
    assert state.pop("seconds") > 0
    return {name: value for name, value in state.items() if name not in ("config", "data", "metrics")}


def assert_ended_alike(a: RunDir, b: RunDir) -> None:
    torch.testing.assert_close(final_state(a), final_state(b), rtol=0, atol=0)
    weights = [load_generator(run.generator)[0].state_dict() for run in (a, b)]
    torch.testing.assert_close(*weights, rtol=0, atol=0)


def damage(*states) -> None:
    for path in states:
        path.write_bytes(path.read_bytes()[:1000])


def test_a_run_trains_to_its_goal_and_leaves_everything_a_watcher_needs(run, work, tiny):
    worker = work()
    status = worker(run)
    assert (status.state, status.nimg, status.pid) == ("done", 80, 4711)
    assert run.status() == status
    assert "CPU" in status.device
    assert seen(run) == [tick.nimg for tick in worker.ticks] == [24, 48, 72, 80]
    assert [nimg for nimg, _ in run.samples()] == [nimg for nimg, _ in run.snapshots()] == [24, 48, 72, 80]
    assert [int(path.stem) for path in run.states()] == [80]
    assert run.data()["count"] == 40
    assert load_generator(run.generator)[1:] == load_discriminator(run.discriminator)[1:] == (tiny, 80)
    assert not run.is_alive()
    leftovers = [path.name for path in run.path.rglob(".*") if path.name != ".lock"]
    assert leftovers == []


def test_the_discriminator_and_the_snapshots_are_those_of_the_training(run, work):
    work()(run)
    D = load_discriminator(run.discriminator)[0].state_dict()
    torch.testing.assert_close(D, load_state(run.states()[0])["D"], rtol=0, atol=0)
    (nimg, first), *_, (_, last) = run.snapshots()
    snapshot, _, images_seen = load_generator(first)
    assert images_seen == nimg == 24 and snapshot.project.weight.dtype == torch.float32
    weights = [load_generator(path)[0].project.weight for path in (first, last, run.generator)]
    torch.testing.assert_close(*weights[1:], rtol=1e-3, atol=1e-6)
    assert not torch.equal(weights[0], weights[1])


def test_a_line_of_metrics_has_all_that_charts_need(run, work):
    work()(run)
    row = run.metrics()[-1]
    assert row.keys() >= {"nimg", "seconds", "time", "loss/D", "loss/G", "score/real", "score/fake", "img_per_sec"}
    assert all(isinstance(value, (int, float)) for value in row.values())
    times = [row["seconds"] for row in run.metrics()]
    assert times == sorted(times)


def test_a_sample_sheet_is_64_faces(run, work):
    work()(run)
    sheet = Image.open(io.BytesIO(run.samples()[-1][1].read_bytes()))
    assert sheet.size == (8 * 34 - 2, 8 * 34 - 2)
    assert np.asarray(sheet).std() > 1


def test_watchers_hear_preparing_then_training_then_the_end(run, work):
    worker = work()
    worker(run)
    states = list(dict.fromkeys(status.state for status in worker.statuses))
    assert states == ["preparing", "training", "done"]


def test_the_stop_file_stops_at_the_next_step_with_everything_saved(new_run, work):
    run = new_run("a", kimg=None, tick_kimg=0.024)

    class StopAtFirstTick(work):
        def watch(self, event):
            super().watch(event)
            if len(self.ticks) == 1:
                RunDir(run.path).request_stop()

    status = StopAtFirstTick()(run)
    assert (status.state, status.nimg) == ("stopped", 32)
    assert int(run.states()[0].stem) == final_state(run)["nimg"] == 32
    assert load_generator(run.generator)[2] == 32
    assert seen(run) == [24, 32]
    assert not run.stop_requested()


def test_a_stop_that_is_asked_for_before_the_process_is_up_is_not_lost(new_run, work):
    run = new_run("a", kimg=0.4)
    run.request_stop()
    assert work()(run).state == "stopped"
    assert run.status().nimg < 100
    assert not run.stop_requested()


@pytest.mark.parametrize("stop_at", [8, 40])
def test_a_resumed_run_ends_as_the_uninterrupted_one_bit_for_bit(new_run, work, set_goal, stop_at):
    whole = new_run("whole", tick_kimg=0.024)
    work()(whole)
    parted = new_run("parted", tick_kimg=0.008)
    assert work(stop_at)(parted).nimg == stop_at + 8
    set_goal(parted, tick_kimg=0.016)
    assert work()(parted).state == "done"
    assert_ended_alike(whole, parted)
    assert seen(parted) == sorted(set(seen(parted)))


def test_after_a_damaged_state_the_older_one_is_used_without_duplicates(new_run, work):
    whole, parted = new_run("whole"), new_run("parted", tick_kimg=0.008, save_seconds=0.0)
    work()(whole)
    work(stop_at=40)(parted)
    assert [int(path.stem) for path in parted.states()] == [48, 40]
    damage(parted.states()[0])
    status = work()(parted)
    assert (status.state, status.nimg) == ("done", 80)
    assert "the newest saved state was damaged: it went on from an older one, of 40 images" in status.message
    assert seen(parted) == [nimg for nimg, _ in parted.samples()] == list(range(8, 81, 8))
    assert [nimg for nimg, _ in parted.snapshots()] == list(range(8, 81, 8))
    assert_ended_alike(whole, parted)


def test_a_watcher_of_a_resumed_run_sees_the_images_of_the_state_that_was_loaded(new_run, work):
    run = new_run("a", tick_kimg=0.008, save_seconds=0.0)
    work(stop_at=40)(run)
    damage(run.states()[0])
    again = work()
    again(run)
    training = next(status for status in again.statuses if status.state == "training")
    assert training.nimg == 40
    assert training.seconds > 0
    assert {status.nimg for status in again.statuses if status.state == "preparing"} == {48}


def test_without_any_usable_state_a_run_refuses_in_a_sentence_and_forgets_nothing(new_run, work):
    run = new_run("a", tick_kimg=0.008, save_seconds=0.0)
    work(stop_at=40)(run)
    before = seen(run)
    damage(*run.states())
    with pytest.raises(ValueError, match="none of this run's saved states can be loaded"):
        work()(run)
    assert run.status().state == "failed"
    assert "damaged" in run.status().message
    assert run.status().nimg == 48
    assert seen(run) == before


def test_a_run_can_fail_and_keep_its_count_so_that_more_is_counted_from_there(new_run, work, set_goal):
    run = new_run("a")
    work()(run)
    set_goal(run, data="/there/is/nothing", kimg=1.0)
    for path in datasets().iterdir():
        if path.is_dir():
            (path / "store.json").unlink()
    with pytest.raises(ValueError, match=" "):
        work()(run)
    assert (run.status().state, run.status().nimg) == ("failed", 80)
    assert run.status().seconds > 0


def test_a_run_whose_pictures_have_gone_goes_on_with_the_prepared_ones(new_run, work, pets, tmp_path):
    whole, parted = (new_run(name, data=str(pets)) for name in ("whole", "parted"))
    work()(whole)
    work(stop_at=24)(parted)
    pets.rename(tmp_path / "elsewhere")
    assert work()(parted).state == "done"
    assert_ended_alike(whole, parted)


def test_a_run_whose_pictures_have_changed_goes_on_with_those_it_knows_or_says_so(new_run, work, pets):
    run = new_run("a", data=str(pets))
    work(stop_at=24)(run)
    (pets / "0.png").unlink()
    assert work(stop_at=24)(run).state == "stopped"
    assert run.data()["count"] == 12
    for path in datasets().glob("*/store.json"):
        path.unlink()
    with pytest.raises(ValueError, match="the pictures have changed"):
        work()(run)
    assert run.data()["count"] == 12


def test_what_a_state_does_not_hold_is_found_again(new_run, work, tiny):
    run = new_run("a", tick_kimg=0.008, save_seconds=0.0)
    work(stop_at=40)(run)
    data, before = run.data(), run.metrics()
    for name in ("metrics.jsonl", "data.json", "status.json", "config.json"):
        path = run.path / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert work()(run).state == "done"
    assert run.metrics()[: len(before)] == before and seen(run) == list(range(8, 81, 8))
    assert (run.data(), run.config().model) == (data, tiny.model)


def test_damaged_generators_are_set_aside_and_made_anew(new_run, work):
    run = new_run("a", tick_kimg=0.008, save_seconds=0.0)
    work(stop_at=16)(run)
    run.best.write_bytes(run.generator.read_bytes())
    _, snapshot = run.snapshots()[0]
    damage(run.best, run.generator, run.discriminator, snapshot)
    work()(run)
    assert load_generator(run.generator)[2] == load_discriminator(run.discriminator)[2] == 80 and not run.best.exists()
    for path in (run.best, run.discriminator, snapshot):
        assert path.with_name(f"damaged-{path.name}").exists()
    assert [nimg for nimg, _ in run.snapshots()] == list(range(16, 81, 8))


@pytest.mark.parametrize("name", ["config.json", "state"])
def test_a_run_of_a_newer_format_is_not_touched(new_run, work, files_in, name):
    run = new_run("a")
    work()(run)
    if name == "state":
        torch.save(load_state(run.states()[0]) | {"format_version": 99}, run.states()[0])
    else:
        (run.path / name).write_text('{"format_version": 99}')
    before = files_in(run.path)
    with pytest.raises(ValueError, match="newer version of this program"):
        work()(run)
    after = files_in(run.path)
    assert name == "state" and after["metrics.jsonl"] == before["metrics.jsonl"] or after == before
    assert [path.stem for path in run.states()] == ["000000080"]


def test_a_failure_is_recorded_before_it_is_raised(new_run, work):
    run = new_run("a", data="/there/is/nothing")
    with pytest.raises(ValueError, match="/there/is/nothing"):
        work()(run)
    assert run.status().state == "failed"
    assert "/there/is/nothing" in run.status().message
    assert not run.is_alive()


def test_a_divergence_is_a_failure_that_keeps_the_last_good_state(new_run, work):
    run = new_run("a", tick_kimg=0.008, save_seconds=0.0, auto_heal=False)
    work(stop_at=16)(run)
    state = load_state(run.states()[0])
    state["D"]["score.weight"].fill_(3e38)
    torch.save(state, run.states()[0])
    with pytest.raises(FloatingPointError):
        work()(run)
    assert run.status().state == "failed"
    assert "finite" in run.status().message
    assert int(run.states()[0].stem) == 24


def test_a_state_that_is_not_finite_is_passed_over_for_an_older_one(new_run, work):
    whole, parted = new_run("whole"), new_run("parted", tick_kimg=0.008, save_seconds=0.0)
    work()(whole)
    work(stop_at=16)(parted)
    state = load_state(parted.states()[0])
    state["D"]["score.weight"].fill_(float("nan"))
    torch.save(state, parted.states()[0])
    work()(parted)
    assert_ended_alike(whole, parted)


def test_a_bug_is_recorded_without_its_traceback(run, work):
    class Broken(work):
        def watch(self, event):
            if event.nimg:
                raise AttributeError("a bug")

    with pytest.raises(AttributeError):
        Broken()(run)
    assert run.status().state == "failed"
    assert "unexpected AttributeError" in run.status().message


def test_a_run_that_is_being_trained_is_refused_and_left_alone(run, work, files_in):
    with run.claim():
        before = files_in(run.path)
        with pytest.raises(RunBusy, match="'mine'"):
            work()(run)
        assert files_in(run.path) == before


def test_the_last_generator_is_measured_over_more_z_than_a_ticks(run, work, tiny):
    work()(run)
    G, rough = load_generator(run.generator)[0], load_state(run.states()[0])["G_ema"]
    written = {name: value.clone() for name, value in G.state_dict().items()}
    assert all(torch.equal(written[name], rough[name]) for name, _ in G.named_parameters())
    z = torch.randn(2048, tiny.model.latent_dim, generator=torch.Generator().manual_seed(tiny.train.seed))
    ema.refresh_batch_norm(G, z)
    torch.testing.assert_close(G.state_dict(), written)
    assert not torch.equal(written["first.0.running_var"], rough["first.0.running_var"])


def test_states_are_saved_as_often_as_asked_and_two_are_kept(new_run, work):
    often, seldom = new_run("often", save_seconds=0.0), new_run("seldom", save_seconds=1e6)
    for run in (often, seldom):
        work()(run)
    assert [int(path.stem) for path in often.states()] == [80, 72]
    assert [int(path.stem) for path in seldom.states()] == [80]
