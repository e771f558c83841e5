"""Reasons that workers store with a row, for people who read them later.

A worker speaks English, its reader perhaps not: sentences of ours are said again in the language
of the reader, others (a system's own words) stay as they are.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

OURS = (
    _("Nobody in the DHT has this torrent (asked within %(seconds)s s)."),
    _("Nobody at its trackers has this torrent; the DHT is away (asked within %(seconds)s s)."),
    _("Nobody in the DHT or at its trackers has this torrent (asked within %(seconds)s s)."),
    _("Nobody in the DHT has this torrent, and no tracker answered (asked within %(seconds)s s)."),
    _(
        "Neither the DHT nor a tracker of this torrent answered. Check the network and GHOST_DHT_BOOTSTRAP_NODES."
    ),
    _("1 peer was found, but none gave the metadata within %(seconds)s s."),
    _("%(number)s peers were found, but none gave the metadata within %(seconds)s s."),
    _("The torrent's metadata can't be used: %(reason)s."),
    _("The torrent has another hash than the magnet link says."),
    _(
        "The DHT can't be reached: no node answered. Check the network and GHOST_DHT_BOOTSTRAP_NODES."
    ),
    _(
        "The scan could not start: no DHT node answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES."
    ),
    _(
        "The DHT was lost during the scan: no node answers any more. What was checked before is"
        " kept; scan again once the network is back."
    ),
    _("1 resource could not be checked: whatever worker took it died."),
    _("%(number)s resources could not be checked: whatever worker took them died."),
    _("libtorrent can't be loaded, so nothing can be probed or checked: %(reason)s."),
    _("libtorrent does not answer; restart the worker."),
    _("Only http and https addresses can be fetched."),
    _("It redirects more than %(number)s times."),
    _("No whole answer within %(seconds)s s."),
    _("It can't be fetched: %(reason)s."),
    _("It can't be fetched (%(reason)s)."),
    _("The server answered %(number)s."),
    _("The server answered in an encoding that was not asked for."),
    _("It is larger than %(number)s bytes."),
    _("It came too slowly."),
    _("It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."),
    _("It is not a JPEG, PNG, WebP, GIF or AVIF image."),
    _("The image can't be decoded (%(reason)s)."),
    _("It has more than %(number)s million pixels."),
    _("It is more than %(number)s pixels wide or high."),
    _("It is a JPEG of more than %(number)s scans."),
    _("It can't be kept: %(reason)s."),
    _("The uploaded cover is lost; upload it again."),
    _("The builder died."),
    _("This build was given up for dead, so it stopped."),
    _("This build's draft is gone; another builder took over."),
    _(
        "Hugo was not found as %(name)s: install the requirements again, or set GHOST_HUGO_BIN to"
        " the path of the extended Hugo."
    ),
    _("Hugo can't render %(name)s: %(reason)s"),
    _("The task failed; operators see why among the failed tasks."),
    _("The resource is gone."),
)
"""As `dht.engine.probes`, `dht.health.scanner`, `dht.models.scan`, `dht.engine.session`, `ghost.core.io.fetch`, `builds.covers` and
builds say them, with a name for each value."""

CHANGES = (
    _("“%(name)s” added"),
    _("“%(name)s” changed"),
    _("“%(name)s” taken down"),
    _("“%(name)s” restored"),
    _("“%(name)s” has a new public name"),
    _("%(number)s resources taken down"),
    _("%(number)s resources restored"),
    _("%(number)s scheduled resources came out"),
    _("%(number)s synthetic resources"),
    _("%(number)s published without a probe"),
    _("%(number)s now Active"),
    _("%(number)s now Stale"),
    _("%(number)s now Unknown"),
    _("category “%(name)s” changed"),
    _("category “%(name)s” deleted"),
    _("asked for by %(name)s"),
)
"""Why something is to be built, as those say it who move the catalog's revision."""


def again(stored: str) -> str:
    """A stored reason in the reader's language."""
    for sentence, pattern in _PATTERNS:
        if found := pattern.fullmatch(stored):
            said = gettext(sentence)
            return said % found.groupdict() if found.groupdict() else said
    return stored


def _pattern(sentence: str) -> re.Pattern[str]:
    words = re.split(r"%\((\w+)\)s", sentence)
    parts = (f"(?P<{w}>.+?)" if n % 2 else re.escape(w) for n, w in enumerate(words))
    return re.compile("".join(parts), re.DOTALL)


# Those without values first: a value may be anything, the rest of another sentence too.
_SORTED = sorted((*OURS, *CHANGES), key=lambda said: "%(" in said)
_PATTERNS = [(said, _pattern(said)) for said in _SORTED]
