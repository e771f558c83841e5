"""Why a message did not reach its target."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode


def _code(name: str, sentence: object) -> ReasonCode:
    return ReasonCode(f"channels.{name}", sentence)  # type: ignore[arg-type]  # a lazy text


NOT_CONFIGURED = _code("gone", _("the configuration names it no longer"))
LEFT_ALONE = _code("left_alone", _("it failed too often, and is left alone for a while"))
BROKE = _code("broke", _("sending broke: %(error)s (see the log)"))
APPRISE_UNKNOWN = _code("apprise_unknown", _("apprise knows no such address (GHOST_ALERT_URLS)"))
APPRISE_FAILED = _code("apprise_failed", _("apprise could not deliver it (see the log)"))
APPRISE_RAISED = _code("apprise_raised", _("apprise failed with %(error)s"))
SLOW = _code("slow", _("it did not end within %(seconds)s s"))
HANGS = _code("hangs", _("an earlier message still hangs there"))
