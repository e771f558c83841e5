from django.apps import AppConfig
from django.contrib.admin import apps as admin


class GhostConfig(AppConfig):
    default = True
    name = "ghost"


class AdminSiteConfig(admin.AdminConfig):
    default = False
    default_site = "ghost.admin_site.GhostAdminSite"
