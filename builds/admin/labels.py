"""How builds are shown to operators, in the reader's language: rows keep codes and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from builds.models import Build, Step
from dht.admin.scans import grouped
from ghost.core.audit import people

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TRIGGERS: dict[str, _StrPromise] = {
    "change": _("a change"),
    "schedule": _("the schedule"),
    "rescue": _("after a builder died"),
    "takedown": _("a takedown"),
    "verify": _("the nightly verification"),
    "manage.py build_site": _("the command line"),
    "manage.py rollback_site": _("the command line"),
}
STEPS: dict[str, _StrPromise] = {
    "covers": _("Fetch covers"),
    "sync": _("Read the catalog"),
    "verify": _("Compare everything"),
    "export": _("Write records"),
    "search": _("Index for the search"),
    "hugo": _("Render pages"),
    "check": _("Check files and links"),
    "publish": _("Publish"),
    "deploy": _("Deploy"),
    "rollback": _("Put the site back"),
}
COUNTS: dict[str, _StrPromise] = {
    "resources": ngettext_lazy("%(shown)s resource", "%(shown)s resources", "count"),
    "due": ngettext_lazy("%(shown)s item to rebuild", "%(shown)s items to rebuild", "count"),
    "pages": ngettext_lazy("%(shown)s page", "%(shown)s pages", "count"),
    "files": ngettext_lazy("%(shown)s file", "%(shown)s files", "count"),
    "removed": ngettext_lazy("%(shown)s removed", "%(shown)s removed", "count"),
    "runs": ngettext_lazy("%(shown)s run of Hugo", "%(shown)s runs of Hugo", "count"),
    "set_aside": ngettext_lazy("%(shown)s set aside", "%(shown)s set aside", "count"),
    "drift": ngettext_lazy("%(shown)s item to repair", "%(shown)s items to repair", "count"),
    "fetched": ngettext_lazy("%(shown)s fetched", "%(shown)s fetched", "count"),
    "failed": ngettext_lazy("%(shown)s failed", "%(shown)s failed", "count"),
    "lost": ngettext_lazy(
        "%(shown)s lost and requested again", "%(shown)s lost and requested again", "count"
    ),
    "waiting": ngettext_lazy("%(shown)s waiting", "%(shown)s waiting", "count"),
}


def asked_by(build: Build) -> str:
    """Who or what started a build."""
    who = TRIGGERS.get(build.trigger)
    if who:
        return str(who)
    return gettext("by hand: %s") % build.trigger if people.can_see_people() else gettext("by hand")


def kind(build: Build) -> str:
    """What a build did, or is doing."""
    if build.back_to is not None:
        return gettext("back to #%d") % build.back_to
    return gettext("everything") if build.is_full else gettext("changes")


def step_name(step: Step) -> str:
    """What a step does, in the reader's language; its bare name if no label is known."""
    return str(STEPS.get(step.name, step.name))


def counts(step: Step) -> str:
    """What a step counted, in a line: in the order of COUNTS, since JSON need not keep any."""
    known = [name for name in COUNTS if name in step.counts]
    others = sorted(step.counts.keys() - COUNTS.keys())
    found = [(name, step.counts[name]) for name in known + others]
    return " · ".join(_count(name, number) for name, number in found if number)


def _count(name: str, number: int) -> str:
    if name == "bytes":
        return filesizeformat(number)
    if name in COUNTS:
        return str(COUNTS[name] % {"count": number, "shown": grouped(number)})
    return f"{name} {grouped(number)}"


def progress(step: Step) -> str:
    """How far a running step is; empty if that can't be told."""
    if not step.total:
        return ""
    told = {"done": grouped(step.done), "total": grouped(step.total)}
    return gettext("%(done)s of %(total)s") % told
