"""A resource, a task and the site as people read them: a line for each fact."""

from __future__ import annotations

import json
from contextlib import suppress

from ..errors import GhostError, Json
from ..ghost_api import Ghost
from ..resource_fields import shown_moment
from ..screen import Screen, shown


def show_resource(ghost: Ghost, row: Json, screen: Screen) -> None:
    """The result that is a resource, and what its publisher may not expect."""
    screen.result(row, [] if screen.is_json else describe_resource(ghost, row))
    show_notes(row, screen)
    if row["state"] == "review":
        screen.note("It waits for review: it is off the public site until it is approved.")


def show_notes(answer: Json, screen: Screen) -> None:
    """What the server did otherwise than it was asked, or what waits."""
    for note in answer.get("notes") or ():
        screen.note(note)


def describe_resource(ghost: Ghost, row: Json) -> list[str]:
    """What there is to say of a resource."""
    return _aligned({
        "resource": row["id"],
        "title": row["title"],
        "state": row["state"],
        "category": _category(ghost, row["category_id"]),
        "tags": ", ".join(row.get("tags") or ()),
        "team": row.get("team_id"),
        "licence": row.get("licence"),
        "source": row.get("source_url"),
        "supersedes": row.get("supersedes_id"),
        "superseded by": ", ".join(map(str, row.get("superseded_by") or ())),
        "probe": " ".join(filter(None, (row["probe_status"], row.get("probe_error")))),
        "health": row["dht_status"],
        "size": row.get("total_size_human"),
        "files": row.get("file_count"),
        "published": shown_moment(row.get("published_at")),
        "address": row.get("public_url"),
        "on the site": shown_moment(row.get("on_site_at")),
        "review note": row.get("review_note"),
        "cover error": row.get("cover_error"),
        "task": row.get("task_id"),
    })  # fmt: skip


def describe_site(status: Json) -> list[str]:
    """Whose token it is (`session`), and how the site stands (`build`)."""
    session, build = status["session"], status["build"]
    running = build["building"] or {}
    return _aligned({
        "token": f"{session['role']} “{session['display_name']}”{_limits(session)}",
        "team": session["scope_team_id"],
        "site": "has changes to be built" if build["pending_changes"] else "is up to date",
        "because": build["pending_reason"] if build["pending_changes"] else None,
        "building": running.get("stage"),
        "progress": _progress(running.get("progress")),
        "built": shown_moment(build["last_build_at"]),
        "error": build["last_error"],
    })  # fmt: skip


def describe_task(task: Json) -> list[str]:
    """A task's status, place in the queue and progress as aligned lines."""
    rank = task["queue_rank"]
    return _aligned({
        "task": task["task_id"],
        "kind": task["kind"],
        "status": task["status"],
        "queue": f"{rank} of {task['queue_total']}" if rank else None,
        "stage": task["stage"],
        "progress": _progress(task["progress"]),
        "started": shown_moment(task["started_at"]),
        "finished": shown_moment(task["finished_at"]),
        "error": task["error"],
        "result": json.dumps(task["result"], ensure_ascii=False) if task["result"] else None,
    })  # fmt: skip


def _limits(session: Json) -> str:
    return ", read-only" if session.get("is_read_only") else ""


def _progress(progress: Json | None) -> str | None:
    return f"{progress['done']} of {progress['total']}" if progress else None


def _category(ghost: Ghost, category_id: int) -> str:
    """Its path; what was done stays done if that can't be had."""
    path = None
    with suppress(GhostError):
        path = ghost.category_path(category_id)
    return f"{path} ({category_id})" if path else str(category_id)


def _aligned(facts: Json) -> list[str]:
    """A line for each fact that there is, names and values below each other."""
    there = {name: value for name, value in facts.items() if value not in (None, "")}
    width = max(map(len, there))
    return [f"{name:<{width}}  {shown(str(value))}" for name, value in there.items()]
