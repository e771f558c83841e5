"""`ghost publish FOLDER`: every .torrent file below it, and the magnet links in its lists.

What is done is written down at once, so that a run that was killed goes on where it was; what was sent and not
written down yet has the same key again, and is done once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from ..bulk import Item, Outcome
from ..errors import OK, REFUSED, Json, RefusedError, SetupError, duplicate_of
from ..ghost_api import Ghost
from ..screen import Screen
from ..token_file import own_folder
from .publish_many import PATIENCE_S, Tally

AT_ONCE = 100
"""Magnet links in one request."""
MAX_BYTES = 64_000_000
"""Of one file: libraries have no larger ones."""
_LISTS = (".txt", ".magnet", ".magnets")


@dataclass(frozen=True)
class Piece:
    """A .torrent file, or a magnet link in a line of a list."""

    path: Path
    line: int
    magnet: str = ""

    def body(self) -> bytes:
        """What tells it from others: the file, or the link."""
        return self.magnet.encode() if self.magnet else self.path.read_bytes()

    def key(self, values: Json) -> str:
        """What it is written down as, with the fields that it is published with."""
        plain = json.dumps(values, sort_keys=True).encode()
        return hashlib.sha256(plain + b"\0" + self.body()).hexdigest()


class Journal:
    """What is done of a folder, for this server: a line for each piece."""

    def __init__(self, url: str, folder: Path) -> None:
        name = hashlib.sha256(f"{url} {folder.resolve()}".encode()).hexdigest()[:32]
        self.path = own_folder("XDG_STATE_HOME", ".local/state") / f"folder-{name}.txt"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.done = (
                set(self.path.read_text(encoding="utf-8").split()) if self.path.exists() else set()
            )
            self._file = self.path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise SetupError(f"{self.path} can't be written: {error.strerror}") from error

    def note(self, key: str) -> None:
        """That this one is done. A line that was cut by a kill is no key, and is sent again."""
        self._file.write(f"\n{key}\n")
        self.done.add(key)

    def close(self) -> None:
        """No more to come."""
        self._file.close()


def run(ghost: Ghost, folder: Path, values: Json, args: argparse.Namespace, screen: Screen) -> int:
    """Publish what is not done yet; 1 if anything was refused."""
    if args.patience is None:
        ghost.be_patient(PATIENCE_S)
    pieces, tally = list(_pieces(folder)), Tally(screen, is_dry=False)
    if not pieces:
        raise SetupError(
            f"{folder} has no .torrent files, and no magnet links in files that end in {', '.join(_LISTS)}."
        )
    journal = Journal(ghost.url, folder)
    try:
        left = [piece for piece in pieces if piece.key(values) not in journal.done]
        skipped = len(pieces) - len(left)
        screen.progress(f"{len(left)} to publish, {skipped} done before", is_line=True)
        for piece, outcome in _published(ghost, left, values, tally):
            if outcome.outcome != "refused":
                journal.note(piece.key(values))
            tally.add(outcome)
    finally:
        journal.close()
    tally.finish(has_report=False, more={"done_before": skipped})
    return REFUSED if tally.counts["refused"] else OK


def _published(
    ghost: Ghost, pieces: Sequence[Piece], values: Json, tally: Tally
) -> Iterator[tuple[Piece, Outcome]]:
    for piece in pieces:
        if not piece.magnet:
            yield piece, _uploaded(ghost, piece, values)
    magnets = [piece for piece in pieces if piece.magnet]
    items = [_item(piece, values) for piece in magnets]
    outcomes = ghost.bulk(items, most_at_once=AT_ONCE, tell_sent=tally.tell_sent)
    for piece, outcome in zip(magnets, outcomes):
        outcome.name = f"{piece.path.name}, line {piece.line}"
        yield piece, outcome


def _uploaded(ghost: Ghost, piece: Piece, values: Json) -> Outcome:
    try:
        row = ghost.create_from_torrent(piece.body(), values)
    except RefusedError as error:
        if error.exit_status != REFUSED:
            raise
        listed = duplicate_of(error.problem)
        outcome = "listed" if listed else "refused"
        problem = None if listed else {"detail": str(error), **error.problem}
        return Outcome(0, outcome, id=listed, problem=problem, name=str(piece.path))
    except OSError as error:
        return _unread(piece, error)
    return Outcome(0, "created", id=row["id"], notes=row.get("notes") or [], name=str(piece.path))


def _unread(piece: Piece, error: OSError) -> Outcome:
    problem = {"title": "Not sent", "status": 0, "detail": f"It can't be read: {error.strerror}"}
    return Outcome(0, "refused", problem=problem, name=str(piece.path))


def _item(piece: Piece, values: Json) -> Item:
    names = parse_qs(piece.magnet.partition("?")[2]).get("dn")
    fields = {**values, "magnet_uri": piece.magnet, "title": names[0] if names else ""}
    error = "" if names else "This magnet link has no name (dn) in it."
    return Item(piece.line, fields, error)


def _pieces(folder: Path) -> Iterator[Piece]:
    """In an order that stays, each link once."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        if path.suffix.lower() == ".torrent":
            _require_small(path)
            yield Piece(path, 0)
        elif path.suffix.lower() in _LISTS:
            yield from _links(path)


def _require_small(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise SetupError(f"{path} is larger than 64 MB: publish it by its magnet link.")


def _links(path: Path) -> Iterable[Piece]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} can't be read as UTF-8: {error}") from error
    found = ((number, line.strip()) for number, line in enumerate(lines, 1))
    return [Piece(path, n, line) for n, line in found if line.lower().startswith("magnet:")]
