"""What came of the tasks for accounts, as reasons that the queue keeps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode

MAILED = ReasonCode("accounts.mailed", _("mail sent"))
NO_ADDRESS = ReasonCode("accounts.no_address", _("no mail sent: there is no address any more"))
RESET_LINKS = ReasonCode("accounts.reset_links", _("links to set a new password sent: %(number)s"))
