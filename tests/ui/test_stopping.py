from types import SimpleNamespace

import pytest
from gradio.context import LocalContext

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


def test_a_cancel_of_before_does_not_end_what_comes_after(on_page):
    on_page("mine")
    cancel()
    assert list(until_cancelled(iter(range(3)))) == [0, 1, 2]
