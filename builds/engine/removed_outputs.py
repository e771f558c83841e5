"""What is written down of outputs that a removal changed: the next build makes them anew."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from builds.data import urls
from builds.models import Due, Output, bulk
from builds.models.site import OUTPUT_COLUMNS
from builds.removals.tree_edits import TreeEdits
from ghost.core.batches import QUERY_KEYS, batched

SEARCH = "search"


def note(edits: TreeEdits, ids: Collection[int], others: Collection[int] = ()) -> int:
    """Bring the rows of outputs into agreement with the edited site, of which these resources are
    gone and `others` show less, and make due what the next build may have to make otherwise. Call
    it in a transaction; how many pages are gone."""
    gone_ids = edits.taken_out.union(ids)
    owners = {f"{kind}/{pk}" for pk in gone_ids.union(others) for kind in ("entry", SEARCH)}
    own, pages = _outputs_of(gone_ids)
    rows = _rows(edits)
    edited: dict[str, Output] = {}
    for path, body in edits.written.items():
        row = rows.get(path) or _new(path)
        if row is not None:
            row.digest = "" if row.is_page else hashlib.sha256(body).hexdigest()
            row.size_bytes = row.size_bytes if row.is_page else len(body)
            edited[row.address] = row
    owners |= {row.owner for row in edited.values()}
    rows_put = ([getattr(row, name) for name in OUTPUT_COLUMNS] for row in edited.values())
    bulk.put(Output, OUTPUT_COLUMNS, rows_put)
    gone = {rows[path].address for path in edits.removed if path in rows and not rows[path].is_page}
    for part in batched(sorted(gone | own), QUERY_KEYS):
        Output.objects.filter(pk__in=part).delete()
    Due.objects.add_anew(sorted(owners - {SEARCH}))
    return pages


def _outputs_of(ids: Collection[int]) -> tuple[set[str], int]:
    """Addresses of the resources' own outputs, and how many of them are pages."""
    found: dict[str, bool] = {}
    for part in batched(sorted(f"entry/{pk}" for pk in ids), QUERY_KEYS):
        found |= dict(Output.objects.filter(owner__in=part).values_list("address", "is_page"))
    return set(found), sum(found.values())


def _rows(edits: TreeEdits) -> dict[str, Output]:
    """The outputs that changed files belong to, by the path of each such file."""
    addresses = {path: _addresses(path) for path in (*edits.written, *edits.removed)}
    found: dict[str, Output] = {}
    for part in batched(sorted(set[str]().union(*addresses.values())), QUERY_KEYS):
        found |= Output.objects.in_bulk(part)
    return {path: found[a] for path, some in addresses.items() for a in some if a in found}


def _addresses(path: str) -> list[str]:
    """Where the output of a file may lie: as a file, and as a page of any language."""
    if not path.endswith(".html"):
        return [f"/{path}"]
    whole = [f"/{path}", urls.without_language(f"/{path}")[0]]
    return [*whole, *(each.removesuffix("index.html") for each in whole)]


def _new(path: str) -> Output | None:
    """Of a part of the search index that was not there before; nothing else comes anew."""
    if not path.startswith(f"{SEARCH}/"):
        return None
    return Output(address=f"/{path}", owner=SEARCH, is_page=False, digest="", size_bytes=0)
