"""Page records in files, each small enough for one run of Hugo."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from builds.data.records import Page

CHUNK_PAGES = 1000
CHUNK_BYTES = 8_000_000


class Chunks:
    """Collects pages; `written` are the files, each with an array of records."""

    def __init__(self, folder: Path) -> None:
        self.written: list[Path] = []
        self._folder = folder
        self._records: list[bytes] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._flush()

    def add(self, page: Page) -> None:
        """Add a page; a chunk that is full is written."""
        self._records.append(page.json)
        self._bytes += len(page.json)
        if len(self._records) >= CHUNK_PAGES or self._bytes >= CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._records:
            return
        path = self._folder / f"chunk-{len(self.written):05}.json"
        path.write_bytes(b"[" + b",".join(self._records) + b"]")
        self.written.append(path)
        self._records, self._bytes = [], 0
