"""Why the catalog changed, and why a torrent can't be listed, as reasons that are stored."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import Reason, ReasonCode

ADDED = ReasonCode("resources.added", _("“%(name)s” added"))
CHANGED = ReasonCode("resources.changed", _("“%(name)s” changed"))
CATEGORY_CHANGED = ReasonCode("resources.category_changed", _("category “%(name)s” changed"))
CATEGORY_IMPORTED = ReasonCode("resources.category_imported", _("category “%(name)s” imported"))
CATEGORY_DELETED = ReasonCode("resources.category_deleted", _("category “%(name)s” deleted"))
IMPORTED = ReasonCode(
    "resources.imported",
    ngettext_lazy("%(number)s resource imported", "%(number)s resources imported", "number"),
)
SYNTHETIC = ReasonCode(
    "resources.synthetic",
    ngettext_lazy("%(number)s synthetic resource", "%(number)s synthetic resources", "number"),
)
PROBE_SKIPPED = ReasonCode(
    "resources.probe_skipped",
    ngettext_lazy(
        "%(number)s published without a probe", "%(number)s published without a probe", "number"
    ),
)
ACTIVE = ReasonCode(
    "resources.active", ngettext_lazy("%(number)s now Active", "%(number)s now Active", "number")
)
STALE = ReasonCode(
    "resources.stale", ngettext_lazy("%(number)s now Stale", "%(number)s now Stale", "number")
)
UNKNOWN = ReasonCode(
    "resources.unknown", ngettext_lazy("%(number)s now Unknown", "%(number)s now Unknown", "number")
)
OTHER_FIGURES = ReasonCode(
    "resources.other_figures",
    ngettext_lazy(
        "%(number)s with another number of seeds",
        "%(number)s with other numbers of seeds",
        "number",
    ),
)
OF_STATUS = {"Active": ACTIVE, "Stale": STALE, "Unknown": UNKNOWN}

LEFT_OUT = ReasonCode("resources.left_out", _("Left out of the magnet link: %(part)s (%(why)s)."))
MORE_LEFT_OUT = ReasonCode(
    "resources.more_left_out",
    ngettext_lazy(
        "%(number)s more part of the magnet link is left out: %(parts)s.",
        "%(number)s more parts of the magnet link are left out: %(parts)s.",
        "number",
    ),
)
TEXT_AROUND_LINK = ReasonCode(
    "resources.text_around_link", _("Left out: the text around the magnet link (%(part)s).")
)
SAME_LINK_AGAIN = ReasonCode(
    "resources.same_link_again",
    _("%(number)s magnet links of the same torrent were given: they are put together."),
)
NAME_CUT = ReasonCode(
    "resources.name_cut", _("The name in the magnet link is cut to %(number)s characters.")
)
REST_LEFT_OUT = ReasonCode(
    "resources.rest_left_out",
    ngettext_lazy(
        "%(number)s byte behind the end of the .torrent file is left out.",
        "%(number)s bytes behind the end of the .torrent file are left out.",
        "number",
    ),
)
DATE_LEFT_OUT = ReasonCode(
    "resources.date_left_out",
    _("The creation date of the .torrent file is left out: it is none between 1970 and 9998."),
)
START_LEFT_OUT = ReasonCode(
    "resources.start_left_out",
    ngettext_lazy(
        "%(number)s byte before the .torrent file is left out.",
        "%(number)s bytes before the .torrent file are left out.",
        "number",
    ),
)
# Why a part of a magnet link is left out.
OTHER_TOPIC = ReasonCode("resources.other_topic", _("it is no BitTorrent hash"))
OTHER_SCHEME = ReasonCode("resources.other_scheme", _("addresses of this kind are not published"))
PRIVATE_HOST = ReasonCode(
    "resources.private_host", _("its host is in a private network, or no public name")
)
NO_HOST_NAME = ReasonCode("resources.no_host_name", _("its host can't be a name in the DNS"))
NO_ADDRESS = ReasonCode(
    "resources.no_address", _("it is no address that every program reads alike")
)
PEER_ADDRESS = ReasonCode("resources.peer_address", _("addresses of peers are not published"))
NOT_UTF8 = ReasonCode("resources.not_utf8", _("its text is not UTF-8"))
NO_LENGTH = ReasonCode("resources.no_length", _("it is no size in bytes"))
SAID_BEFORE = ReasonCode("resources.said_before", _("the link has another one before it"))
NO_ROOM = ReasonCode("resources.no_room", _("the link would have more than %(number)s bytes"))
PART_NOT_KEPT = ReasonCode("resources.part_not_kept", _("this part of links is not kept"))

NO_INFO_SECTION = ReasonCode(
    "resources.no_info_section", _("Its info section is not known; probe the resource again.")
)
PATH_LEADS_OUT = ReasonCode(
    "resources.path_leads_out",
    _(
        "There is no .torrent file of it: its name %(name)s leads out of its folder, or to a device."
    ),
)
BLOCKED_BY_HALF = ReasonCode(
    "resources.blocked_by_half", _("This torrent is blocked by the hash of its other half.")
)
LISTED_AS = ReasonCode(
    "resources.listed_as", _("This torrent is listed already, as resource %(id)s.")
)
LISTED_BY_OTHERS = ReasonCode(
    "resources.listed_by_others", _("This torrent is listed already, by somebody else.")
)
HELD_AS_PRIVATE = ReasonCode(
    "resources.held_as_private",
    _(
        "The torrent is marked private: it is held until an operator lets it through, and its trackers and web seeds are left out."
    ),
)
PRIVATE_TRACKERS = ReasonCode(
    "resources.private_trackers",
    _("The torrent is marked private: its trackers and web seeds are left out."),
)
BLOCKED_IN_TEXTS = ReasonCode(
    "resources.blocked_in_texts",
    ngettext_lazy(
        "%(number)s resource names a hash that is blocked now",
        "%(number)s resources name a hash that is blocked now",
        "number",
    ),
)
FREE_IN_TEXTS = ReasonCode(
    "resources.free_in_texts",
    ngettext_lazy(
        "%(number)s resource names a hash that is no longer blocked",
        "%(number)s resources name a hash that is no longer blocked",
        "number",
    ),
)

_ONE = {
    "take_down": ReasonCode("resources.taken_down", _("“%(name)s” taken down")),
    "restore": ReasonCode("resources.restored", _("“%(name)s” restored")),
    "withdraw": ReasonCode("resources.withdrawn", _("“%(name)s” withdrawn")),
    "publish": ReasonCode("resources.published", _("“%(name)s” published")),
    "approve": ReasonCode("resources.approved", _("“%(name)s” approved")),
    "let_through": ReasonCode("resources.let_through", _("“%(name)s” let through")),
    "ask_review": ReasonCode("resources.to_be_reviewed", _("“%(name)s” to be reviewed")),
    "send_back": ReasonCode("resources.sent_back", _("“%(name)s” sent back")),
}
_MANY = {
    "take_down": ReasonCode("resources.many_taken_down", _("%(number)s resources taken down")),
    "restore": ReasonCode("resources.many_restored", _("%(number)s resources restored")),
    "withdraw": ReasonCode("resources.many_withdrawn", _("%(number)s resources withdrawn")),
    "publish": ReasonCode("resources.many_published", _("%(number)s resources published")),
    "approve": ReasonCode("resources.many_approved", _("%(number)s resources approved")),
    "let_through": ReasonCode("resources.many_let_through", _("%(number)s resources let through")),
    "ask_review": ReasonCode(
        "resources.many_to_be_reviewed", _("%(number)s resources to be reviewed")
    ),
    "send_back": ReasonCode("resources.many_sent_back", _("%(number)s resources sent back")),
}


def of_action(action: str, count: int, title: str) -> Reason:
    """That `take_down`, `restore` and so on was done to one resource of this title, or to many."""
    return _ONE[action](name=title) if count == 1 else _MANY[action](number=count)
