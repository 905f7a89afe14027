import pytest
from processes import children

from ui import form, preflight

TINY = {"source": form.LOCAL, "path": "drawn:40", "ngf": 4, "ndf": 4, "latent_dim": 8, "batch_size": 8}


def text_of(update) -> str:
    return update[2].value


def running(update) -> bool:
    begin, cancel, _ = update
    assert begin.visible != cancel.visible
    return cancel.visible


def test_a_trial_shows_its_progress_and_then_what_it_found(filled):
    *progress, found = preflight.run(*filled(**TINY))
    assert all(running(update) for update in progress) and not running(found)
    told = " ".join(map(text_of, progress))
    assert "loading PyTorch" in told and "reading the pictures" in told and "trying out a step" in told
    assert "images/s with batches of 8" in text_of(found) and "will have seen 1,000 pictures" in text_of(found)
    assert "dcgan, 32 px, drawn:40" in text_of(found)
    assert not children("preflight")


def test_leaving_the_page_ends_the_process(filled, wait_for):
    updates = preflight.run(*filled(**TINY))
    next(updates)
    assert children("preflight")
    updates.close()
    wait_for(lambda: not children("preflight"))


def test_a_cancelled_trial_ends_with_the_words_of_before_and_no_other_update_after_them(filled):
    updates = preflight.run(*filled(**TINY))
    assert running(next(updates))
    preflight.cancel()
    last = list(updates)[-1]
    assert not running(last) and text_of(last) == preflight.forget()
    assert not children("preflight")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": ""}, "Say where your pictures are"),
        ({"path": "/no/such/<folder>"}, "There is no /no/such/&lt;folder&gt;"),
        ({"amount": None}, "Say how long"),
        ({"batch_size": 1}, "batch_size must lie between 2 and 4096"),
    ],
)
def test_a_form_that_cannot_be_tried_gets_one_sentence(filled, changes, words):
    last = list(preflight.run(*filled(**TINY | changes)))[-1]
    assert not running(last) and words in text_of(last)


def test_beside_a_training_nothing_is_tried(filled, run):
    with run.claim():
        run.write_status(preflight.job.Status("training"))
        assert "training" in text_of(list(preflight.run(*filled(**TINY)))[-1])
    assert not children("preflight")


def test_on_a_space_a_visitor_cannot_use_the_processor(filled, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    (only,) = preflight.run(*filled(**TINY))
    assert "On this page everybody can explore" in text_of(only)
