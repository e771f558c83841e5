"""That an authenticator app's code works once, whichever process is asked (RFC 6238, 5.2).

allauth remembers used codes in the cache, which each process has for itself: here it is the row's time of
its last use, which a database changes once.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.db.models import Q


def take(app: Authenticator) -> bool:
    """Take the code of this half minute; whether it was still there."""
    now = time.time()
    began_at = now // app_settings.TOTP_PERIOD * app_settings.TOTP_PERIOD
    unused = Q(last_used_at=None) | Q(last_used_at__lt=datetime.fromtimestamp(began_at, UTC))
    rows = Authenticator.objects.filter(unused, pk=app.pk)
    return bool(rows.update(last_used_at=datetime.fromtimestamp(now, UTC)))
