"""How the installation stands and what operators do with it (`/api/ops/`): a module for each subject. Leans on operations.

What a module answers it reads from where the admin and `/metrics` read it.
"""

from ghost.api.ops import (
    alert_rules,
    alerts,
    backups,
    dashboard,
    database,
    maintenance,
    profile,
    queues,
    schedules,
    services,
    stats,
    system,
    tasks,
)

ROUTERS = (
    dashboard.router,
    queues.router,
    tasks.router,
    schedules.router,
    services.router,
    alerts.router,
    alert_rules.router,
    stats.router,
    database.router,
    system.router,
    profile.router,
    backups.router,
    maintenance.router,
)
"""In the order of the documentation."""
