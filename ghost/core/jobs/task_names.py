"""Tasks that lower rooms queue and higher ones carry out, by the names that the queue takes."""

from __future__ import annotations

from enum import StrEnum


class TaskName(StrEnum):
    """Dotted names of tasks; a test resolves each and tries its arguments."""

    BUILD_WHEN_QUIET = "builds.tasks.build_when_quiet"
    """What is public changed."""
    BUILD_AT_ONCE = "builds.tasks.build_at_once"
    """Something was taken down."""
    LOCALIZE_COVERS = "builds.tasks.localize_covers"
    """A cover is to be fetched."""
    DEPLOY_NOW = "builds.deploy.tasks.deploy_now"
    """A target is to be tried again."""
    RUN_SCAN = "dht.tasks.run_scan"
    """Take part in a health scan; its primary key is the argument."""
    BACK_UP = "ghost.operations.tasks.back_up"
    """A backup is asked for; its type is the argument."""
    PROVE_BACKUP = "ghost.operations.tasks.prove_backup"
    """A proof is asked for; the backup's name is the argument."""
