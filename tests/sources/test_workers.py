"""Worker processes: what raises, hangs or dies ends one task and not the run."""

import sys
import time
from functools import partial

import pytest

from gradcheck.errors import FunctionError
from gradcheck.workers import Ended, doing, persist, work

MODULE = """
import os
import signal
import time

from gradcheck.workers import doing


def stages():
    # does what a task names, one thing after the other, but for what is lost
    do = obeys()

    def through(task):
        orders, lost = task
        for order in orders:
            if order not in lost:
                with doing(order):
                    do(order)
        return [order for order in orders if order not in lost]

    return through


def halves():
    return lambda number: number / 2


def obeys():
    def do(order):
        if order == "raise":
            raise ValueError("no such number")
        if order == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "exit":
            os._exit(3)
        if order == "hang":
            time.sleep(600)
        if order == "lambda":
            return lambda: None
        return order

    return do


def untold():
    do = obeys()
    return lambda task: do(task[0])


def breaks():
    raise OSError("libcuda.so.1: cannot open shared object file")


def dies():
    os._exit(4)
"""


@pytest.fixture
def tasks(monkeypatch, tmp_path):
    """A module that worker processes can import, as tests are not."""
    (tmp_path / "tasks_of_workers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import tasks_of_workers

    yield tasks_of_workers
    del sys.modules["tasks_of_workers"]


def in_order(ended):
    return sorted(ended, key=lambda e: e.position)


def test_a_process_that_cannot_be_prepared_ends_the_run(tasks):
    with pytest.raises(FunctionError, match=r"libcuda\.so\.1"):
        list(work(tasks.breaks, [1, 2], jobs=2))


def test_a_process_that_dies_before_it_does_anything_ends_the_run(tasks):
    with pytest.raises(FunctionError, match="exit code 4 before it did anything"):
        list(work(tasks.dies, [1], jobs=1))


def test_no_task_starts_no_process(tasks):
    assert list(work(tasks.breaks, [], jobs=3)) == []


def test_each_task_has_its_result(tasks):
    assert in_order(work(tasks.halves, [4, 6, 8, 10], jobs=2)) == [Ended(i, i + 2.0) for i in range(4)]


def test_what_fails_ends_itself_only(tasks):
    orders = ["raise", "die", "exit", "lambda", "hang", "work"]
    ended = in_order(work(tasks.obeys, orders, jobs=1, limit=1.5))
    assert [e.result for e in ended] == [None] * 5 + ["work"]
    assert [e.failure for e in ended] == [
        "ValueError: no such number",
        "crashed the process with signal 9",
        "crashed the process with exit code 3",
        "crashed the process with exit code 1",
        "timed out: it was ended after 1.5 s",
        "",
    ]


def test_who_stops_listening_waits_for_nobody(tasks):
    results = work(tasks.obeys, ["work", "hang"], jobs=1)
    assert next(results).result == "work"
    started = time.perf_counter()
    results.close()
    assert time.perf_counter() - started < 5


def test_what_prepares_can_be_a_partial(tasks):
    assert next(work(partial(tasks.obeys), ["work"], jobs=1)) == Ended(0, "work")


def test_what_ended_a_process_is_left_out_of_the_next_try(tasks):
    ended = in_order(persist(tasks.stages, [("work", "die", "exit", "a"), ("b", "c")], jobs=2))
    assert ended == [Ended(0, ["work", "a"]), Ended(1, ["b", "c"])]


def test_a_hang_is_left_out_once_and_a_second_one_ends_the_task(tasks):
    (ended,) = persist(tasks.stages, [("hang", "work")], jobs=1, limit=1.5)
    assert ended == Ended(0, ["work"])
    (ended,) = persist(tasks.stages, [("die", "hang", "work")], jobs=1, limit=1.5)
    assert ended.failure == "crashed the process with signal 9 at die; timed out: it was ended after 1.5 s at hang"


def test_a_crash_that_nobody_was_at_ends_the_task(tasks):
    (ended,) = persist(tasks.untold, ["die"], jobs=1)
    assert (ended.failure, ended.doing) == ("crashed the process with signal 9", "")


def test_outside_a_worker_nobody_hears_what_is_done():
    with doing("hvp"):
        pass
