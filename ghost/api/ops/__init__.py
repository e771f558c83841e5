"""How the installation stands and what operators do with it (`/api/ops/`): a module for each subject. Leans on operations.

What a module answers it reads from where the admin and `/metrics` read it.
"""

from ghost.api.ops import backups, profile, queues, schedules, stats, system

ROUTERS = (
    queues.router,
    schedules.router,
    backups.router,
    stats.router,
    system.router,
    profile.router,
)
"""In the order of the documentation."""
