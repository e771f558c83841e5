from django.apps import AppConfig
from django.contrib.admin import apps as admin


class GhostConfig(AppConfig):
    default = True
    name = "ghost"

    def ready(self) -> None:
        """Let workers hear that they should stop, and load the checks."""
        from django_q.signals import post_spawn  # noqa: PLC0415  # needs the apps

        from ghost import checks, stopping  # noqa: F401, PLC0415

        post_spawn.connect(stopping.listen)


class AdminSiteConfig(admin.AdminConfig):
    default = False
    default_site = "ghost.admin_site.GhostAdminSite"
