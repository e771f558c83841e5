"""What a digest tells of a span of time, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from builds.data import urls
from ghost.operations import figures
from ghost.operations.alerts.wording import admin_url
from ghost.operations.figures.sentences import TITLES
from resources.models import DhtStatus, Resource
from resources.models.queryset import ResourceQuerySet

LISTED = 20
"""Of each kind; of the others their number is told."""


@dataclass(frozen=True)
class Line:
    """A resource, or something that needs care, and where it can be seen."""

    title: str
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class Section:
    """Lines of one kind; `more` is how many there are besides."""

    title: str
    lines: Sequence[Line]
    more: int = 0


@dataclass(frozen=True)
class Contents:
    """What happened between two moments, and what needs somebody at the second one."""

    since: datetime
    until: datetime
    sections: Sequence[Section]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections


def gather(since: datetime, until: datetime) -> Contents:
    """What there is to tell, in the active language."""
    found = [_published(since, until), _dying(since, until), _care()]
    return Contents(since, until, [section for section in found if section.lines])


def _published(since: datetime, until: datetime) -> Section:
    rows = Resource.objects.public().filter(became_public_at__gt=since, became_public_at__lte=until)
    return _resources(_("Published"), rows.order_by("-became_public_at"))


def _dying(since: datetime, until: datetime) -> Section:
    gone = Resource.objects.public().filter(
        dht_status=DhtStatus.STALE, dht_changed_at__gt=since, dht_changed_at__lte=until
    )
    return _resources(_("Dying"), gone.order_by("-dht_changed_at"))


def _resources(title: str, rows: ResourceQuerySet[Resource]) -> Section:
    shown = list(rows.select_related("category")[:LISTED])
    lines = [Line(row.title, row.category.name, _address(row)) for row in shown]
    more = rows.count() - len(shown) if len(shown) == LISTED else 0
    return Section(title, lines, more)


def _address(row: Resource) -> str:
    """Its page on the public site, or in the admin where nobody knows where the site is."""
    if settings.GHOST.site_address:
        return urls.link(urls.resource(row.pk))
    return admin_url(f"resources/resource/{row.pk}/change/")


def _care() -> Section:
    """What the dashboard says, and what waits for an operator."""
    wrong = [
        Line(f"{TITLES[item.name]}: {item.reason}", str(item.advice), admin_url())
        for item in figures.current().problems
    ]
    return Section(_("Needs care"), [*wrong, *_waiting()])


def _waiting() -> list[Line]:
    objects, standing = Resource.objects, Resource.objects.standing()
    review, private = objects.awaiting_review().count(), standing.held_as_private().count()
    covers = standing.filter(cover_image_path=None).exclude(Q(cover_error="")).count()
    said = [
        (review, ngettext("%d resource awaits approval", "%d resources await approval", review)),
        (private, ngettext("%d private torrent is held", "%d private torrents are held", private)),
        (covers, ngettext("%d cover can't be had", "%d covers can't be had", covers)),
    ]
    where = admin_url(reverse("admin:resources_resource_changelist").removeprefix("/admin/"))
    return [Line(words % number, address=where) for number, words in said if number]
