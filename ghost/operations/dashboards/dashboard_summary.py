"""What a dashboard shows first: how Ghost stands, what needs somebody, and its main numbers."""

from __future__ import annotations

from typing import Any

from ghost.core.jobs import pause
from ghost.operations import figures
from ghost.operations.figures import Figures, Item
from ghost.operations.figures.sentences import TITLES
from ghost.operations.stats.models import CatalogCount


def look() -> dict[str, Any]:
    """As plain values, from the figures."""
    found, drain = figures.current(), pause.look()
    catalog = CatalogCount.objects.filter(pk=1).first()
    return {
        "status": found.word,
        "gathered_at": found.gathered_at,
        "problems": [_problem(item) for item in found.problems],
        "catalog": catalog,
        "queue": drain,
        "build": _build(found),
        "workers": int(found.item("workers").counts.get("living", 0)),
        "failed_tasks": int(found.item("queue").counts.get("failed_within_a_day", 0)),
        "circuits_open": int(found.item("circuits").counts.get("open", 0)),
        "dht_nodes": found.item("dht").counts.get("nodes"),
        "last_backup_age_s": found.item("backups").counts.get("age_s"),
        "least_free_disk_percent": found.item("disk").counts.get("least_free_percent"),
    }


def _problem(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": str(TITLES[item.name]),
        "status": str(item.status),
        "reason": str(item.reason),
        "advice": str(item.advice),
        "since": item.since,
    }


def _build(found: Figures) -> dict[str, Any]:
    item = found.item("build")
    return {
        "status": str(item.status),
        "reason": str(item.reason),
        "is_pending": bool(item.counts.get("pending", 0)),
        "pages": int(item.counts.get("pages", 0)),
    }
