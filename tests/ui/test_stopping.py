from types import SimpleNamespace

import pytest
from gradio.context import LocalContext

from ui import stopping
from ui.stopping import cancel, until_cancelled


@pytest.fixture
def on_page():
    """on_page(name): what follows is asked by that page."""
    yield lambda name: LocalContext.request.set(SimpleNamespace(session_hash=name))
    LocalContext.request.set(None)


def test_what_a_page_began_ends_when_that_page_cancels_and_no_other(on_page):
    on_page("mine")
    events = until_cancelled(iter(range(10)))
    assert next(events) == 0
    on_page("other")
    cancel()
    assert next(events) == 1
    on_page("mine")
    cancel()
    assert list(events) == []


def test_of_two_things_on_one_page_only_the_named_one_ends(on_page):
    on_page("mine")
    look, trial = until_cancelled(iter(range(3)), "look"), until_cancelled(iter(range(3)), "trial")
    assert next(look) == next(trial) == 0
    cancel("trial")
    assert list(trial) == [] and list(look) == [1, 2]


def test_a_cancel_of_before_does_not_end_what_comes_after(on_page):
    on_page("mine")
    cancel()
    assert list(until_cancelled(iter(range(3)))) == [0, 1, 2]


def test_who_cancels_what_was_never_begun_leaves_nothing_behind(on_page):
    for name in ("one", "two"):
        on_page(name)
        cancel("anything")
    on_page("mine")
    assert list(until_cancelled(iter(range(3)))) == [0, 1, 2]
    assert not stopping._under_way
