"""What workers do for accounts. Results name nobody: they are shown to who may not see people, too."""

from __future__ import annotations

from django.contrib.auth.models import User

from ghost.accounts import reasons
from ghost.accounts.links import reset_links
from ghost.core.io import mail
from ghost.core.text.reasons import NOTHING_TO_DO, Plain


def send_mail(user_pk: int, subject: str, body: str) -> Plain:
    """Send a mail to somebody who signs in here; nobody gets one who has gone or has no address."""
    user = User.objects.filter(pk=user_pk).exclude(email="").first()
    if user is None:
        return reasons.NO_ADDRESS().plain()
    mail.send(user.email, subject, body)
    return reasons.MAILED().plain()


def send_reset_links() -> Plain:
    """Send the links to set a new password that were asked for; safe to run twice."""
    number = reset_links.send_waiting()
    return reasons.RESET_LINKS(number=number).plain() if number else NOTHING_TO_DO().plain()
