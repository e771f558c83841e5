"""docs/asvs.md: each item of ASVS 5.0.0, level 1 and 2, once, and what answers it is there."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from ghost.core.config.env import BASE_DIR

ITEMS = {
    # section: how many of its first items are of level 1 or 2 (the others, of level 3, come last)
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
ALL = [f"{section}.{number + 1}" for section, count in ITEMS.items() for number in range(count)]
ROW = re.compile(r"^\| ([\d.]+) \| ([^|]+) \| ([^|]*) \|(.*)\|$", re.MULTILINE)
NUMBER = re.compile(r"\d+\.\d+\.\d+")
NAMED = re.compile(r"`([\w./-]+/[\w./-]*|[\w-]+\.\w+)(?:::(\w+))?`")
LINK = re.compile(r"\]\(([\w./-]+)(?:#([\w-]+))?\)")
STATUSES = {"met", "argued"}


@cache
def parts() -> tuple[str, str]:
    """What applies, and what does not."""
    before, _title, after = (
        (BASE_DIR / "docs" / "asvs.md").read_text().partition("## What does not")
    )
    return before, after


def rows() -> list[tuple[str, str, str, str]]:
    return ROW.findall(parts()[0])


def not_applicable() -> list[str]:
    """`9.1.1 to 9.2.4` stands for all that lie between."""
    found = []
    for line in parts()[1].splitlines():
        items, _bar, reason = line.removeprefix("| ").partition(" | ")
        numbers = NUMBER.findall(items)
        if numbers:
            assert len(reason) > 8, line
        if " to " in items:
            first, last = numbers
            found += ALL[ALL.index(first) : ALL.index(last) + 1]
        else:
            found += numbers
    return found


def test_every_item_stands_there_once():
    counted = Counter([item for item, *_ in rows()] + not_applicable())

    assert len(ALL) == 253
    assert sorted(counted.keys() ^ set(ALL)) == []
    assert [item for item, times in counted.items() if times > 1] == []
    assert [item for item, *_ in rows()] == [item for item in ALL if item not in not_applicable()]


def test_every_item_is_met_or_argued():
    assert {status for _item, _short, status, _answer in rows()} <= STATUSES
    assert [
        item for item, _short, status, answer in rows() if status == "argued" and len(answer) < 40
    ] == []
    assert [item for item, _short, status, answer in rows() if not answer.strip()] == []


def test_what_answers_is_there():
    lost = []
    for item, _short, _status, answer in rows():
        for path, name in NAMED.findall(answer):
            file = BASE_DIR / path
            if not file.exists() or (name and f"def {name}(" not in file.read_text()):
                lost.append((item, path, name))

    assert lost == []


def test_links_lead_to_headings():
    lost = []
    for path, heading in LINK.findall("".join(parts())):
        file = (BASE_DIR / "docs" / path).resolve()
        titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE) if file.exists() else []
        slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        if not file.exists() or (heading and heading not in slugs):
            lost.append((path, heading))

    assert lost == []
