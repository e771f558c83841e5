"""What workers do for accounts."""

from __future__ import annotations

from django.contrib.auth.models import User

from ghost.accounts import reasons
from ghost.core.io import mail
from ghost.core.text.reasons import Plain


def send_mail(user_pk: int, subject: str, body: str) -> Plain:
    """Send a mail to somebody who signs in here; nobody gets one who has gone or has no address."""
    user = User.objects.filter(pk=user_pk).exclude(email="").first()
    if user is None:
        return reasons.NO_ADDRESS().plain()
    mail.send(user.email, subject, body)
    return reasons.MAILED(name=user.get_username()).plain()
