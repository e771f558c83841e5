from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DhtConfig(AppConfig):
    name = "dht"
    verbose_name = _("Catalog")
