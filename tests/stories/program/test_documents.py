"""What the documents name is there: paths, links between them, and names in the code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from ghost.core.config.env import BASE_DIR

DOCUMENTS = sorted(
    path.relative_to(BASE_DIR).as_posix()
    for path in (*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/**/*.md"))
)
OURS = (
    "ghost",
    "teams",
    "resources",
    "dht",
    "builds",
    "tests",
    "bench",
    "docs",
    "templates",
    "static",
    ".ci",
)
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, OURS))})/[\w./*-]*)`")
NAME = re.compile(r"`((?:ghost|teams|resources|dht|builds)(?:\.\w+){2,})`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
RECORDS = "docs/decisions/"
PRESENT = [name for name in DOCUMENTS if not name.startswith(RECORDS)]
"""A decision tells of its day, and may name what has gone since."""


def words_of(document: str) -> str:
    return (BASE_DIR / document).read_text()


def is_there(path: str) -> bool:
    return (
        bool(list(BASE_DIR.glob(path.rstrip("/")))) if "*" in path else (BASE_DIR / path).exists()
    )


def resolve(name: str) -> object:
    """The module, or what has this name in it."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("document", PRESENT)
def test_documents_name_files_that_are_there(document):
    named = PATH.findall(words_of(document))

    assert [path for path in named if not is_there(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_between_documents_lead_somewhere(document):
    here = (BASE_DIR / document).parent

    links = LINK.findall(words_of(document))

    assert [link for link in links if not (here / link).exists()] == []


@pytest.mark.parametrize("document", PRESENT)
def test_documents_name_what_the_code_has(document):
    lost = []
    for name in NAME.findall(words_of(document)):
        try:
            resolve(name)
        except (AttributeError, AssertionError):
            lost.append(name)

    assert lost == []


def test_every_decision_has_a_date_a_status_and_its_place_in_the_index():
    records = sorted(p for p in Path(BASE_DIR, RECORDS).glob("0*.md"))
    index = words_of(f"{RECORDS}README.md")

    for record in records:
        words = record.read_text()
        assert re.search(r"^Date: 20\d\d-\d\d-\d\d\. Status: \w+", words, re.MULTILINE), record.name
        assert f"({record.name})" in index, record.name
