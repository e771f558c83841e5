from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.core.checks import register


class GhostConfig(AppConfig):
    default = True
    name = "ghost"

    def ready(self) -> None:
        """Load the checks; let workers hear that they should stop, and name their tasks in logs."""
        # All of these need the apps to be there.
        from django_q import signals  # noqa: PLC0415

        from ghost import checks, logs, stopping  # noqa: PLC0415

        register(checks.check_installation)
        signals.post_spawn.connect(stopping.listen)
        signals.pre_execute.connect(logs.name_task)
        signals.post_execute_in_worker.connect(logs.tell_task)


class AdminSiteConfig(admin.AdminConfig):
    default = False
    default_site = "ghost.admin_site.GhostAdminSite"
