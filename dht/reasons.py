"""Why a probe or a health scan failed, as reasons that are stored."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode

# -- probes

NOT_IN_DHT = ReasonCode(
    "dht.not_in_dht", _("Nobody in the DHT has this torrent (asked within %(seconds)s s).")
)
NOT_AT_TRACKERS = ReasonCode(
    "dht.not_at_trackers",
    _(
        "Nobody at its trackers has this torrent; the DHT can't be reached (asked within %(seconds)s s)."
    ),
)
NOT_ANYWHERE = ReasonCode(
    "dht.not_anywhere",
    _("Nobody in the DHT or at its trackers has this torrent (asked within %(seconds)s s)."),
)
NOT_IN_DHT_NO_TRACKER = ReasonCode(
    "dht.not_in_dht_no_tracker",
    _("Nobody in the DHT has this torrent, and no tracker answered (asked within %(seconds)s s)."),
)
NO_DHT_NOR_TRACKER = ReasonCode(
    "dht.no_dht_nor_tracker",
    _(
        "Neither the DHT nor a tracker of this torrent answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES."
    ),
)
NO_DHT = ReasonCode(
    "dht.no_dht",
    _(
        "The DHT can't be reached: no node answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES."
    ),
)
NO_METADATA = ReasonCode(
    "dht.no_metadata",
    ngettext_lazy(
        "%(number)s peer was found, but none gave the metadata within %(seconds)s s. More than 8 MB of it"
        " are never taken: upload the .torrent file of so large a torrent.",
        "%(number)s peers were found, but none gave the metadata within %(seconds)s s. More than 8 MB of it"
        " are never taken: upload the .torrent file of so large a torrent.",
        "number",
    ),
)
BAD_METADATA = ReasonCode(
    "dht.bad_metadata", _("The torrent's metadata can't be used: %(reason)s.")
)
OTHER_HASH = ReasonCode(
    "dht.other_hash", _("The torrent has another hash than the magnet link says.")
)
MOCK_INACTIVE = ReasonCode(
    "dht.mock_inactive", _("Made up (GHOST_MAGNET_METADATA_BACKEND=mock): nobody has this torrent.")
)
MOCK_IS_ON = ReasonCode(
    "dht.mock_is_on",
    _(
        "GHOST_MAGNET_METADATA_BACKEND=mock makes up what probes find; the network is not asked. Set it to"
        " libtorrent for real use."
    ),
)
GONE = ReasonCode("dht.gone", _("The resource is gone."))

# -- what came of a task

COUNTED = ReasonCode(
    "dht.counted",
    ngettext_lazy("%(number)s DHT node answers", "%(number)s DHT nodes answer", "number"),
)

PROBED = ReasonCode(
    "dht.probed",
    _(
        "probed: %(ok)s ok, no peers found %(inactive)s, peers did not answer %(timeout)s, could"
        " not be tried %(unavailable)s"
    ),
)
SCANNED = ReasonCode(
    "dht.scanned",
    _(
        "%(checked)s checked, %(found)s found: %(active)s Active, %(stale)s Stale, %(unknown)s"
        " Unknown; %(changed)s changed; %(seconds)s s"
    ),
)
SCAN_FAILED = ReasonCode("dht.scan_failed", _("%(reason)s (%(counts)s)"))
RESUMED = ReasonCode("dht.resumed", _("scan %(id)s: %(number)s of %(total)s checked"))

# -- libtorrent

NOT_LOADED = ReasonCode(
    "dht.not_loaded",
    _("libtorrent can't be loaded, so nothing can be probed or checked: %(reason)s."),
)
NOT_RESPONDING = ReasonCode(
    "dht.not_responding", _("libtorrent does not answer; restart the worker.")
)

# -- health scans

SCAN_WITHOUT_DHT = ReasonCode(
    "dht.scan_without_dht",
    _(
        "The scan could not start: no DHT node answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES."
    ),
)
DHT_LOST = ReasonCode(
    "dht.lost",
    _(
        "The DHT was lost during the scan: no node answers any more. What was checked before is"
        " kept; scan again once the network is back."
    ),
)
WORKERS_DIED = ReasonCode(
    "dht.workers_died",
    ngettext_lazy(
        "%(number)s resource could not be checked: whatever worker took it died.",
        "%(number)s resources could not be checked: whatever worker took them died.",
        "number",
    ),
)
LIMIT_TOO_LOW = ReasonCode(
    "dht.limit_too_low", _("The number of resources to scan must be at least 1.")
)
BAD_TIMEOUT = ReasonCode(
    "dht.bad_timeout", _("The time-out must lie between %(least)s and %(most)s s.")
)
