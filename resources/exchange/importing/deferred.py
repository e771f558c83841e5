"""Records that replace a release which has not come yet: kept on disk until it has."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator

from resources.exchange import records
from resources.exchange.report import Line

IN_MEMORY_BYTES = 8 << 20


class Waiting:
    """Lines that refer to later ones, kept in a file until these are in."""

    def __init__(self) -> None:
        self._file = _file()
        self.count = 0

    def keep(self, lines: Iterable[Line]) -> None:
        """Add lines, each of which must be a resource."""
        for line in lines:
            assert isinstance(line.what, records.ResourceRecord)  # noqa: S101  # no other refers forward
            body = line.what.model_dump_json(exclude_unset=True)
            self._file.write(json.dumps([line.place, line.mended, body]).encode() + b"\n")
            self.count += 1

    def read(self) -> Iterator[Line]:
        """All that were put off so far, once."""
        held, self._file, self.count = self._file, _file(), 0
        held.seek(0)
        with held:
            for kept in held:
                place, mended, body = json.loads(kept)
                what = records.ResourceRecord.model_validate_json(
                    body
                )  # not every format sets `type`
                yield Line(place, what, len(kept), tuple(mended))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _file() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)
