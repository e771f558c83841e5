"""What is counted of probes and health scans."""

from __future__ import annotations

from ghost.core.measurements.counters import Counter
from resources.states import DhtStatus, ProbeStatus

PROBES = Counter(
    "ghost_probes",
    "Probes that ended, by result (see probe_status in docs/api.md).",
    {"result": ProbeStatus.values},
)
LOOKUPS = Counter(
    "ghost_health_lookups",
    "Look-ups of health scans that came to a verdict, by what it says.",
    {"status": DhtStatus.values},
)
SCANS = Counter(
    "ghost_health_scans", "Health scans that ended.", {"result": ("done", "stopped", "failed")}
)
