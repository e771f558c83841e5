"""Metadata that lies in its folder though nothing that is listed needs it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ghost.operations import tasks
from resources.models import findings
from resources.torrents import metadata, metadata_files
from tests import make
from tests.results import said

pytestmark = pytest.mark.django_db


def orphan() -> str:
    """The hash of metadata whose row is gone, as a crash may leave it."""
    found = make.torrent_metadata(make.info_hash())
    metadata.save(found)
    return found.magnet_hash


def grow_old(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - metadata_files.SWEPT_AFTER_S - 60,) * 2)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_no_row_needs_is_swept_and_the_rest_stays(settings):
    folder = settings.GHOST.magnet_metadata_dir
    rows = [make.resource(), make.resource(), make.resource(published_at=None)]
    rows[1].take_down(reason="asked", by="Olga")
    for row in rows:
        metadata.save(make.torrent_metadata(row.magnet_hash))
    orphan()
    (folder / f".{make.info_hash()}.abcd1234").write_bytes(b"{")  # killed while it was written
    for name in ("notes.txt", "ab.json", ".hidden"):
        (folder / name).write_text("by hand")
    grow_old(folder)
    young = orphan()

    told = said(tasks.prune())

    kept = {f"{row.magnet_hash}.json" for row in rows} | {f"{young}.json"}
    assert names(folder) == kept | {"notes.txt", "ab.json", ".hidden"}
    assert told == "metadata of nothing that is listed: 2"


def test_a_sweep_is_bounded_and_the_next_goes_on(settings, monkeypatch):
    monkeypatch.setattr(findings, "MOST_SWEPT", 3)
    monkeypatch.setattr(findings, "SWEPT_AT_ONCE", 2)
    for _ in range(5):
        orphan()
    grow_old(settings.GHOST.magnet_metadata_dir)

    assert [findings.sweep_metadata() for _ in range(3)] == [3, 2, 0]


def test_what_is_listed_once_it_was_chosen_stays(settings, monkeypatch):
    late = orphan()
    grow_old(settings.GHOST.magnet_metadata_dir)

    unlisted, looks = findings._unlisted, []

    def listing_after(hashes):
        found = list(unlisted(hashes))
        looks.append(found)
        if len(looks) == 1:
            make.resource(magnet_uri=make.magnet(late), is_probed=False)
        return iter(found)

    monkeypatch.setattr(findings, "_unlisted", listing_after)

    assert findings.sweep_metadata() == 0
    assert looks == [[late], []]
    assert metadata.load(late) is not None


@pytest.mark.parametrize("moment", ["before it is moved", "once it is moved"])
def test_what_a_probe_saves_at_that_very_moment_stays(settings, monkeypatch, moment):
    magnet_hash = orphan()
    grow_old(settings.GHOST.magnet_metadata_dir)
    rename = Path.rename

    def saving(path, to):
        if moment == "before it is moved":
            metadata.save(make.torrent_metadata(magnet_hash))
        rename(path, to)
        if moment == "once it is moved":
            metadata.save(make.torrent_metadata(magnet_hash))

    monkeypatch.setattr(Path, "rename", saving)

    findings.sweep_metadata()

    assert metadata.load(magnet_hash) is not None
    assert names(settings.GHOST.magnet_metadata_dir) == {f"{magnet_hash}.json"}


def test_without_a_folder_there_is_nothing_to_sweep(configure, tmp_path):
    configure(magnet_metadata_dir=tmp_path / "never")

    assert findings.sweep_metadata() == 0
