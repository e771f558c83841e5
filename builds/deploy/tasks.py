"""What the queue runs."""

from __future__ import annotations

from builds import deploy
from builds.deploy import after_build
from ghost.core.text.reasons import Plain


def deploy_now() -> list[Plain]:
    """Deploy what is published, whatever pause there is: an operator asked for it. Safe to run
    twice: what is deployed already is left alone."""
    report = deploy.deploy_published(is_asked=True)
    after_build.note_commit(report)
    return report.plain()
