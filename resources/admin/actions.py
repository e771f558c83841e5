"""What operators do with resources, one or many. Every action comes by POST."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ghost.admin_site import ModelAdmin
from resources.admin.forms import ReasonForm
from resources.models import ProbeStatus, Resource
from resources.models.querysets import ResourceQuerySet
from resources.probing import prober

TITLES_SHOWN = 20
NOTED_AT_MOST = 1000


class ResourceActions(ModelAdmin[Resource]):
    """The actions of the list; the buttons of the form send the same ones for their row."""

    actions = ["take_down", "restore", "probe_again", "publish_unprobed"]

    @admin.action(description=_("Take down with a reason…"), permissions=["change"])
    def take_down(self, request: HttpRequest, queryset: ResourceQuerySet) -> HttpResponse | None:
        rows = _plain(queryset).standing()
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_reason(request, rows, form)
        reason, ids = form.cleaned_data["reason"], list(rows.values_list("pk", flat=True))
        count = rows.take_down(reason=reason, by=request.user.get_username())
        self._noted(request, ids, gettext("Taken down: %s") % reason)
        self.message_user(
            request,
            ngettext(
                "%d resource taken down; its hash is blocked and the next build removes it.",
                "%d resources taken down; their hashes are blocked and the next build removes them.",
                count,
            )
            % count,
            messages.SUCCESS,
        )
        return self.back(request)

    def _ask_reason(
        self, request: HttpRequest, rows: ResourceQuerySet, form: ReasonForm
    ) -> HttpResponse:
        count = rows.count()
        context = self.page(
            request,
            gettext("Take down"),
            form=form,
            count=count,
            rows=rows[:TITLES_SHOWN],
            left_out=max(count - TITLES_SHOWN, 0),
            selected=request.POST.getlist("_selected_action"),
            select_across=request.POST.get("select_across", "0"),
            next=self.back(request).url,
        )
        return TemplateResponse(request, "admin/resources/take_down.html", context)

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: ResourceQuerySet) -> HttpResponse | None:
        rows = _plain(queryset).taken_down()
        ids = list(rows.values_list("pk", flat=True))
        count = rows.restore()
        self._noted(request, ids, gettext("Restored"))
        self.message_user(
            request,
            ngettext("%d resource restored.", "%d resources restored.", count) % count,
            messages.SUCCESS if count else messages.WARNING,
        )
        return self.back(request)

    @admin.action(description=_("Probe again"), permissions=["change"])
    def probe_again(self, request: HttpRequest, queryset: ResourceQuerySet) -> HttpResponse | None:
        rows = _plain(queryset)
        ids = list(rows.standing().values_list("pk", flat=True))
        with self.telling(request), transaction.atomic():
            prober().require()
            count = rows.ask_probe()
            if ids:  # one task takes all that is due
                transaction.on_commit(partial(prober().enqueue, ids[0]))
            self._noted(request, ids, gettext("Probe asked for"))
            self.message_user(
                request, ngettext("%d probe queued.", "%d probes queued.", count) % count
            )
        return self.back(request)

    @admin.action(description=_("Publish without a probe"), permissions=["change"])
    def publish_unprobed(
        self, request: HttpRequest, queryset: ResourceQuerySet
    ) -> HttpResponse | None:
        rows = _plain(queryset)
        ids = list(
            rows.standing().exclude(probe_status=ProbeStatus.SKIPPED).values_list("pk", flat=True)
        )
        count = rows.skip_probe()
        self._noted(request, ids, gettext("Published without a probe"))
        self.message_user(
            request,
            ngettext(
                "%d resource needs no probe any more.",
                "%d resources need no probe any more.",
                count,
            )
            % count,
        )
        return self.back(request)

    def _noted(self, request: HttpRequest, ids: list[int], what: str) -> None:
        for row in Resource.objects.filter(pk__in=ids[:NOTED_AT_MOST]):
            self.note(request, row, what)


def _plain(queryset: models.QuerySet[Resource]) -> ResourceQuerySet:
    """The same rows without the list's joins, order and DISTINCT: writes can't have those."""
    return Resource.objects.filter(pk__in=queryset.order_by().values("pk"))
