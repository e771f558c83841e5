"""A folder of text as records; whoever may have written it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.ndjson import MAX_LINE_BYTES
from resources.exchange.report import Line
from resources.exchange.text_folder import layout


def is_one(folder: Path) -> bool:
    """Whether that folder is one, of whatever version."""
    header = folder / layout.HEADER
    return header.is_file() and layout.is_header(_start(header))


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(layout.MAX_HEADER_BYTES)


@dataclass
class TextFolder:
    """A folder, its header read; RefusedError if it is none, or of another version."""

    folder: Path
    promised: dict[str, int] = field(default_factory=dict)
    _refs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not is_one(self.folder):
            raise RefusedError(f"This is no catalog as text: it has no {layout.HEADER} of Ghost's.")
        self.promised = layout.counts(_start(self.folder / layout.HEADER))

    def read(self) -> Iterator[Line]:
        """The records, each after what it refers to; a line that is none is handed on as its reason."""
        people = [self._publisher(*each) for each in self._bodies(layout.PUBLISHERS)]
        yield from (line for line, is_member in people if not is_member)
        for place, body in self._bodies(layout.TEAMS):
            yield _parsed(place, body, owner=self._refs)
        yield from (line for line, is_member in people if is_member)
        for place, body in self._bodies(layout.CATEGORIES):
            yield _parsed(place, body)
        for place, body in self._bodies(layout.TAKEN_DOWN):
            yield _block(place, body)
        for path in sorted((self.folder / layout.RESOURCES).glob("*.ndjson")):
            for place, body in self._bodies(f"{layout.RESOURCES}/{path.name}"):
                yield _parsed(place, body, publisher=self._refs)

    def _publisher(self, place: str, body: bytes) -> tuple[Line, bool]:
        """With a number for this reading, and whether it is a team's member."""
        ref = len(self._refs) + 1
        line = _parsed(place, body, ref=ref)
        what = line.what
        if not isinstance(what, records.PublisherRecord):
            return line, False
        if self._refs.setdefault(what.name, ref) != ref:
            return Line(place, RefusedError("Its name stands there twice.")), False
        return line, what.team is not None

    def _bodies(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Place and bytes of each line of a file, if that is there; RefusedError for one that leads
        elsewhere."""
        path = self.folder / name
        if path.is_symlink() or path.parent.is_symlink():
            raise RefusedError(f"{name} is a symbolic link.")
        if not path.is_file():
            return
        with path.open("rb") as stream:
            number = 0
            while body := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(body) > MAX_LINE_BYTES:
                    raise RefusedError(f"{name}: a line has more than {MAX_LINE_BYTES >> 20} MiB.")
                if body.strip():
                    yield f"{name} line {number}", body


def _parsed(place: str, body: bytes, **given: Any) -> Line:  # noqa: ANN401  # see below
    """The record in `body`. `given`: what it has instead: a value, or a number by the name that it says."""
    try:
        told = _object(body) if given else None
        if told is not None:
            body = json.dumps(told | _replaced(told, given)).encode()
        return Line(place, records.parse(body), len(body))
    except RefusedError as error:
        return Line(place, error)


def _object(body: bytes) -> dict[str, Any]:
    records.require_few_parts(body)
    records.require_one_of_each(body)
    told = json.loads(body)
    if not isinstance(told, dict):
        raise RefusedError("It is no record.")
    return told


def _replaced(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = dict[str, Any]()
    for name, value in given.items():
        if isinstance(value, dict):
            number = value.get(str(told.get(name)))
            if number is None:
                raise RefusedError(f"{name}: nobody of that name stands in {layout.PUBLISHERS}.")
            found[name] = number
        else:
            found[name] = value
    return found


def _block(place: str, body: bytes) -> Line:
    info_hash = body.strip().decode("ascii", "replace")
    told = json.dumps({"type": "block", "info_hash": info_hash, "is_of_takedown": True})
    return _parsed(place, told.encode())
