"""Plain builders of rows: `make.resource(title=…)`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone

from builds.data.entry import Entry
from builds.data.taxonomy import CategoryNode, Crumb, Profile, Taxonomy
from ghost.core.catalog.models import Catalog, Change
from ghost.operations.backups.models import Backup
from resources import reasons
from resources.models import (
    Category,
    DhtStatus,
    ProbeStatus,
    Resource,
    ResourceTag,
    TextHash,
    cover_requests,
)
from resources.models.fields import ResourceFields
from resources.models.hashes.collisions import Collisions
from resources.models.queryset import ResourceQuerySet
from resources.swarms import SwarmCheck
from resources.torrents import metadata
from resources.torrents.magnets import Magnet
from teams.models import Team, Token, public_names
from teams.roles import Role

if TYPE_CHECKING:

    class IssuedToken(Token):
        """A token of which the test knows the raw form."""

        raw: str

        class Meta:
            proxy = True


_number = count(1)


def token(role: Role = Role.PUBLISHER, name: str = "Ada", **kwargs: Any) -> IssuedToken:
    """A token whose raw form is on its attribute `raw`; with a number where the name is taken."""
    row, raw = Token.objects.issue(role, public_names.free(name), **kwargs)
    issued = cast("IssuedToken", row)
    issued.raw = raw
    return issued


def backup(**kwargs: Any) -> Backup:
    """A full one of an hour ago, not encrypted, whose file is nowhere."""
    at = timezone.now() - timedelta(hours=1)
    name = f"ghost-{at:%Y%m%dT%H%M%S}{next(_number):06}Z.tar.gz"
    values = {"name": name, "host": "ghost-1", "created_at": at, "bytes": 5, "is_encrypted": False}
    return Backup.objects.create(**values | kwargs)


def admin(**kwargs: Any) -> IssuedToken:
    return token(Role.ADMIN, kwargs.pop("name", "Root"), **kwargs)


def publisher(**kwargs: Any) -> IssuedToken:
    return token(Role.PUBLISHER, kwargs.pop("name", "Ada"), **kwargs)


def team(owner: Token | None = None, name: str = "Team") -> Team:
    row = Team(name=public_names.free(name), owner=owner or publisher())
    row.full_clean()
    row.save()
    return row


def member(of: Team | None = None, name: str = "Mia") -> IssuedToken:
    return token(Role.TEAM_MEMBER, name, team_id=(of or team()).pk)


def auth(of: IssuedToken) -> dict[str, Any]:
    """Keyword arguments of the test client for a request with that token."""
    return {"headers": {"Authorization": f"Bearer {of.raw}"}}


def category(name: str | None = None, **kwargs: Any) -> Category:
    row = Category(name=name or f"Category {next(_number)}", **kwargs)
    row.store()
    return row


def info_hash() -> str:
    """A v1 info-hash that nothing else has."""
    return hashlib.sha1(f"make {next(_number)}".encode()).hexdigest()


def magnet(v1: str | None = None) -> str:
    return f"magnet:?xt=urn:btih:{v1 or info_hash()}"


def resource(*, is_probed: bool = True, **kwargs: Any) -> Resource:
    """A resource, public unless something in `kwargs` says otherwise.

    Written as `store` and `record_metadata` leave it, but for what they tell others (audit trail,
    events, jobs): most tests need the row alone. Those that need more call these two.
    """
    given: dict[str, Any] = {
        "title": f"Resource {next(_number)}",
        "magnet_uri": magnet(),
        "content_markdown": "Some *words*.",
        "published_at": timezone.now() - timedelta(minutes=1),
    }
    row = Resource(**given | kwargs)
    if not row.category_id:
        row.category = Category.objects.first() or category()
    if not row.publisher_id:
        row.publisher = Token.objects.filter(role=Role.PUBLISHER).first() or publisher()
    _clean(row)
    row.is_private = bool(kwargs.get("is_private"))  # a new magnet says nothing of it
    row.is_let_through = bool(kwargs.get("is_let_through"))
    row.heed_privacy()
    if is_probed:
        _find(row)
    if row.is_public and "published_at" in kwargs and "became_public_at" not in kwargs:
        row.became_public_at = row.published_at
    row.note_publicity()
    row.save(force_insert=True)
    if row.tags:
        ResourceTag.objects.index([row])
    TextHash.objects.index([row])
    if row.is_public:
        _tell_catalog(row)
    return row


def checked(
    rows: ResourceQuerySet[Resource], status: DhtStatus, misses: int = 0, **figures: Any
) -> int:
    """Each of them looked up with this outcome; how many have another status."""
    check = SwarmCheck(status, misses, **figures)
    return Resource.objects.record_checks(dict.fromkeys(rows.values_list("pk", flat=True), check))


def _clean(row: Resource) -> None:
    row.collisions = _NoCollisions(Resource.objects.none(), ())
    row.clean_fields(exclude=["category", "publisher", "team", "supersedes"])
    row.clean()
    row.collisions = None
    cover_requests.ask(row)


class _NoCollisions(Collisions):
    """No resource has the same torrent: the table refuses a second one by itself."""

    def require_none(self, row: ResourceFields, magnet: Magnet) -> None:
        pass


def _find(row: Resource) -> None:
    """As if a probe had found its metadata."""
    found = torrent_metadata(row.magnet_hash)
    metadata.save(found, survives_power_loss=False)
    row.probe_status, row.probe_due_at, row.probed_at = ProbeStatus.OK, None, found.fetched_at
    row.dht_status, row.dht_changed_at, row.last_dht_check = (
        DhtStatus.ACTIVE,
        found.fetched_at,
        found.fetched_at,
    )
    row.peers, row.last_seen_at = found.num_peers, found.fetched_at
    row.torrent_name = found.link_name
    for name in ("num_peers", "total_size_bytes", "file_count", "files_tree_summary"):
        setattr(row, name, getattr(found, name))


def _tell_catalog(row: Resource) -> None:
    """The catalog has another revision, which a build will see."""
    catalog = Catalog.get()
    catalog.revision += 1
    catalog.reason = reasons.ADDED(name=row.title)
    catalog.save(update_fields=["revision", "reason"])
    Change.objects.note(catalog.revision, [row.pk])


def torrent_metadata(magnet_hash: str, **kwargs: Any) -> metadata.Metadata:
    given: dict[str, Any] = {
        "magnet_hash": magnet_hash,
        "name": "work",
        "total_size_bytes": 3_000_000,
        "files": (
            metadata.File("work/README.txt", 1000),
            metadata.File("work/disc 1/track.flac", 2_999_000),
        ),
        "piece_length": 16384,
        "num_peers": 3,
        "fetched_at": timezone.now(),
    }
    return metadata.Metadata(**given | kwargs)


def entry(number: int = 1, **kwargs: Any) -> Entry:
    """What the site shows of resource `number`, published and changed at that second of 2026."""
    v1 = hashlib.sha1(f"facts {number}".encode()).hexdigest()
    moment = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat()
    given: dict[str, Any] = {
        "id": number,
        "title": f"Resource {number}",
        "magnet": f"{magnet(v1)}&dn=a%20b",
        "hash": v1,
        "hash_v1": v1,
        "hash_v2": None,
        "category": 1,
        "publisher": 1,
        "team": None,
        "tags": (),
        "size_bytes": 3_000_000,
        "file_count": 2,
        "files_summary": "README.txt, track.flac",
        "dht_status": "Active",
        "seeds_band": "unknown",
        "missing_since": None,
        "seen_at": None,
        "peers": None,
        "checked_at": moment,
        "published_at": moment,
        "updated_at": moment,
        "summary": "Some words.",
    }
    values = given | kwargs
    return Entry(**{"became_public_at": values["published_at"]} | values)


def taxonomy(category: str = "Films", publisher: str = "Ada") -> Taxonomy:
    """One category and one publisher, to whom the resources of `entry` belong."""
    films = CategoryNode(
        1, category, "films", None, 1, 0, "films", 0, (Crumb(category, "films"),), (1,)
    )
    return Taxonomy(categories={1: films}, publishers={1: Profile(publisher, "ada")}, teams={})
