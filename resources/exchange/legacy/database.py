"""The SQLite database of the earlier Ghost (FastAPI, SQLAlchemy): github.com/yuygfgg/Ghost.

Its tables are `auth`, `team`, `category`, `resource` and `build_state`. It kept moments as text
without a zone, in UTC as far as it set them itself; took any text for a hash, slug or tag; and
had SQLite check no foreign key. So nothing in it is taken for what it should be.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from ghost.core.errors import RefusedError
from ghost.core.text import addresses, info_hashes
from ghost.core.text.unicode import one_line
from resources import tags
from resources.exchange import records
from resources.exchange.legacy import cells, sqlite_file
from resources.exchange.legacy.metadata import EarlierMetadata
from resources.exchange.legacy.sqlite_file import Row
from resources.exchange.legacy.tree import Node, Tree
from resources.exchange.report import Line
from resources.models import DhtStatus, ProbeStatus
from resources.torrents import magnets
from teams.roles import Role
from teams.token_schemes import Scheme

MAGIC = b"SQLite format 3\x00"
TABLES = {
    "auth": ("token_hash", "role", "display_name", "scope_team_id", "created_at", "revoked_at"),
    "team": ("id", "name", "owner_token_hash", "created_at"),
    "category": (
        "id", "parent_id", "name", "slug", "sort_order", "created_at", "updated_at",
    ),
    "resource": (
        "id", "title", "magnet_uri", "magnet_hash", "content_markdown", "cover_image_url", "tags_json",
        "category_id", "publisher_token_hash", "team_id", "dht_status", "last_dht_check", "created_at",
        "updated_at", "published_at", "takedown_at",
    ),
}  # fmt: skip
MOST_ROWS = {"auth": 20_000, "team": 20_000, "category": 20_000, "resource": 5_000_000}
SHORT_CHARS = 400
"""Of each text in what is held whole in memory: tokens, teams and categories."""
REASON = "Taken down in the earlier Ghost."
_JSON = json.JSONDecoder()
_HASH = re.compile(r"[0-9a-f]{64}")


@contextmanager
def opened(path: Path, metadata_dir: Path | None) -> Iterator[Earlier]:
    """The database, read only; RefusedError if it is none of the earlier Ghost's."""
    with sqlite_file.opened(path, TABLES) as file:
        yield Earlier(file, EarlierMetadata(metadata_dir) if metadata_dir else None)


@dataclass
class Earlier:
    """An open database of the earlier Ghost, with what its rows refer to."""

    file: sqlite_file.SqliteFile
    metadata: EarlierMetadata | None = None
    _refs: dict[str, int] = field(default_factory=dict)
    """Of its tokens, by hash."""
    _scopes: dict[str, int | None] = field(default_factory=dict)
    """The teams of its TeamMembers, by hash."""
    _teams: set[int] = field(default_factory=set)
    _paths: dict[int, str] = field(default_factory=dict)

    def total(self) -> int:
        """How many rows there are of all that is read; RefusedError if those are too many."""
        counts = {table: self.file.count(table) for table in TABLES}
        for table, count in counts.items():
            if count > MOST_ROWS[table]:
                most = MOST_ROWS[table]
                raise RefusedError(
                    f"The table {table} has {count:,} rows: {most:,} at most are read."
                )
        return sum(counts.values())

    def read(self) -> Iterator[Line]:
        """Everything as records, each with what had to be changed for it to be one."""
        # By hash, so that each has the same number in every copy of the file.
        tokens = sorted(self._rows("auth"), key=lambda row: str(row.get("token_hash")))
        for number, row in enumerate(tokens, start=1):
            self._refs[str(row.get("token_hash"))] = number
        members = [row for row in tokens if row.get("role") == Role.TEAM_MEMBER]
        yield from (self._token(row) for row in tokens if row.get("role") != Role.TEAM_MEMBER)
        yield from self._read_teams()
        yield from map(self._token, members)
        yield from self._read_categories()
        yield from self._read_resources()

    def _rows(self, table: str) -> list[Row]:
        return [_shortened(row) for row in self.file.rows(table)]

    # -- tokens and teams

    def _token(self, row: Row) -> Line:
        key = str(row.get("token_hash"))
        place, mended = f"token {key[:12]}", list[str]()
        role = str(row.get("role"))
        if role not in Role.values:
            return Line(place, RefusedError(f"There is no role “{role[:40]}”."))
        is_hash = bool(_HASH.fullmatch(key))
        if not is_hash:
            mended.append("Its hash is none: nobody can sign in with it until it is rotated.")
        revoked_at, is_odd = cells.moment(row.get("revoked_at"))
        team = cells.key(row.get("scope_team_id")) if role == Role.TEAM_MEMBER else None
        self._scopes[key] = team
        record = records.PublisherRecord(
            ref=self._refs[key],
            role=Role(role),
            name=cells.line(row.get("display_name"), 100) or f"{role} {key[:8]}",
            team=team,
            token_hash=key if is_hash else None,
            scheme=Scheme.ARGON2 if is_hash else Scheme.GHOST,
            created_at=cells.moment(row.get("created_at"))[0],
            revoked_at=revoked_at or (timezone.now() if is_odd else None),
        )
        if role == Role.TEAM_MEMBER and team is None:
            return Line(place, RefusedError("It is a TeamMember of no team."))
        return Line(place, record, mended=tuple(mended))

    def _read_teams(self) -> Iterator[Line]:
        names: Counter[tuple[str, str]] = (
            Counter()
        )  # of one owner; what others have, `accounts` sees
        for row in self._rows("team"):
            key, owner = cells.key(row.get("id")), str(row.get("owner_token_hash"))
            place = f"team {row.get('id')}"
            if key is None or owner not in self._refs:
                yield Line(place, RefusedError("Its owner is not there."))
                continue
            self._teams.add(key)
            name, mended = cells.line(row.get("name"), 90) or f"Team {key}", list[str]()
            names[owner, name] += 1
            if (number := names[owner, name]) > 1:
                name = f"{name} ({number})"
                mended.append(f"Its owner had another team of this name: it is now “{name}”.")
            created_at, _ = cells.moment(row.get("created_at"))
            record = records.TeamRecord(
                id=key, name=name, owner=self._refs[owner], created_at=created_at
            )
            yield Line(place, record, mended=tuple(mended))

    # -- categories

    def _read_categories(self) -> Iterator[Line]:
        tree = Tree(
            {key: _node(row) for row in self._rows("category") if (key := cells.key(row["id"]))}
        )
        for key, node, path, mended in tree.from_the_roots():
            self._paths[key] = path
            record = records.CategoryRecord(
                id=key,
                path=path,
                name=node.name,
                sort_order=node.sort_order,
                created_at=node.created_at,
                updated_at=node.updated_at,
            )
            yield Line(f"category {key}", record, mended=mended)

    # -- resources

    def _read_resources(self) -> Iterator[Line]:
        yield from map(self._resource, self.file.rows("resource"))

    def _resource(self, row: Row) -> Line:
        place, mended = f"resource {row['id']}", list[str]()
        try:
            magnet = magnets.parse(str(row.get("magnet_uri") or ""))
            values = self._values(row, magnet, mended)
            return Line(place, records.build(**values), _size(values), tuple(mended))
        except RefusedError as error:
            return Line(place, error)

    def _values(self, row: Row, magnet: magnets.Magnet, mended: list[str]) -> dict[str, Any]:
        publisher = str(row.get("publisher_token_hash"))
        found = self.metadata.load(row, magnet, mended) if self.metadata else None
        status = str(row.get("dht_status"))
        values = {
            "id": cells.key(row["id"]),
            "title": _title(row, magnet, mended),
            "magnet_uri": magnet.uri(),
            "content_markdown": _body(row, mended),
            "tags": _tags(row, mended),
            "category": self._paths.get(cells.key(row.get("category_id")) or 0),
            "publisher": self._refs.get(publisher),
            "team": self._team(row, publisher, mended),
            "cover_image_url": _cover(row, mended),
            "dht_status": DhtStatus(status) if status in DhtStatus.values else DhtStatus.UNKNOWN,
            "last_dht_check": cells.moment(row.get("last_dht_check"))[0],
            "metadata": found,
            **_dates(row, mended),
        }
        if found:
            values |= {"probe_status": ProbeStatus.OK, "probed_at": found.fetched_at}
            values |= {"num_peers": found.num_peers}
        return values

    def _team(self, row: Row, publisher: str, mended: list[str]) -> int | None:
        team, scope = cells.key(row.get("team_id")), self._scopes.get(publisher)
        if scope is not None and team != scope:
            mended.append("What a team member publishes stays in its team: it is there now.")
            return scope
        if team is not None and team not in self._teams:
            mended.append("Its team is not there.")
            return None
        return team


def _shortened(row: Row) -> Row:
    return {n: v[:SHORT_CHARS] if isinstance(v, (str, bytes)) else v for n, v in row.items()}


def _node(row: Row) -> Node:
    created_at, updated_at = (
        cells.moment(row.get("created_at"))[0],
        cells.moment(row.get("updated_at"))[0],
    )
    return Node(
        parent=cells.key(row.get("parent_id")),
        name=cells.line(row.get("name"), 100) or f"Category {row['id']}",
        slug=str(row.get("slug") or ""),
        sort_order=cells.order(row.get("sort_order")),
        created_at=created_at,
        updated_at=updated_at,
    )


def _dates(row: Row, mended: list[str]) -> dict[str, Any]:
    published_at, _ = cells.moment(row.get("published_at"))
    if published_at is None:
        mended.append("It doesn't say when it is public: it is a draft now.")
    takedown_at, is_odd = cells.moment(row.get("takedown_at"))
    if is_odd:  # what was taken down must not come back over a date
        takedown_at = timezone.now()
    return {
        "published_at": published_at,
        "takedown_at": takedown_at,
        "takedown_reason": REASON if takedown_at else "",
        "created_at": cells.moment(row.get("created_at"))[0],
        "updated_at": cells.moment(row.get("updated_at"))[0],
    }


def _title(row: Row, magnet: magnets.Magnet, mended: list[str]) -> str:
    whole = one_line(str(row.get("title") or ""))
    if len(whole) > 300:
        mended.append("Its title was cut to 300 characters.")
    if not whole:
        mended.append("It had no title: it has the torrent's name now.")
    return whole[:300].strip() or magnet.name or magnet.hash


def _body(row: Row, mended: list[str]) -> str:
    text = str(row.get("content_markdown") or "")
    if "\x00" in text:
        mended.append("Zero bytes were taken out of its text.")
    return text.replace("\x00", "")


def _cover(row: Row, mended: list[str]) -> str | None:
    url = str(row.get("cover_image_url") or "").strip()
    if not url:
        return None
    is_url = re.fullmatch(r"https?://[^\s\x00/]+(/[^\s\x00]*)?", url) and addresses.is_plain(url)
    if not is_url or len(url) > 2000:
        mended.append("The address of its cover is none.")
        return None
    return url


def _tags(row: Row, mended: list[str]) -> list[str]:
    given = _json_list(row.get("tags_json"))
    if given is None:
        mended.append("Its tags could not be read.")
        return []
    kept = [one_line(tag)[: tags.MAX_CHARS].strip() for tag in given if isinstance(tag, str)]
    kept = [tag for tag in kept if tag and not info_hashes.named(tag)]
    found = tags.clean(kept[: tags.MAX_TAGS])
    if found != given:
        mended.append("Tags that can't be were left out, cut short or put together.")
    return found


def _json_list(value: object) -> list[Any] | None:
    try:
        found = _JSON.decode(str(value or "[]"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _size(values: Row) -> int:
    found = values["metadata"]
    return len(values["content_markdown"]) + 100 * (len(found.files) if found else 0)
