"""Why a fetch or another program failed, as reasons that are stored."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode

NOT_HTTP = ReasonCode("io.not_http", _("Only http and https addresses can be fetched."))
TOO_MANY_REDIRECTS = ReasonCode(
    "io.too_many_redirects", _("It redirects more than %(number)s times.")
)
TIMED_OUT = ReasonCode("io.timed_out", _("No whole answer within %(seconds)s s."))
NOT_FETCHED = ReasonCode("io.not_fetched", _("It can't be fetched: %(reason)s."))
STATUS = ReasonCode("io.status", _("The server answered %(number)s."))
ENCODED = ReasonCode("io.encoded", _("The server answered in an encoding that was not asked for."))
OTHER_RANGE = ReasonCode(
    "io.other_range", _("The server answered with another range than it was asked for.")
)
TOO_LARGE = ReasonCode("io.too_large", _("It is larger than %(number)s bytes."))
TOO_SLOW = ReasonCode("io.too_slow", _("It came too slowly."))
PRIVATE_NETWORK = ReasonCode(
    "io.private_network", _("It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS).")
)
NOT_STARTED = ReasonCode("io.not_started", _("%(name)s could not be started: %(reason)s."))
STOPPED = ReasonCode("io.stopped", _("%(name)s was stopped after %(seconds)s s."))
NO_MAIL = ReasonCode("io.no_mail", _("No mail server is set up (see GHOST_EMAIL_URL)."))
NO_MAIL_SENT = ReasonCode("io.no_mail_sent", _("%(name)s sends no mail: %(reason)s"))
