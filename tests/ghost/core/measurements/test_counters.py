"""Counters: bounded labels, and numbers that are written or kept, and never lost or doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ghost.core.measurements import counters
from ghost.core.measurements.counters import MOST_SERIES, OTHER, Counter, Histogram, pending


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(Counter, "known", {})
    kept = pending.take()
    yield
    pending.forget()
    pending.give_back(kept)


def test_what_is_added_is_summed_by_labels():
    probes = Counter("probes", "Probes.", {"result": ("ok", "timeout")})

    for result in ("ok", "ok", "timeout"):
        probes.add(result=result)

    assert pending.take() == {("probes", ("ok",), ""): 2, ("probes", ("timeout",), ""): 1}
    assert pending.take() == {}


def test_a_value_that_a_label_cannot_have_is_counted_as_other():
    probes = Counter("probes", "Probes.", {"result": ("ok",)})

    probes.add(result="<script>")

    assert pending.take() == {("probes", (OTHER,), ""): 1}


def test_a_label_with_open_values_has_a_bound():
    tasks = Counter("tasks", "Tasks.", {"task": ()})

    for number in range(MOST_SERIES + 100):
        tasks.add(task=f"task {number}")

    counted = pending.take()
    assert len(counted) == MOST_SERIES + 1
    assert counted["tasks", (OTHER,), ""] == 100


def test_a_duration_falls_into_one_bucket_with_its_bound():
    times = Histogram("times", "Times.", {}, (0.1, 1.0))

    for seconds in (0.05, 0.1, 0.5, 7):
        times.observe(seconds)

    counted = pending.take()
    assert counted.pop(("times", (), counters.SUM)) == pytest.approx(7.65)
    assert counted == {("times", (), "0.1"): 2, ("times", (), "1.0"): 1, ("times", (), "+Inf"): 1}


def test_what_could_not_be_written_comes_with_the_next():
    probes = Counter("probes", "Probes.")
    probes.add()
    taken = pending.take()
    probes.add(2)

    pending.give_back(taken)

    assert pending.take() == {("probes", (), ""): 3}


def test_a_name_stands_for_one_counter():
    Counter("probes", "Probes.")

    with pytest.raises(ValueError, match="twice"):
        Counter("probes", "Others.")


def test_known_values_are_told_before_anything_was_counted():
    probes = Counter("probes", "Probes.", {"kind": ("a", "b"), "result": ("ok",)})
    tasks = Counter("tasks", "Tasks.", {"task": (), "result": ("ok",)})

    assert list(probes.from_the_start()) == [("a", "ok"), ("b", "ok")]
    assert list(tasks.from_the_start()) == []


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_count_again_what_its_parent_has():
    Counter("probes", "Probes.").add()

    child = os.fork()
    if child == 0:
        os._exit(len(pending.take()))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(pending.take()) == 1
