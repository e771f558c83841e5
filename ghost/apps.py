from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import apps as admin
from django.contrib.admin import autodiscover
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks as system_checks
from django.utils.translation import gettext_lazy as _

from ghost.core.command import INSTALLATION


class GhostConfig(AppConfig):
    default = True
    name = "ghost"
    verbose_name = _("System")

    def ready(self) -> None:
        """Load the checks and all reasons; connect what listens to Django and to the queue."""
        # All of these need the apps to be there.
        from ghost.accounts import reasons as _of_accounts  # noqa: F401, PLC0415  # known to all
        from ghost.operations import checks  # noqa: PLC0415  # as above
        from ghost.operations import reasons as _reasons  # noqa: F401, PLC0415  # known to all
        from ghost.operations import retention as _retention  # noqa: F401, PLC0415  # as above
        from ghost.operations.figures import sentences as _sentences  # noqa: F401, PLC0415  # as above
        from ghost.operations.git_backup import reasons as _of_git_backup  # noqa: F401, PLC0415  # as above

        if settings.GHOST.sentry_enabled:
            from ghost.core.logs import sentry  # noqa: PLC0415  # nobody else loads its library

            sentry.start(settings.GHOST)
        system_checks.register(INSTALLATION)(checks.check_installation)
        self._connect_accounts()
        self._connect_queue()

    def _connect_accounts(self) -> None:
        from ghost.accounts import (  # noqa: PLC0415  # needs the apps
            confirmation,
            operator_sessions,
            sign_in_events,
        )
        from ghost.accounts.factors import second_factor_changes  # noqa: PLC0415  # as above

        second_factor_changes.connect()
        confirmation.connect()
        operator_sessions.connect()
        sign_in_events.connect()

    def _connect_queue(self) -> None:
        """Let workers hear that they should stop, name their tasks in logs, and write down how jobs stand."""
        from django.db.backends.signals import connection_created  # noqa: PLC0415  # as below
        from django_q import signals  # noqa: PLC0415  # needs the apps

        from ghost.core.jobs import (  # noqa: PLC0415  # as above
            schedule_runs,
            shutdown,
            task_lines,
            task_times,
            worker,
        )
        from ghost.core.measurements import queries, writing  # noqa: PLC0415  # as above
        from ghost.operations import connections  # noqa: PLC0415  # as above
        from ghost.operations.workers import memory  # noqa: PLC0415  # as above

        connection_created.connect(queries.watch)
        signals.post_spawn.connect(shutdown.listen)
        signals.post_spawn.connect(writing.start)
        signals.pre_enqueue.connect(task_lines.note_request)
        signals.pre_execute.connect(task_lines.begin)
        signals.pre_execute.connect(task_times.begin)
        signals.pre_execute.connect(connections.renew)
        signals.pre_execute.connect(worker.begin)
        signals.pre_execute.connect(schedule_runs.begin)
        signals.post_execute_in_worker.connect(task_times.end)
        signals.post_execute_in_worker.connect(worker.end)
        signals.post_execute_in_worker.connect(memory.tell)
        signals.post_execute_in_worker.connect(schedule_runs.end)
        signals.post_execute_in_worker.connect(task_lines.end)


class AdminSiteConfig(admin.SimpleAdminConfig):
    """The operators' pages are loaded by `ghost.urls`, and for `manage.py check`: commands and workers show none."""

    default = False
    default_site = "ghost.core.admin.model_admin.GhostAdminSite"

    def ready(self) -> None:
        """Call the apps that are not ours by the words of the sidebar."""
        system_checks.register(check_dependencies, system_checks.Tags.admin)
        system_checks.register(_check_pages, system_checks.Tags.admin)
        for label, name in (("auth", _("People")), ("django_q", _("System"))):
            apps.get_app_config(label).verbose_name = name


def _check_pages(**given: Any) -> list[system_checks.CheckMessage]:  # noqa: ANN401  # Django's protocol
    autodiscover()
    return check_admin_app(**given)
