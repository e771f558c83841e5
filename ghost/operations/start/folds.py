"""What is stored of texts for comparing them, brought up to this Ghost's rules after an upgrade: folded titles,
keys of public names, slugs of tags."""

from __future__ import annotations

import logging

from ghost.core.db import refolding
from ghost.core.jobs import queue
from ghost.core.jobs.models import Job, JobKind
from ghost.core.text.reasons import Plain
from ghost.operations import reasons
from resources.models import ResourceTag
from teams.models import public_names

log = logging.getLogger(__name__)


def is_outdated() -> bool:
    """Whether something was stored by other rules."""
    return refolding.is_due() or ResourceTag.objects.outdated().exists()


def is_renewal_missing() -> bool:
    """Whether nobody is at it, or will be."""
    return is_outdated() and not Job.objects.open().filter(kind=JobKind.FOLDS).exists()


def ask_for_renewal() -> None:
    """Let a worker do it."""
    queue.enqueue(renew, kind=JobKind.FOLDS)


def renew() -> Plain:
    """Bring all of it up to date, a part at a time: searches go on meanwhile. Safe to run twice."""
    renamed = public_names.renew()
    for each in renamed:
        log.warning(
            "By the new rules somebody else has this public name, so that it was changed: %s", each
        )
    titles, tags = refolding.renew(), ResourceTag.objects.renew()
    if renamed:
        return reasons.RENEWED_AND_RENAMED(
            titles=titles, tags=tags, names=", ".join(renamed)
        ).plain()
    return reasons.RENEWED(titles=titles, tags=tags).plain()
