"""What came of the tasks for the installation as a whole, as reasons that the queue keeps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode

BACKUP_WRITTEN = ReasonCode(
    "operations.backup_written",
    _("%(name)s: written; not read again, since its key is elsewhere"),
)
BACKUP_PROVEN = ReasonCode(
    "operations.backup_proven",
    ngettext_lazy(
        "%(name)s: written and read again, %(number)s file",
        "%(name)s: written and read again, %(number)s files",
        "number",
    ),
)
RENEWED = ReasonCode(
    "operations.folds_renewed",
    _("texts to compare by made anew: titles and names %(titles)s, tags %(tags)s"),
)
RENEWED_AND_RENAMED = ReasonCode(
    "operations.folds_renewed_and_renamed",
    _(
        "texts to compare by made anew: titles and names %(titles)s, tags %(tags)s; renamed, since somebody else has"
        " the name by the new rules: %(names)s"
    ),
)
COVERS_LOST = ReasonCode(
    "operations.covers_lost",
    ngettext_lazy(
        "%(number)s cover was lost and is fetched again",
        "%(number)s covers were lost and are fetched again",
        "number",
    ),
)
COVERS_OUTDATED = ReasonCode(
    "operations.covers_outdated",
    ngettext_lazy(
        "%(number)s cover of an earlier version is fetched anew",
        "%(number)s covers of an earlier version are fetched anew",
        "number",
    ),
)


def _backup(name: str, sentence: object) -> ReasonCode:
    return ReasonCode(f"operations.backup_{name}", sentence)  # type: ignore[arg-type]  # a lazy text


BACKUP_NOT_OURS = _backup(
    "not_ours",
    _(
        "With PostgreSQL, Ghost makes and restores no backups yet: use pg_dump and pg_restore"
        " for the database, and copy the folders that GHOST_MAGNET_METADATA_DIR, GHOST_COVER_DIR"
        " and GHOST_SECRETS_DIR name."
    ),
)
BACKUP_PUBLISHED = _backup(
    "published", _("GHOST_BACKUP_DIR: %(path)s is part of what is published.")
)
BACKUP_UNWRITABLE = _backup(
    "unwritable", _("GHOST_BACKUP_DIR: nothing can be written to %(path)s: %(reason)s.")
)
BACKUP_UNREADABLE = _backup(
    "unreadable", _("GHOST_BACKUP_DIR: %(path)s can't be read: %(reason)s.")
)
BACKUP_NO_ROOM = _backup(
    "no_room",
    _("The backup needs about %(needed)s in GHOST_BACKUP_DIR, where %(free)s are free."),
)
BACKUP_NO_ROOM_TO_UNPACK = _backup(
    "no_room_to_unpack", _("GHOST_BACKUP_DIR has no room for what the backup unpacks to.")
)
BACKUP_FAILED = _backup("failed", _("The backup failed: %(reason)s."))
BACKUP_NO_DATABASE = _backup("no_database", _("There is no database to back up yet."))
BACKUP_RECIPIENT = _backup("recipient", _("GHOST_AGE_RECIPIENT %(reason)s."))
BACKUP_NO_IDENTITY = _backup(
    "no_identity",
    _("The backup is encrypted: let GHOST_AGE_IDENTITY_FILE name the file with its key."),
)
BACKUP_IDENTITY = _backup("identity", _("GHOST_AGE_IDENTITY_FILE %(reason)s."))
BACKUP_SEALED = _backup("sealed", _("%(name)s can't be decrypted: %(reason)s."))
BACKUP_AGE_SAID = _backup("age_said", _("GHOST_AGE_BIN could not handle %(name)s: %(reason)s"))
BACKUP_MISSING = _backup("missing", _("%(name)s: there is no such file."))
BACKUP_DAMAGED = _backup("damaged", _("%(name)s is damaged or not a backup of Ghost."))
BACKUP_BAD_DATABASE = _backup("bad_database", _("The backup's database is damaged: %(reason)s."))
BACKUP_FOREIGN = _backup("foreign", _("The backup's database is not one of Ghost."))
