"""A digest in words: as text, and as HTML for readers of mail that show it."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ghost.operations.alerts.wording import admin_url
from ghost.operations.channels.message import Message
from ghost.operations.digest.contents import Contents


def write(contents: Contents) -> Message:
    """The mail, in the active language."""
    named = {"site": settings.GHOST.site_title, "day": _day(contents)}
    context = {
        "title": _("%(site)s: digest to %(day)s") % named,
        "contents": contents,
        "span": f"{date_format(localtime(contents.since), 'DATE_FORMAT')} – {named['day']}",
        "admin_address": admin_url(),
        "language": get_language(),
    }
    text = render_to_string("ghost/digest.txt", context)
    html = render_to_string("ghost/digest.html", context)
    return Message(str(context["title"]), text.strip() + "\n", html)


def _day(contents: Contents) -> str:
    return date_format(localtime(contents.until), "DATE_FORMAT")
