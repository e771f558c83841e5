"""Publishers, teams and categories of a file, and which rows they are here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils import timezone

from ghost.core.audit import trail
from ghost.core.errors import RefusedError
from ghost.core.text.folding import fold
from ghost.core.text.unicode import one_line
from resources import reasons, slugs
from resources.exchange import records
from resources.exchange.importing import primary_keys
from resources.models import Category
from resources.models.category_paths import CategoryPaths
from teams.models import Team, Token, public_names
from teams.roles import Role
from teams.token_schemes import Scheme

KEPT_OF_TOKEN = (
    "token_hash", "scheme", "old_hash", "old_hash_until", "prefix", "note", "needs_review",
    "is_read_only", "expires_at", "revoked_at", "last_used_at",
)  # fmt: skip


@dataclass
class People:
    """What the records of one file refer to, by the names that they have in it.

    What is here already stays as it is: an import never gives a token more rights than it has,
    nor back those that it lost. What is new opens nothing (`activation`), and has a name that nobody
    else has.
    """

    by_ref: dict[int, Token] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    made: list[models.Model] = field(default_factory=list)
    """Rows that are new, in the order in which they were made."""
    inert: dict[int, Token] = field(default_factory=dict)
    """Tokens of this file, by key, that open nothing yet."""
    mended: list[str] = field(default_factory=list)
    """What had to be changed for the row that was just found or made."""
    _renamed: set[tuple[Category | None, str]] = field(default_factory=set)
    """Where a category of the file has another slug here than there."""
    _tree: tuple[int, CategoryPaths] | None = None

    @contextmanager
    def part(self) -> Iterator[None]:
        """Rows that are made inside are forgotten if it ends in an error: they were rolled back."""
        there = len(self.made)
        try:
            yield
        except BaseException:
            gone = set(self.made[there:])
            del self.made[there:]
            self._tree = None
            for known in (self.by_ref, self.teams, self.categories, self.inert):
                _forget(known, gone)
            raise

    # -- publishers

    def publisher(self, record: records.PublisherRecord) -> bool:
        """Find or make it; whether it is new. RefusedError if it can be neither."""
        team = self._team_of(record)
        row = self._known(record, team)
        is_new = row is None
        if row is None:
            row = _token(record, team)
            row.display_name = self._name(
                row, "display_name", public_names.teams_beside(None, row.scope_team_id)
            )
            # Not `clean`: a token may have expired where it comes from.
            row.clean_fields()
            row.validate_unique()
            row.validate_constraints()
            self._keep(row, "token")
        self.by_ref[record.ref] = row
        if row.is_inert and not row.revoked_at and (is_new or row.token_hash == record.token_hash):
            self.inert[row.pk] = row
        return is_new

    def _name(self, row: Token | Team, name: str, others: models.QuerySet[Any]) -> str:
        """The name that it has in the file, or another one if it is somebody else's."""
        wanted = one_line(getattr(row, name))
        if not public_names.is_taken(type(row)._default_manager.all(), wanted, others):
            return wanted
        free = public_names.free(wanted)
        self.mended.append(f"Somebody else has its name, “{wanted}”: it is now “{free}”.")
        return free

    def _team_of(self, record: records.PublisherRecord) -> Team | None:
        if record.team is None:
            return None
        if record.team not in self.teams:
            raise RefusedError("Its team is not in: see the report for why.")
        return self.teams[record.team]

    def _known(self, record: records.PublisherRecord, team: Team | None) -> Token | None:
        of_role = Token.objects.filter(role=record.role, scope_team=team).order_by("pk")
        if record.token_hash is None:
            return public_names.first_of(of_role, "display_name", one_line(record.name))
        found = Token.objects.with_hash(record.token_hash).first()
        if found is None and record.created_at:
            # Rotated here since: the raw form that somebody lost must not come back.
            rotated = of_role.filter(old_hash__isnull=False, display_name=record.name)
            found = rotated.filter(created_at=record.created_at).first()
        return found

    def named(self, name: str) -> Token:
        """The publisher of this hash or name; RefusedError if there is none."""
        found = list(Token.objects.filter(token_hash=name)[:1]) or list(
            Token.objects.filter(display_name=name).exclude(role=Role.ADMIN)
        )
        if not found:
            raise RefusedError(f"There is no publisher “{name}”: issue a token of this name.")
        return found[0]

    # -- teams

    def team(self, record: records.TeamRecord) -> bool:
        """Find or make it; whether it is new."""
        owner = self.by_ref.get(record.owner)
        if owner is None:
            raise RefusedError("Its owner is not in: see the report for why.")
        owned = Team.objects.filter(owner=owner).order_by("pk")
        row = public_names.first_of(owned, "name", one_line(record.name))
        is_new = row is None
        if row is None:
            row = Team(
                pk=primary_keys.free(Team, record.id),
                name=record.name,
                owner=owner,
                created_at=record.created_at or timezone.now(),
            )
            row.name = self._name(row, "name", public_names.tokens_beside(None, owner.pk))
            row.full_clean()
            self._keep(row, "team")
        self.teams[record.id] = row
        return is_new

    def team_named(self, name: str, publisher: Token) -> Team:
        """The team of this name that the publisher owns or works in."""
        of = models.Q(owner=publisher) | models.Q(members=publisher)
        found = Team.objects.filter(of, name=name).first()
        if found is None:
            raise RefusedError(f"“{publisher}” has no team “{name}”: make it first.")
        return found

    # -- categories

    def category(self, record: records.CategoryRecord) -> bool:
        """Find or make it; whether it is new."""
        above, _, given = record.path.rpartition("/")
        slug = [_slug(part) for part in record.path.split("/")][-1]
        parent = self._parent(above)
        row, slug = self._place(parent, slug, record.path)
        if slug != given:
            self.mended.append(f"Its slug is now “{slug}”.")
            self._renamed.add((parent, slug))
        is_new = row is None
        if row is None:
            row = Category(
                pk=primary_keys.free(Category, record.id),
                name=record.name,
                slug=slug,
                parent=parent,
                sort_order=record.sort_order,
                torznab_id=record.torznab_id,
                created_by=self.by_ref.get(record.created_by or 0),
                created_at=record.created_at or timezone.now(),
            )
            self._store(row, record)
        elif fold(row.name) != fold(record.name):
            self.mended.append(
                f"“{record.name}” is here already, as “{row.name}” (/{record.path})."
            )
        self.categories[record.path] = row
        return is_new

    def _parent(self, path: str) -> Category | None:
        """The category at this path of slugs, of this file or here already."""
        return (self.categories.get(path) or self._found(f"/{path}", path)) if path else None

    def _place(self, parent: Category | None, slug: str, path: str) -> tuple[Category | None, str]:
        """The category of this slug, if there is one. With a number where it is another one of this file, whose
        slug was made by other rules."""
        number, found = 1, slug
        while True:
            row = Category.objects.filter(parent=parent, slug=found).first()
            if row is None or not self._is_other(row, parent, found, path):
                return row, found
            number += 1
            found = slugs.make(f"{slug}-{number}")

    def _is_other(self, row: Category, parent: Category | None, slug: str, path: str) -> bool:
        if path.rpartition("/")[2] == slug and (parent, slug) not in self._renamed:
            return False
        return any(row == other for known, other in self.categories.items() if known != path)

    def _store(self, row: Category, record: records.CategoryRecord) -> None:
        row.store(reason=reasons.CATEGORY_IMPORTED(name=row.name))
        primary_keys.settle(Category)
        if record.updated_at:
            row.updated_at = record.updated_at
            Category.objects.filter(pk=row.pk).update(updated_at=record.updated_at)
        self.made.append(row)
        self._tree = None

    def at(self, path: str) -> Category:
        """The category at this path of slugs or names; RefusedError if there is none, or two may be meant."""
        if path not in self.categories:
            self.categories[path] = self._found(path, path)
        return self.categories[path]

    def _found(self, path: str, shown: str) -> Category:
        row = self._paths().find(path)
        if row is None:
            raise RefusedError(
                f"There is no category “{shown}”: make it first, or give --make-categories."
            )
        return row

    def _paths(self) -> CategoryPaths:
        """As the tree was when the last row was made."""
        if self._tree is None or self._tree[0] != len(self.made):
            self._tree = len(self.made), CategoryPaths()
        return self._tree[1]

    def make(self, path: str) -> Category:
        """The category at this path of names, made with all that it lies in as far as need be."""
        if path not in self.categories:
            names, start = path.split("/"), int(path.startswith("/"))
            row = self._paths().find(path)
            for end in range(start + 1, len(names) + 1) if row is None else ():
                above, row = row, self._paths().find("/".join(names[:end]))
                row = row or self._made(names[end - 1].strip(), above)
            if row is None:
                raise RefusedError(f"There is no category “{path}”.")
            self.categories[path] = row
        return self.categories[path]

    def _made(self, name: str, parent: Category | None) -> Category:
        row = Category(name=name, parent=parent)
        self._store(row, records.CategoryRecord(path=name, name=name))
        return row

    def path_of(self, row: Category) -> str:
        """`/` and the slugs from the root down to this category, joined by `/`."""
        names = list[str]()
        node: Category | None = row
        while node:
            names.append(node.slug)
            node = node.parent
        return "/" + "/".join(reversed(names))

    # -- writing

    def _keep(self, row: Token | Team, kind: str) -> None:
        row.save(force_insert=True)
        primary_keys.settle(type(row))
        trail.record(f"{kind}.import", row, None, row.audited())
        self.made.append(row)

    def again(self) -> None:
        """Insert what is new once more: after a roll-back, for the rows of the next part."""
        for row in self.made:
            type(row)._default_manager.bulk_create([row])  # Django's documented name


def _forget(known: dict[Any, Any], gone: set[models.Model]) -> None:
    for key in [key for key, row in known.items() if row in gone]:
        del known[key]


def _slug(given: str) -> str:
    """As the rules of this Ghost have it: those of an earlier one let other names stand."""
    slug = slugs.make(given)
    if slug not in (given, f"x-{given}") and slug.startswith("x-"):
        raise RefusedError("Its path is not made of slugs.")
    return slug


def _token(record: records.PublisherRecord, team: Team | None) -> Token:
    row = Token(
        role=record.role,
        display_name=record.name,
        scope_team=team,
        is_inert=True,
        created_at=record.created_at or timezone.now(),
    )
    for name in KEPT_OF_TOKEN:
        setattr(row, name, getattr(record, name))
    if record.token_hash is None:
        # Of random bytes that nobody has seen: a token that nobody has until it is rotated.
        row.token_hash = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
        row.scheme, row.old_hash, row.old_hash_until = Scheme.GHOST, None, None
        if row.is_admin:  # one that nobody can use must not count as the last that is left
            row.revoked_at = row.revoked_at or timezone.now()
    if row.old_hash and Token.objects.with_hash(row.old_hash, row.token_hash).exists():
        # A hash names one token only: with a second one it could neither be revoked nor rotated.
        row.old_hash = row.old_hash_until = None
    return row
