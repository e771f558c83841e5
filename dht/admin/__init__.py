"""Health scans and what look-ups found, in the operators' interface. Leans on dht.health, dht.models and resources.admin."""

from dht.admin import resource  # noqa: F401  # adds facts and an action there
from dht.admin.samples import HealthSampleAdmin
from dht.admin.scans import ScanAdmin

__all__ = ["HealthSampleAdmin", "ScanAdmin"]
