"""A folder of `.torrent` files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ghost.core.errors import RefusedError
from ghost.core.io.files import write_atomic
from ghost.core.text.unicode import one_line
from resources.exchange import records
from resources.exchange.report import Line
from resources.models import ProbeStatus, Resource
from resources.torrents import magnets, metadata, metainfo

SUFFIX = ".torrent"


def write(folder: Path, rows: Iterable[Resource]) -> Iterator[bool]:
    """Write the file of each row, named by its info-hash; yields whether there is one: not for
    what was not probed yet, or came without an info section."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        found = row.probed_metadata
        body = metainfo.make(found, magnets.parse(row.published_magnet_uri)) if found else None
        if body:
            path = folder / metadata.path_of(row.magnet_hash).with_suffix(SUFFIX).name
            write_atomic(path, body, survives_power_loss=False)
        yield body is not None


def paths(folder: Path) -> list[Path]:
    """The files in it and below, links left out, in the order of their names."""
    found = (path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
    return sorted(path for path in found if not path.is_symlink())


def read(folder: Path, files: Iterable[Path]) -> Iterator[Line]:
    """A resource of each file, titled as the torrent is named; one that can't be read is handed
    on as its reason."""
    for path in files:
        place = path.relative_to(folder).as_posix().encode(errors="replace").decode()
        try:
            body = _body(path)
            yield _line(place, body)
        except RefusedError as error:
            yield Line(place, error)
        except OSError as error:
            yield Line(place, RefusedError(f"It can't be read: {error.strerror}."))


def _body(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(metainfo.MAX_BYTES + 1)


def _line(place: str, body: bytes) -> Line:
    magnet, found = metainfo.read(body)
    what = records.build(
        title=one_line(found.name)[:300] or magnet.hash,
        magnet_uri=magnet.uri(),
        metadata=found,
        probe_status=ProbeStatus.OK,
        probed_at=found.fetched_at,
    )
    return Line(place, what, len(body), tuple(map(str, magnet.notes)))
