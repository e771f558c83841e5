"""What can go wrong, and the exit status of each."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

OK, REFUSED, USAGE, OUTAGE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""

DUPLICATE = "urn:ghost:problem:duplicate"
"""The problem's `type` where a torrent is listed already."""
UNDER_WAY = "urn:ghost:problem:under-way"
"""The problem's `type` while the same request, sent before, is still at work."""


class GhostError(Exception):
    """What this client says went wrong; its text is for people."""

    exit_status = REFUSED

    def as_json(self) -> Json:
        """The error as `--json` prints it; subclasses add what they know."""
        return {"detail": str(self)}


class SetupError(GhostError):
    """Something is missing or wrong on this side: the token, a file, an argument."""

    exit_status = USAGE


class OutageError(GhostError):
    """The server could not be reached, or asked for patience for too long: try again later."""

    exit_status = OUTAGE


class RefusedError(GhostError):
    """The server said no. `status` is HTTP's, `problem` what it said (RFC 9457)."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        self.status, self.problem = status, problem
        is_passing = status == 429 or status >= 500 or problem.get("type") == UNDER_WAY
        self.exit_status = OUTAGE if is_passing else REFUSED

    @property
    def twin(self) -> int | None:
        """The resource that is this torrent already, if the token may see it."""
        return duplicate_of(self.problem)

    def as_json(self) -> Json:
        """The problem as it came."""
        return {"status": self.status, "detail": str(self), **self.problem}


def duplicate_of(problem: Json | None) -> int | None:
    """The resource that a problem names as the same torrent; None if it is about something else."""
    if problem is None or problem.get("type") != DUPLICATE:
        return None
    return problem.get("resource_id")
