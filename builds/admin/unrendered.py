"""Pages that Hugo could not render, and where an operator can mend them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from builds.data import urls
from builds.models import Listing, Output
from resources.models import Resource


@dataclass(frozen=True)
class UnrenderedPage:
    """Where the page would lie, what it is of and where that is changed, and whether it is there by
    now."""

    address: str
    name: str = ""
    url: str = ""
    is_mended: bool = False


def missing_now(limit: int) -> list[UnrenderedPage]:
    """Those that are missing on the site."""
    rows = list(Output.objects.set_aside()[:limit])
    shown = ["/" + file.removesuffix("index.html") for row in rows for file in row.files_set_aside]
    return pages_at(shown[:limit])


def pages_at(shown: Iterable[str]) -> list[UnrenderedPage]:
    """The pages at these addresses, which have the language before them, as `Build.set_aside`."""
    pages = {address: urls.without_language(address) for address in shown}
    rows = Output.objects.in_bulk([bare for bare, _ in pages.values()])
    names = _names(rows.values())
    return [
        UnrenderedPage(
            address, *names.get(_owner(rows, bare), ("", "")), _is_mended(rows, bare, language.code)
        )
        for address, (bare, language) in pages.items()
    ]


def _owner(rows: dict[str, Output], address: str) -> str:
    return rows[address].owner if address in rows else ""


def _is_mended(rows: dict[str, Output], address: str, code: str) -> bool:
    """There again, or not wanted any more."""
    return address not in rows or code not in rows[address].languages_set_aside.split(",")


def _names(rows: Iterable[Output]) -> dict[str, tuple[str, str]]:
    """Of owners: what they are called, and where they are changed."""
    owners = [row.owner for row in rows]
    return _resources(owners) | _listings(owners)


def _resources(owners: list[str]) -> dict[str, tuple[str, str]]:
    ids = [int(owner.partition("/")[2]) for owner in owners if owner.startswith("entry/")]
    titles = Resource.objects.filter(pk__in=ids).values_list("pk", "title")
    return {f"entry/{pk}": (title, _form("resources_resource", pk)) for pk, title in titles}


def _listings(owners: list[str]) -> dict[str, tuple[str, str]]:
    by_owner = {owner: int(owner.split("/")[1]) for owner in owners if owner.startswith("page/")}
    rows = Listing.objects.in_bulk(by_owner.values())
    return {owner: _listing(rows[pk]) for owner, pk in by_owner.items() if pk in rows}


def _listing(row: Listing) -> tuple[str, str]:
    if row.kind == Listing.Kind.CATEGORY:
        return gettext("its category"), _form("resources_category", row.key)
    return "", ""


def _form(model: str, pk: object) -> str:
    return reverse(f"admin:{model}_change", args=(pk,))
