"""Deltas and full builds give the same bytes, whatever was edited in between."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from builds.models import Build, BuildState
from resources.models import Category, DhtStatus, Resource
from teams.models import Team, Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db
SEEDS = range(int(os.environ.get("SAME_BYTES_SEEDS", "2")))
ROUNDS = 3
WORDS = ["Ubuntu", "公共领域", "film", "数据集", "C++", "Öl", "open data", "カメラ", "x"]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


class Editor:
    """Changes the catalog at random, as people, workers and operators do."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.owner = make.publisher(name="Ada")
        self.team = make.team(self.owner, name="Restorers")
        root = make.category("Archive")
        self.categories = [root, make.category("Films", parent=root), make.category("Data")]
        for _ in range(40):
            self.add()
        for _ in range(10):
            self.supersede()

    def any(self) -> Resource:
        return self.rng.choice(list(Resource.objects.order_by("pk")))

    def add(self) -> None:
        make.resource(
            title=" ".join(self.rng.choices(WORDS, k=3)),
            category=self.rng.choice(self.categories),
            tags=self.rng.sample(WORDS, k=self.rng.randint(0, 3)),
            publisher=self.owner,
            team=self.rng.choice([None, self.team]),
        )

    def edit(self) -> None:
        row = self.any()
        row.title = " ".join(self.rng.choices(WORDS, k=2))
        row.content_markdown = f"About *{row.title}*"
        row.store()

    def move(self) -> None:
        row = self.any()
        row.category = self.rng.choice(self.categories)
        row.store()

    def tag(self) -> None:
        row = self.any()
        row.tags = [self.rng.choice([word, word.upper()]) for word in self.rng.sample(WORDS, k=2)]
        row.store()

    def take_down(self) -> None:
        Resource.objects.filter(pk=self.any().pk).take_down(reason="asked", by="test")

    def restore(self) -> None:
        Resource.objects.taken_down().restore()

    def withdraw(self) -> None:
        row = self.any()
        row.published_at = None
        row.store()

    def backdate(self) -> None:
        row = self.any()
        row.published_at = row.created_at.replace(year=2020 + self.rng.randint(0, 4))
        row.store()

    def health(self) -> None:
        status = self.rng.choice(list(DhtStatus))
        rows = Resource.objects.filter(pk__in=[self.any().pk, self.any().pk])
        make.checked(rows, status, misses=self.rng.randint(0, 3))

    def rename_category(self) -> None:
        row = Category.objects.get(pk=self.rng.choice(self.categories).pk)
        row.name = self.rng.choice(WORDS) + str(self.rng.randint(1, 9))
        row.slug = ""
        row.store()

    def move_category(self) -> None:
        row = Category.objects.get(pk=self.categories[2].pk)
        row.parent = None if row.parent else Category.objects.get(pk=self.categories[0].pk)
        row.store()

    def rename_people(self) -> None:
        token = Token.objects.get(pk=self.owner.pk)
        token.display_name = self.rng.choice(WORDS)
        token.store()
        team = Team.objects.get(pk=self.team.pk)
        team.name = self.rng.choice(WORDS)
        team.store()

    def supersede(self) -> None:
        older, newer = sorted([self.any(), self.any()], key=lambda row: row.pk)
        newer.supersedes = older if older != newer else None
        newer.store()

    def license(self) -> None:
        row = self.any()
        row.licence = self.rng.choice(["", "CC-BY-4.0", "MIT OR Apache-2.0"])
        row.store()

    def source(self) -> None:
        row = self.any()
        row.source_url = self.rng.choice(["", "https://example.org/a?b=c&d", "http://example.net"])
        row.store()

    def sum(self) -> None:
        row = self.any()
        value = f"{self.rng.randrange(16**64):064x}"
        row.checksums = self.rng.choice([[], [{"algorithm": "sha256", "value": value}]])
        row.store()

    def delete(self) -> None:
        row = self.any()
        Resource.objects.filter(pk=row.pk).withdraw()
        row.discard()

    def at_random(self) -> str:
        edits = [
            self.add, self.add, self.edit, self.move, self.tag, self.take_down, self.restore,
            self.withdraw, self.backdate, self.health, self.rename_category, self.move_category,
            self.rename_people, self.supersede, self.supersede, self.supersede, self.license,
            self.source, self.sum, self.delete,
        ]  # fmt: skip
        done = self.rng.choice(edits)
        done()
        return done.__name__


@pytest.mark.parametrize("seed", SEEDS)
def test_delta_and_full_builds_give_identical_trees(build, tmp_path, seed, monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 4)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 5)
    editor = Editor(seed)
    build()
    told: list[list[str]] = []

    for _ in range(ROUNDS):
        for _ in range(editor.rng.randint(1, 4)):
            told.append([editor.at_random() for _ in range(editor.rng.randint(1, 4))])
            public = build()
            assert not present(Build.objects.first()).is_full
        shutil.copytree(public, tmp_path / "delta")
        whole = build(force=True)

        assert differing(tree(tmp_path / "delta"), tree(whole)) == [], told
        shutil.rmtree(tmp_path / "delta")
    assert BuildState.get().pending_changes is False
