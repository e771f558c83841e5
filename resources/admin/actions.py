"""What operators do with resources, one or many. Every action comes by POST."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.contrib import admin, messages
from django.db import models, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ghost.core.admin.model_admin import ModelAdmin
from resources.admin.forms import ReasonForm, SendBackForm
from resources.models import Resource
from resources.models.queryset import ResourceQuerySet
from resources.publishing import etags, publish, visibility

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TITLES_SHOWN = 20


class Question(NamedTuple):
    """The page that asks for a reason."""

    title: _StrPromise
    template: str
    nothing: _StrPromise
    """Said where none of the rows is meant."""


TAKE_DOWN = Question(
    _("Take down"),
    "admin/resources/take_down.html",
    _("All of these are taken down already."),
)
SEND_BACK = Question(
    _("Send back"), "admin/resources/send_back.html", _("None of these awaits review.")
)


class ResourceActions(ModelAdmin[Resource]):
    """The actions of the list; the buttons of the form send the same ones for their row."""

    actions = [
        "approve", "send_back", "take_down", "restore", "probe_again", "publish_unprobed",
        "let_through",
    ]  # fmt: skip

    @admin.action(description=_("Approve"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: ResourceQuerySet[Resource]) -> HttpResponse:
        ids: list[int] = []
        with self.telling(request), transaction.atomic():
            # The button in a resource's form sends it; the list, which shows no texts, doesn't.
            is_present = etags.condition(request.POST.get("version", ""))
            ids = visibility.approve(_plain(queryset), is_present)
            self.note(request, ids, gettext("Approved"))
        self._tell(
            request, ngettext("%d resource approved.", "%d resources approved.", len(ids)), ids
        )
        return self.back(request)

    @admin.action(description=_("Send back with a reason…"), permissions=["change"])
    def send_back(self, request: HttpRequest, queryset: ResourceQuerySet[Resource]) -> HttpResponse:
        rows = _plain(queryset).awaiting_review()
        form = SendBackForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_reason(request, SEND_BACK, rows, form)
        reason = form.cleaned_data["reason"]
        with transaction.atomic():
            ids = visibility.send_back(rows, reason=reason)
            self.note(request, ids, gettext("Sent back: %s") % reason)
        message = ngettext(
            "%d resource sent back; it is a draft again.",
            "%d resources sent back; they are drafts again.",
            len(ids),
        )
        self._tell(request, message, ids)
        return self.back(request)

    @admin.action(description=_("Take down with a reason…"), permissions=["change"])
    def take_down(self, request: HttpRequest, queryset: ResourceQuerySet[Resource]) -> HttpResponse:
        rows = _plain(queryset).standing()
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_reason(request, TAKE_DOWN, rows, form)
        reason, by = form.cleaned_data["reason"], request.user.get_username()
        with transaction.atomic():
            ids = _ids(rows)
            rows.take_down(reason=reason, by=by)
            self.note(request, ids, gettext("Taken down: %s") % reason)
        message = ngettext(
            "%d resource taken down; it leaves the public site within seconds, and its hash is blocked.",
            "%d resources taken down; they leave the public site within seconds, and their hashes are blocked.",
            len(ids),
        )
        self._tell(request, message, ids)
        return self.back(request)

    def _ask_reason(
        self, request: HttpRequest, question: Question, rows: ResourceQuerySet[Resource], form: Form
    ) -> HttpResponse:
        count = rows.count()
        return self.ask(
            request,
            question.title,
            question.template,
            form=form,
            count=count,
            rows=rows[:TITLES_SHOWN],
            left_out=max(count - TITLES_SHOWN, 0),
            nothing="" if count else question.nothing,
        )

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: ResourceQuerySet[Resource]) -> HttpResponse:
        rows = _plain(queryset).taken_down()
        with transaction.atomic():
            ids = _ids(rows)
            rows.restore()
            self.note(request, ids, gettext("Restored"))
        message = ngettext("%d resource restored.", "%d resources restored.", len(ids))
        self._tell(request, message, ids)
        return self.back(request)

    @admin.action(description=_("Probe again"), permissions=["change"])
    def probe_again(
        self, request: HttpRequest, queryset: ResourceQuerySet[Resource]
    ) -> HttpResponse:
        with self.telling(request), transaction.atomic():
            ids = [row.pk for row in publish.probe_again(_plain(queryset))]
            self.note(request, ids, gettext("Probe requested"))
            self._tell(request, ngettext("%d probe queued.", "%d probes queued.", len(ids)), ids)
        return self.back(request)

    @admin.action(description=_("Publish without a probe"), permissions=["change"])
    def publish_unprobed(
        self, request: HttpRequest, queryset: ResourceQuerySet[Resource]
    ) -> HttpResponse:
        rows = _plain(queryset).unprobed()
        with transaction.atomic():
            ids = _ids(rows)
            rows.skip_probe()
            self.note(request, ids, gettext("Published without a probe"))
        message = ngettext(
            "%d resource no longer needs a probe.",
            "%d resources no longer need a probe.",
            len(ids),
        )
        self._tell(request, message, ids)
        return self.back(request)

    @admin.action(description=_("Let private torrents through"), permissions=["change"])
    def let_through(
        self, request: HttpRequest, queryset: ResourceQuerySet[Resource]
    ) -> HttpResponse:
        rows = _plain(queryset).held_as_private().standing()
        with transaction.atomic():
            ids = _ids(rows)
            rows.let_through()
            self.note(request, ids, gettext("Private torrent let through"))
        message = ngettext(
            "%d private torrent let through.", "%d private torrents let through.", len(ids)
        )
        self._tell(request, message, ids)
        return self.back(request)

    def _tell(self, request: HttpRequest, message: str, ids: list[int]) -> None:
        """How many there were; none is worth a warning."""
        level = messages.SUCCESS if ids else messages.WARNING
        self.message_user(request, message % len(ids), level)


def _plain(queryset: models.QuerySet[Resource]) -> ResourceQuerySet[Resource]:
    """The same rows without the list's joins, order and DISTINCT: writes can't have those."""
    return Resource.objects.filter(pk__in=queryset.order_by().values("pk"))


def _ids(rows: ResourceQuerySet[Resource]) -> list[int]:
    return list(rows.values_list("pk", flat=True))
