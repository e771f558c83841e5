"""A public site as Django writes it: all records, but no page rendered. No Hugo runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from builds.data.records import Page, Record
from builds.engine import full, incremental
from builds.engine.sync import sync
from builds.listings.reader import Reader
from builds.models import BuildState, Due, Output
from builds.pages.outputs import RecordMaker
from builds.run import Progress
from builds.search import entries
from builds.tree import patches, releases
from ghost.core.catalog.models import Change
from tests.presence import present

_number = count(1)


@dataclass
class Changed:
    """What a delta brought and took, as files relative to the site; pages are chunked, not there."""

    files: set[str]
    removed: set[str]
    search: set[str]
    delta: incremental.Delta


def everything() -> Path:
    """Sync and write all, make it the public site."""
    reader = Reader.open(sync(Progress(), everything=True))
    draft = releases.begin(next(_number))
    writer, _ = full.export(reader, draft, Progress())
    full.export_search(reader, writer, Progress())
    Output.replace_all(Progress())
    token = releases.new_token()
    releases.prepare(draft, token)
    releases.publish(draft)
    releases.prune()
    BuildState.objects.filter(pk=1).update(token=token)
    Due.objects.all().delete()
    Change.objects.all().delete()
    return releases.public()


def change(build: int = 2) -> Changed:
    """Sync, and write what is due into the public site."""
    reader = Reader.open(sync(Progress(), everything=False))
    draft = present(patches.begin(build))
    delta = incremental.make_due(reader, draft)
    incremental.make_search(reader, draft, delta)
    changed, removed = set(delta.files()), set(delta.removed_files())
    patch = patches.seal(draft, delta.removed_files())
    incremental.store(delta)
    BuildState.objects.filter(pk=1).update(token=patch.token)
    patches.apply(draft.folder, patch)
    Change.objects.all().delete()
    search = {name for name in changed | removed if name.startswith("search/")}
    return Changed(changed - search, removed - search, search, delta)


def rows() -> dict[str, tuple]:
    """Owner, digest and size of each output."""
    fields = ("address", "owner", "is_page", "digest", "size_bytes", "languages_set_aside")
    return {address: tuple(rest) for address, *rest in Output.objects.values_list(*fields)}


def rows_of_all() -> tuple[dict[str, tuple], dict[str, bytes]]:
    """The same for all records made anew, and the files."""
    reader = Reader.open(BuildState.get())
    maker, shards, made = RecordMaker(reader), {}, list[tuple[str, Record]]()
    for owner, record in [*maker.entry_records(), *maker.listing_records()]:
        shards[record.address] = (record.digest, record.size)
        made.append((owner, record))
    made += [
        *maker.remaining_records(shards),
        *(("search", file) for file in entries.index_all(reader)),
    ]
    return (
        {r.address: (owner, isinstance(r, Page), r.digest, r.size, "") for owner, r in made},
        {r.address.lstrip("/"): r.body for _, r in made if not isinstance(r, Page)},
    )


def files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def index_items() -> dict[int, dict[str, object]]:
    """The items of all shards, by id."""
    found = releases.public().glob("index/index-*.json")
    items = [item for path in found for item in json.loads(path.read_bytes())["items"]]
    return {item["id"]: item for item in items}
