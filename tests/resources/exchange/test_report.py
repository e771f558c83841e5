"""Refusals are counted and shown, the first of them on the screen and all in the report."""

from __future__ import annotations

import json

import pytest

from ghost.core.errors import RefusedError
from resources.exchange.report import Line, chunks

pytestmark = pytest.mark.django_db


def test_many_refusals_are_counted_and_the_report_has_all(read, tmp_path):
    report = tmp_path / "report"

    told = read(*[b"{"] * 30, options=("--report", report))

    kept = [json.loads(line) for line in report.read_text().splitlines()]
    assert [each["place"] for each in kept] == [f"line {n}" for n in range(2, 32)]
    assert {*kept[0]} == {"outcome", "place", "reason", "advice"}
    assert len(told.lines) == 21
    assert told.lines[-1] == "… more: --report FILE has them all."


def line(size: int) -> Line:
    return Line(str(size), RefusedError("no"), size)


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ([], []),
        ([1, 1, 1, 1], [[1, 1, 1], [1]]),
        ([6, 5, 4, 1], [[6], [5, 4, 1]]),
        ([99, 1], [[99], [1]]),
    ],
)
def test_a_part_has_so_many_lines_and_fewer_where_they_are_big(sizes, parts):
    found = chunks(map(line, sizes), count=3, max_bytes=10)

    assert [[each.size for each in part] for part in found] == parts
