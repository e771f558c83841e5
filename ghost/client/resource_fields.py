"""A resource's fields, and the forms in which people write their values."""

from __future__ import annotations

import re
from datetime import datetime

from .errors import Json, SetupError

FIELDS = (
    "title", "magnet_uri", "category_id", "content_markdown", "cover_image_url", "tags", "team_id",
    "published_at", "licence", "source_url", "checksums", "supersedes_id",
)  # fmt: skip
"""What the API lets one set."""

NUMBERS = ("category_id", "team_id", "supersedes_id")

_CHECKSUM = re.compile(r"\s*(?P<value>[0-9A-Fa-f]{32,128})(?: [ *](?P<file>.+?))?\s*")
_TAGGED_CHECKSUM = re.compile(
    r"\s*(?P<name>[\w-]+) \((?P<file>.+)\) = (?P<value>[0-9A-Fa-f]{32,128})\s*"
)
_ALGORITHM_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def read_checksums(text: str) -> list[Json]:
    """As `sha256sum` and its kin write them, or with `--tag`; SetupError names a line that is none.

    Without a tag the length tells the algorithm.
    """
    lines = enumerate(text.splitlines(), 1)
    return [_checksum(n, line) for n, line in lines if line.strip() and not line.startswith("#")]


def _checksum(number: int, line: str) -> Json:
    match = _TAGGED_CHECKSUM.fullmatch(line) or _CHECKSUM.fullmatch(line)
    if match is None or len(match["value"]) not in _ALGORITHM_BY_LENGTH:
        raise SetupError(f"Line {number} of the checksums is none: {line[:80]}")
    algorithm = match.groupdict().get("name") or _ALGORITHM_BY_LENGTH[len(match["value"])]
    return {
        "algorithm": algorithm.lower(),
        "value": match["value"].lower(),
        "file": match["file"] or "",
    }


def read_moment(text: str) -> str:
    """A moment with a zone (ISO 8601); one without is this machine's time."""
    try:
        moment = _moment(text.strip())
    except ValueError as error:
        raise SetupError(f"Write a moment such as 2026-01-31T12:00, not {text}") from error
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


def shown_moment(text: str | None) -> str | None:
    """A moment of the API to the minute, as this machine's clock shows it."""
    return _moment(text).astimezone().strftime("%Y-%m-%d %H:%M") if text else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))  # Python 3.9 knows no Z
