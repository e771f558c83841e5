"""Deployments: what each target holds, what went wrong, and what waits for an operator."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from builds import deploy
from builds.deploy.tasks import deploy_now
from builds.models import Deployment
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.audit import trail
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind

STATE_COLOURS = {
    Deployment.State.WAITING: "info",
    Deployment.State.DONE: "success",
    Deployment.State.FAILED: "danger",
    Deployment.State.HELD: "warning",
}
MAY = "builds.change_deployment"


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin[Deployment]):
    """One row for each target; rows of targets that are configured no more stay."""

    list_display = ["target", "kind", "shown_state", "deployed_at", "files", "deletions", "error"]
    list_before_template = "admin/builds/deploy_now.html"
    change_form_outer_before_template = "admin/builds/deployment.html"
    fields = [
        ("target", "kind"),
        ("shown_state", "deployed_at"),
        ("files", "changed", "removed"),
        "commit",
        ("tried_at", "next_try_at", "failures"),
    ]
    readonly_fields = ["shown_state", "next_try_at", "failures"]
    actions = ["allow_deletions", "forget"]

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Any) -> str:  # an annotated deployment
        """As a badge; how the last try ended matters to nobody where none will follow."""
        if not row.is_configured:
            return badge(gettext("no longer configured"))
        state = Deployment.State(row.state)
        return badge(state.label, STATE_COLOURS[state])

    @display(description=_("next try"))
    def next_try_at(self, row: Deployment) -> str | None:
        next_try = row.circuit.open_until if row.circuit else None
        return localize(timezone.localtime(next_try)) if next_try else None

    @display(description=_("failed tries"))
    def failures(self, row: Deployment) -> int:
        return row.circuit.failures if row.circuit else 0

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Deployment]:
        """With whether its target is still configured."""
        standing = models.Exists(deploy.rows().filter(pk=models.OuterRef("pk")))
        return super().get_queryset(request).annotate(is_configured=standing)

    def has_deploy_permission(self, request: HttpRequest) -> bool:
        """For the actions below; nobody edits a row."""
        return request.user.has_perm(MAY)

    @admin.action(description=_("Allow the pending deletions"), permissions=["deploy"])
    def allow_deletions(
        self, request: HttpRequest, queryset: models.QuerySet[Deployment]
    ) -> HttpResponse:
        """Let exactly these pass, and deploy."""
        rows = [row for row in queryset if row.is_held]
        for row in rows:
            gone = row.deletions or 0
            told = ngettext("Allowed to delete %d file", "Allowed to delete %d files", gone) % gone
            with self.doing(request, [row.pk], told, done="allow_deletions"):
                row.allow()
        if rows:
            transaction.on_commit(_queue)
        said = ngettext("%d deployment goes on.", "%d deployments go on.", len(rows)) % len(rows)
        self.message_user(request, said, messages.SUCCESS if rows else messages.WARNING)
        return self.back(request)

    @admin.action(description=_("Remove what is no longer configured"), permissions=["deploy"])
    def forget(self, request: HttpRequest, queryset: models.QuerySet[Deployment]) -> HttpResponse:
        """Drop these rows; what lies at the targets stays there."""
        keys = [row.pk for row in queryset.filter(is_configured=False)]  # type: ignore[misc]  # annotated
        told = gettext("Removed: no longer configured")
        with self.doing(request, keys, told, done="forget"):
            Deployment.objects.filter(pk__in=keys).forget()
        count = len(keys)
        said = ngettext("%d deployment removed.", "%d deployments removed.", count) % count
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)
        return redirect(self.list_url())

    def get_urls(self) -> list[URLPattern]:
        """The usual addresses and that of the button “Deploy now”."""
        view = self.admin_site.admin_view(self.start)
        return [path("start/", view, name="builds_deployment_start"), *super().get_urls()]

    def start(self, request: HttpRequest) -> HttpResponse:
        """Queue a deployment of what is published (POST)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_deploy_permission(request):
            raise PermissionDenied
        trail.record_all(self.action_name("start"), ((row, None, None) for row in deploy.rows()))
        transaction.on_commit(_queue)
        self.message_user(request, gettext("A deployment is queued."))
        return self.back(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list says where there is nowhere to deploy to."""
        context = {
            "is_configured": deploy.is_configured(),
            "may_deploy": request.user.has_perm(MAY),
        }
        return super().changelist_view(request, context | (extra_context or {}))


def _queue() -> None:
    queue.enqueue(deploy_now, kind=JobKind.DEPLOY)
