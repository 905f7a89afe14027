from benchmarks.visitors import Drag


def test_the_slowest_visitor_and_the_slowest_answers_are_told():
    drag = Drag.of([30.0, 10.04, 20.0], [float(ms) for ms in range(100, 0, -1)])
    assert drag == Drag(
        3, faces_per_sec_min=10.0, faces_per_sec_median=20.0, p50_ms=50.5, p95_ms=96.0, longest_ms=100.0
    )


def test_the_longest_wait_is_that_between_two_pictures_where_it_is_known():
    assert Drag.of([30.0], [10.0, 20.0], 70.04).longest_ms == 70.0
