"""A public site as Django writes it: all records, but no page rendered. No Hugo runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from django.db import transaction

from builds.data.progress import unheard
from builds.data.records import Page, Record
from builds.engine import full, incremental
from builds.engine.sync import absorb
from builds.listings.reader import Shelf
from builds.models import BuildState, Due, Output
from builds.pages.outputs import Maker
from builds.search import entries
from builds.tree import patches, releases
from ghost.core.catalog.models import Change

_number = count(1)


@dataclass
class Told:
    """What a delta brought and took, as files relative to the site; pages are chunked, not there."""

    changed: set[str]
    removed: set[str]
    search: set[str]
    found: incremental.Difference


def everything() -> Path:
    """Absorb and write all, make it the public site."""
    shelf = Shelf.open(absorb(everything=True))
    draft = releases.begin(next(_number))
    writer, _ = full.export(shelf, draft, unheard, transaction.atomic)
    full.search(shelf, writer, unheard)
    Output.replace_all()
    token = releases.new_token()
    releases.publish(draft, token)
    BuildState.objects.filter(pk=1).update(token=token)
    Due.objects.all().delete()
    Change.objects.all().delete()
    return releases.public()


def change(build: int = 2) -> Told:
    """Absorb, and write what is due into the public site."""
    shelf = Shelf.open(absorb(everything=False))
    stage = patches.begin(build)
    found = incremental.compare(shelf, stage)
    incremental.add_search(shelf, stage, found)
    changed, removed = set(found.wanted()), set(found.removed())
    plan = patches.seal(stage, found.removed())
    incremental.store(found)
    BuildState.objects.filter(pk=1).update(token=plan.token)
    patches.merge(stage.folder, plan)
    Change.objects.all().delete()
    search = {name for name in changed | removed if name.startswith("search/")}
    return Told(changed - search, removed - search, search, found)


def rows() -> dict[str, tuple]:
    """Owner, digest and size of each output."""
    fields = ("address", "owner", "is_page", "digest", "size_bytes", "aside")
    return {address: tuple(rest) for address, *rest in Output.objects.values_list(*fields)}


def rows_of_all() -> tuple[dict[str, tuple], dict[str, bytes]]:
    """The same for all records made anew, and the files."""
    shelf = Shelf.open(BuildState.get())
    maker, told, made = Maker(shelf), {}, list[tuple[str, Record]]()
    for owner, record in [*maker.entries(), *maker.lists()]:
        told[record.address] = (record.digest, record.size)
        made.append((owner, record))
    made += [*maker.others(told), *(("search", file) for file in entries.whole(shelf, unheard))]
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
