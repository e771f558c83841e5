"""Why a cover, a build or a deployment failed, and why a build is due, as reasons that are stored."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import Reason, ReasonCode

# -- what is to be built

ASKED_FOR = ReasonCode("builds.asked_for", _("asked for by %(name)s"))
ASKED_AT_COMMAND_LINE = ReasonCode(
    "builds.asked_at_command_line", _("asked for by the command line")
)
CAME_OUT = ReasonCode(
    "builds.came_out",
    ngettext_lazy(
        "%(number)s scheduled resource came out",
        "%(number)s scheduled resources came out",
        "number",
    ),
)

# -- what came of a task

HELD = ReasonCode(
    "builds.held", _("the site was put back to an earlier state and waits for an operator")
)
WAITING = ReasonCode("builds.waiting", _("another task waits for quiet; it will see this change"))
BUSY = ReasonCode("builds.busy", _("another build is under way; it will see this change"))
POSTPONED = ReasonCode(
    "builds.postponed", _("another build is under way; this one follows when that has ended")
)
POSTPONED_WHILE_HELD = ReasonCode(
    "builds.postponed_while_held",
    _("postponed: the site was put back to an earlier state and waits for an operator"),
)
_ENDED = {
    "done": ReasonCode("builds.done", _("build %(id)s: done")),
    "unchanged": ReasonCode("builds.unchanged", _("build %(id)s: unchanged")),
    "failed": ReasonCode("builds.failed", _("build %(id)s: failed")),
}


def of_build(pk: int, state: str) -> Reason:
    """That this build ended so."""
    return _ENDED[state](id=str(pk))


# -- covers

COVERS = ReasonCode(
    "covers.counts", _("%(fetched)s fetched, %(failed)s failed, %(waiting)s waiting")
)
COVERS_BUSY = ReasonCode("covers.busy", _("another process fetches covers"))
NO_IMAGE = ReasonCode("covers.no_image", _("It is not a JPEG, PNG, WebP, GIF or AVIF image."))
TOO_MANY_PIXELS = ReasonCode(
    "covers.too_many_pixels", _("It has more than %(number)s million pixels.")
)
TOO_LONG = ReasonCode("covers.too_long", _("It is more than %(number)s pixels wide or high."))
TOO_MANY_SCANS = ReasonCode(
    "covers.too_many_scans", _("It is a JPEG of more than %(number)s scans.")
)
NOT_DECODED = ReasonCode("covers.not_decoded", _("The image can't be decoded (%(reason)s)."))
NOT_FETCHED = ReasonCode("covers.not_fetched", _("It can't be fetched (%(reason)s)."))
NOT_KEPT = ReasonCode("covers.not_kept", _("It can't be kept: %(reason)s."))
COVER_LOST = ReasonCode("covers.lost", _("The uploaded cover is lost; upload it again."))

# -- builds

BUILDER_DIED = ReasonCode("builds.builder_died", _("The builder died."))
GIVEN_UP = ReasonCode(
    "builds.given_up",
    _("This build had shown no sign of life for too long and was closed, so it stopped."),
)
DRAFT_GONE = ReasonCode(
    "builds.draft_gone", _("This build's draft is gone; another builder took over.")
)
OVERTAKEN = ReasonCode(
    "builds.overtaken", _("Others changed the public site again and again meanwhile.")
)
NO_HUGO = ReasonCode(
    "builds.no_hugo",
    _(
        "Hugo was not found as %(name)s: install the requirements again, or set GHOST_HUGO_BIN to"
        " the path of the extended Hugo."
    ),
)
BAD_HUGO = ReasonCode(
    "builds.bad_hugo", _("%(name)s does not work as Hugo (exit code %(number)s): %(reason)s")
)
SILENT_HUGO = ReasonCode(
    "builds.silent_hugo",
    _("%(name)s does not work as Hugo (exit code %(number)s): it printed nothing."),
)
NOT_RENDERED = ReasonCode("builds.not_rendered", _("Hugo can't render %(name)s: %(reason)s"))
NOTHING_RENDERED = ReasonCode(
    "builds.nothing_rendered", _("Hugo can't render anything: %(reason)s")
)
SAME_ADDRESS = ReasonCode(
    "builds.same_address", _("Two records have the same address (%(reason)s).")
)
FILES_MISSING = ReasonCode(
    "builds.files_missing",
    ngettext_lazy(
        "%(number)s file is missing: %(names)s", "%(number)s files are missing: %(names)s", "number"
    ),
)
FILES_UNEXPECTED = ReasonCode(
    "builds.files_unexpected",
    ngettext_lazy(
        "%(number)s file was not asked for: %(names)s",
        "%(number)s files were not asked for: %(names)s",
        "number",
    ),
)
LINKS_BROKEN = ReasonCode(
    "builds.links_broken",
    ngettext_lazy(
        "%(number)s link is broken: %(names)s", "%(number)s links are broken: %(names)s", "number"
    ),
)
SET_ASIDE = ReasonCode("builds.set_aside", _("set aside: %(names)s"))
FILE_GONE = ReasonCode("builds.file_gone", _("The file of %(name)s is gone."))
INDEX_DISAGREES = ReasonCode(
    "builds.index_disagrees",
    _("The search index disagrees with the catalog about “%(term)s”; rebuild everything."),
)
SEGMENT_DAMAGED = ReasonCode(
    "builds.segment_damaged",
    _("%(name)s is missing or damaged; rebuild everything."),
)
SEGMENT_DISAGREES = ReasonCode(
    "builds.segment_disagrees",
    _("%(name)s disagrees with the catalog; rebuild everything."),
)
MANIFEST_DAMAGED = ReasonCode(
    "builds.manifest_damaged", _("%(name)s can't be used; rebuild everything.")
)

# -- back to an earlier state

BUILD_RUNNING = ReasonCode(
    "rollback.build_running", _("A build is running; try again when it has ended.")
)
TAKEN_DOWN_SINCE = ReasonCode(
    "rollback.taken_down_since",
    ngettext_lazy(
        "%(number)s resource was taken down since then: build the site instead.",
        "%(number)s resources were taken down since then: build the site instead.",
        "number",
    ),
)
NO_EARLIER_STATE = ReasonCode(
    "rollback.no_earlier_state", _("No earlier state of the site is kept.")
)
STATE_PRESENT = ReasonCode("rollback.state_present", _("The site is in that state now."))
STATE_NOT_KEPT = ReasonCode(
    "rollback.state_not_kept", _("That state of the site is no longer kept.")
)

# -- deployments

DEPLOYED = ReasonCode(
    "deploy.deployed",
    ngettext_lazy(
        "%(name)s: %(number)s file changed, %(removed)s removed",
        "%(name)s: %(number)s files changed, %(removed)s removed",
        "number",
    ),
)
NOT_DEPLOYED = ReasonCode("deploy.not_deployed", _("%(name)s: %(reason)s"))
WAITS_FOR_ITS_TURN = ReasonCode("deploy.waits", _("%(name)s: waits for its turn"))
UP_TO_DATE = ReasonCode(
    "deploy.up_to_date", _("%(name)s: nothing to do, it holds the published site already")
)
NOTHING_PUBLISHED = ReasonCode(
    "deploy.nothing_published", _("Nothing is published yet; build the site first.")
)
DEPLOYER_DIED = ReasonCode(
    "deploy.died", _("The deployment ended before it was done; it is tried again.")
)
SITE_EMPTY = ReasonCode(
    "deploy.site_empty", _("The published site is empty; nothing was deployed.")
)
TOO_MANY_FILES = ReasonCode(
    "deploy.too_many_files",
    _(
        "The site has %(number)s files, its host takes %(limit)s; nothing was deployed. Take"
        " resources or a language off the site, move to a host that takes more"
        " (GHOST_SITE_LIMITS), or raise GHOST_SITE_MAX_FILES."
    ),
)
PURGED = ReasonCode(
    "builds.purged",
    ngettext_lazy(
        "%(number)s kept state of the site removed",
        "%(number)s kept states of the site removed",
        "number",
    ),
)
TOO_MANY_BYTES = ReasonCode(
    "deploy.too_many_bytes",
    _(
        "The site has %(number)s bytes, its host takes %(limit)s; nothing was deployed. Take"
        " resources or a language off the site, move to a host that takes more"
        " (GHOST_SITE_LIMITS), or raise GHOST_SITE_MAX_BYTES."
    ),
)
FILE_TOO_LARGE = ReasonCode(
    "deploy.file_too_large",
    _(
        "%(name)s has %(number)s bytes, the host takes %(limit)s in one file; nothing was"
        " deployed. Make it smaller, or move to another host (GHOST_SITE_LIMITS)."
    ),
)
SYMBOLIC_LINK = ReasonCode(
    "deploy.symbolic_link", _("%(name)s is a symbolic link; a site has files alone.")
)
MANY_DELETIONS = ReasonCode(
    "deploy.many_deletions",
    _(
        "%(number)s of %(total)s files would be deleted, more than"
        " GHOST_DEPLOY_MAX_DELETE_PERCENT=%(percent)s. Look why; then allow it in the admin or by"
        " manage.py deploy_site --allow-deletions."
    ),
)
STRANGE_FILES = ReasonCode(
    "deploy.strange_files",
    ngettext_lazy(
        "%(number)s file is there that Ghost did not bring; it would be deleted. Look why; then"
        " allow it in the admin or by manage.py deploy_site --allow-deletions.",
        "%(number)s files are there that Ghost did not bring; they would be deleted. Look why; then"
        " allow it in the admin or by manage.py deploy_site --allow-deletions.",
        "number",
    ),
)
FOLDER_FAILED = ReasonCode(
    "deploy.folder_failed", _("The folder could not be brought up to date: %(reason)s.")
)
RSYNC_FAILED = ReasonCode(
    "deploy.rsync_failed", _("rsync failed (exit code %(number)s): %(reason)s")
)
FOREIGN_COMMITS = ReasonCode(
    "deploy.foreign_commits",
    _(
        "The branch %(name)s holds commits that Ghost did not make (it is at %(commit)s). Name"
        " another GHOST_PAGES_BRANCH, or overwrite it with GHOST_PAGES_FORCE=1."
    ),
)
BRANCH_MOVED = ReasonCode(
    "deploy.branch_moved", _("Somebody else pushed at this moment; it is tried again.")
)
NOT_PUSHED = ReasonCode("deploy.not_pushed", _("git could not push. %(reason)s"))
NOT_DELETED = ReasonCode("deploy.not_deleted", _("git could not delete %(name)s. %(reason)s"))
GIT_FAILED = ReasonCode("deploy.git_failed", _("git %(name)s failed: %(reason)s"))
GIT_STOPPED = ReasonCode("deploy.git_stopped", _("git %(name)s failed: exit code %(number)s"))
GIT_NO_OBJECT = ReasonCode("deploy.git_no_object", _("git named no object."))
NOT_HELD = ReasonCode("deploy.not_held", _("This deployment isn't waiting for permission."))
