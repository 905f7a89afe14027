import threading
import time

import pytest
from long_work import ended

from ui.explore import work


def test_a_work_tells_how_far_it_is_and_what_it_shows_then_gives_its_result():
    going_on, halfway = threading.Event(), threading.Event()

    def function(report):
        report(0.5, "half", image="x")
        halfway.set()
        assert going_on.wait(300)
        return {"answer": 7}

    begun = work.begin(function)
    assert halfway.wait(300)
    told = work.progress(begun)
    assert (told["share"], told["words"], told["shown"]) == (0.5, "half", {"image": "x"})
    assert "shown" not in work.progress(begun | {"news": told["news"]})
    going_on.set()
    assert ended(begun) == {"result": {"answer": 7}}
    assert work.progress(begun) == {"result": {"answer": 7}}, "the first answer may have been lost"
    work.cancel(begun | {"had": True})
    assert "no longer known" in work.progress(begun)["error"]


def test_a_cancelled_work_ends_at_its_next_report():
    reports = []

    def function(report):
        while True:
            reports.append(1)
            report(0.1)
            time.sleep(0.01)

    begun = work.begin(function)
    work.cancel(begun)
    assert ended(begun) == {"error": "Cancelled."}
    count = len(reports)
    time.sleep(0.1)
    assert len(reports) == count


def test_a_work_that_nobody_asks_after_ends_and_is_forgotten(monkeypatch, wait_for):
    begun, over = threading.Event(), threading.Event()

    def function(report):
        begun.set()
        try:
            while True:
                report(0.1)
                time.sleep(0.01)
        finally:
            over.set()

    work.begin(function)
    assert begun.wait(300)
    monkeypatch.setattr(work, "UNSEEN_SECONDS", 0.05)
    assert over.wait(300)
    wait_for(lambda: all(each.over and each.unseen for each in work._works.values()))
    work.begin(lambda report: {})
    assert len(work._works) == 1


@pytest.mark.parametrize(("error", "said"), [(ValueError("no such thing"), "no such thing"), (KeyError("x"), "log")])
def test_a_failure_is_one_sentence_and_frees_its_place(error, said):
    def function(report):
        raise error

    for _ in range(work.AT_ONCE + 1):
        assert said in ended(work.begin(function))["error"]


def test_only_so_many_run_at_once_and_wait(monkeypatch):
    running, most, going_on = [], [], threading.Event()

    def function(report):
        running.append(1)
        most.append(len(running))
        assert going_on.wait(300)
        running.pop()
        return {}

    monkeypatch.setattr(work, "visitor", iter(map(str, range(100))).__next__)
    begun = [work.begin(function) for _ in range(work.MOST)]
    with pytest.raises(ValueError, match="busy"):
        work.begin(function)
    going_on.set()
    assert all(ended(each) == {"result": {}} for each in begun)
    assert max(most) <= work.AT_ONCE
    assert ended(work.begin(lambda report: {"free": True})) == {"result": {"free": True}}


@pytest.mark.parametrize("request_", [{}, {"work": None}, {"work": "x"}, {"work": ["x"]}])
def test_an_unknown_work_is_a_sentence(request_):
    assert "no longer known" in work.progress(request_)["error"]
    assert work.cancel(request_) == {}


def test_one_visitor_cannot_take_all_places(monkeypatch):
    going_on = threading.Event()

    def function(report):
        assert going_on.wait(300)
        return {}

    monkeypatch.setattr(work, "visitor", lambda: "greedy")
    begun = [work.begin(function) for _ in range(work.MOST_EACH)]
    with pytest.raises(ValueError, match="you began"):
        work.begin(function)
    monkeypatch.setattr(work, "visitor", lambda: "other")
    begun.append(work.begin(function))
    going_on.set()
    assert all(ended(each) == {"result": {}} for each in begun)


def test_results_that_nobody_fetches_block_nobody_and_are_few(monkeypatch, wait_for):
    def finished() -> dict:
        begun = work.begin(lambda report: {})
        wait_for(lambda: work._works[begun["work"]].over)
        return begun

    monkeypatch.setattr(work, "visitor", lambda: "other")
    kept = finished()
    monkeypatch.setattr(work, "visitor", lambda: "greedy")
    greedy = [finished() for _ in range(work.MOST + 1)]
    assert ended(kept) == {"result": {}}
    assert ended(greedy[-1]) == {"result": {}}
    assert "no longer known" in ended(greedy[0])["error"]
    assert len(work._works) <= work.MOST_EACH + 2
