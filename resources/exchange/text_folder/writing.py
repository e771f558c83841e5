"""The public catalog's rows as the folder's files; read them within `ghost.core.db.snapshot.one_moment`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import models

from ghost.core.batches import batched
from ghost.core.text import info_hashes
from resources.exchange import records
from resources.exchange.text_folder import layout
from resources.models import Block, Category, ProbeStatus, Resource, TextHash
from resources.models.category import Place
from resources.torrents import magnets, metadata
from teams.models import Team, Token
from teams.roles import Role

BATCH = 300
FIELDS = (
    "id", "title", "magnet_uri", "content_markdown", "tags", "licence", "source_url", "checksums",
    "created_at", "updated_at", "published_at", "became_public_at", "probed_at", "other_hash", "total_size_bytes",
    "file_count", "files_tree_summary", "is_private", "is_let_through", "torrent_name",
)  # fmt: skip
"""What is taken from a row as it is: public, or of no meaning to anybody but an import."""

_Row = tuple[int, datetime]


@dataclass
class PublicCatalog:
    """What the public site shows now, as files: name, and lines without their ends."""

    _names: dict[int, str] = field(default_factory=dict)
    _paths: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = Category.objects.tree()
        self._paths = {place.category.pk: place.path for place in self._places}
        self._public = Resource.objects.public().order_by()
        self._teams = self._used_teams()
        self._tokens = self._used_tokens()
        self._names = dict(self._tokens.values_list("pk", "display_name"))
        self._rows = sorted(self._public.values_list("pk", "created_at"), key=_by_month)
        self.taken_down = sorted(
            Block.objects.of_takedowns().values_list("info_hash", flat=True).distinct()
        )

    @property
    def resources(self) -> int:
        """How many there are."""
        return len(self._rows)

    def files(self) -> Iterator[tuple[str, Iterable[str]]]:
        """All of them, a few hundred resources in memory at a time; each is read before the next is asked
        for."""
        yield layout.README, layout.WORDS.splitlines()
        yield layout.HEADER, layout.header(self._counts()).splitlines()
        people = sorted(map(self._publisher, self._tokens), key=itemgetter("name"))
        yield layout.PUBLISHERS, map(_line, people)
        yield layout.TEAMS, map(_line, map(self._team, self._teams))
        yield layout.CATEGORIES, map(_line, map(_category, _tree_order(self._places)))
        yield layout.TAKEN_DOWN, self.taken_down
        for name, rows in groupby(self._rows, key=lambda row: layout.resources_of(row[1])):
            yield name, self._lines([pk for pk, _made_at in rows])

    def _counts(self) -> dict[str, int]:
        return {
            "publisher": len(self._names),
            "team": self._teams.count(),
            "category": len(self._places),
            "block": len(self.taken_down),
            "resource": self.resources,
        }

    # -- what of the rest goes with the resources

    def _used_teams(self) -> models.QuerySet[Team]:
        members = Token.objects.filter(
            role=Role.TEAM_MEMBER, pk__in=self._public.values("publisher")
        )
        used = models.Q(pk__in=self._public.values("team"))
        used |= models.Q(pk__in=members.order_by().values("scope_team"))
        return Team.objects.filter(used).order_by("pk")

    def _used_tokens(self) -> models.QuerySet[Token]:
        used = models.Q(pk__in=self._public.values("publisher"))
        used |= models.Q(pk__in=self._teams.order_by().values("owner"))
        return Token.objects.filter(used).order_by("pk")

    # -- one row

    def _publisher(self, row: Token) -> dict[str, Any]:
        told = {"type": "publisher", "name": row.display_name, "role": row.role}
        return told | ({"team": row.scope_team_id} if row.scope_team_id else {})

    def _team(self, row: Team) -> dict[str, Any]:
        return {"type": "team", "id": row.pk, "name": row.name, "owner": self._names[row.owner_id]}

    def _lines(self, keys: list[int]) -> Iterator[str]:
        for part in batched(keys, BATCH):
            rows = Resource.objects.select_related("supersedes").in_bulk(part)
            blocked = TextHash.objects.present().of(part, Block.objects.values("info_hash"))
            too_many = TextHash.objects.too_many(part)
            for pk in part:
                told = self._resource(rows[pk], names_files=pk not in too_many)
                yield _line(_without(told, blocked[pk]) if pk in blocked else told)

    def _resource(self, row: Resource, *, names_files: bool) -> dict[str, Any]:
        found = metadata.load(row.magnet_hash) if row.probed_at and names_files else None
        older = row.supersedes
        record = records.ResourceRecord.model_construct(
            **{name: getattr(row, name) for name in FIELDS},
            category=self._paths[row.category_id],
            publisher=self._names[row.publisher_id],
            team=row.team_id,
            supersedes=older.magnet_hash if older and older.is_public else None,
            probe_status=ProbeStatus(row.probe_status),
            metadata=_listed(found),
        )
        told = record.model_dump(mode="json", exclude_defaults=True)
        return {"type": record.type, **told}


def _by_month(row: _Row) -> tuple[str, int]:
    return layout.resources_of(row[1]), row[0]


def _tree_order(places: Iterable[Place]) -> list[Place]:
    """Each after the one that it lies in."""
    return sorted(places, key=lambda place: (place.depth, place.path))


def _category(place: Place) -> dict[str, Any]:
    row = place.category
    record = records.CategoryRecord(
        id=row.pk,
        path=place.path,
        name=row.name,
        sort_order=row.sort_order,
        torznab_id=row.torznab_id,
    )
    return {"type": record.type, **record.model_dump(mode="json", exclude_defaults=True)}


def _listed(found: metadata.Metadata | None) -> metadata.Metadata | None:
    """Names and sizes: the pieces' hashes are no text, and who was there is of the moment."""
    return replace(found, info=b"", num_peers=0) if found else None


def _without(told: dict[str, Any], hashes: Collection[str]) -> dict[str, Any]:
    """The record, where no text names one of these: as on the site (`builds.engine.entry_rows`)."""

    def is_free(text: str) -> bool:
        return info_hashes.masked(text, hashes) == text

    found = {name: told[name] if name in _KEYS else _masked(told[name], hashes) for name in told}
    for name in ("licence", "source_url"):
        if not is_free(told.get(name, "")):
            del found[name]
    if "checksums" in told:
        found["checksums"] = [e for e in told["checksums"] if all(map(is_free, e.values()))]
    magnet = magnets.parse(told["magnet_uri"])
    link = replace(
        magnet,
        name=info_hashes.masked(magnet.name, hashes),
        trackers=tuple(filter(is_free, magnet.trackers)),
        web_seeds=tuple(filter(is_free, magnet.web_seeds)),
    )
    return found | {"magnet_uri": link.uri()}


_KEYS = frozenset(
    {"type", "category", "publisher", "supersedes", "other_hash", "magnet_hash", "v1", "v2"}
)
"""What a record is known by: hashes of its own, and names, which have none."""


def _masked(told: Any, hashes: Collection[str]) -> Any:  # noqa: ANN401  # JSON
    if isinstance(told, str):
        return info_hashes.masked(told, hashes)
    if isinstance(told, list):
        return [_masked(each, hashes) for each in told]
    if isinstance(told, dict):
        return {
            name: each if name in _KEYS else _masked(each, hashes) for name, each in told.items()
        }
    return told


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False)
