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
DIGEST_WRITTEN = ReasonCode(
    "operations.digest_written",
    ngettext_lazy("written for %(number)s reader", "written for %(number)s readers", "number"),
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


BACKUP_NO_PROGRAMS = _backup(
    "no_programs",
    _(
        "Backups of PostgreSQL need %(names)s, not older than the server: install PostgreSQL's client (Debian:"
        " postgresql-client), or let GHOST_POSTGRES_BIN_DIR name the folder where they are."
    ),
)
BACKUP_PROGRAM_SAID = _backup("program_said", _("%(name)s failed: %(reason)s"))
BACKUP_OTHER_DATABASE = _backup(
    "other_database",
    _(
        "The backup is one of %(name)s: let GHOST_DATABASE_URL name such a database (none for SQLite). From one to"
        " the other go export_catalog and import_catalog."
    ),
)
BACKUP_OTHER_SCHEMA = _backup(
    "other_schema",
    _(
        "The backup's tables stand in the schema %(name)s, and those here in %(here)s: set the search_path of"
        " GHOST_DATABASE_URL."
    ),
)
BACKUP_IN_USE = _backup("in_use", _("The database is in use: stop web and worker first."))
BACKUP_NOT_EMPTY = _backup(
    "not_empty",
    _(
        "There is a catalog here already (%(number)s rows): with --force it is replaced, and kept beside the new one."
    ),
)
BACKUP_NOT_EMPTY_FOR_IMPORT = _backup(
    "not_empty_for_import",
    _(
        "There is a catalog here already (%(number)s rows): with --force the backup of the earlier Ghost is added to it;"
        " what is here stays."
    ),
)
BACKUP_RESTORE_RUNS = _backup("restore_runs", _("Another restore is under way."))
BACKUP_UNFINISHED = _backup(
    "unfinished",
    _("The restore could not be finished: %(reason)s. Mend that; the next start goes on with it."),
)
BACKUP_PLAN_ELSEWHERE = _backup(
    "plan_elsewhere",
    _(
        "%(path)s is a restore of %(name)s that was not finished: let GHOST_DATABASE_URL name that database again,"
        " or remove the folder."
    ),
)
BACKUP_ROWS_DIFFER = _backup(
    "rows_differ",
    _("The table %(table)s has %(found)s rows where the manifest has %(wanted)s."),
)
BACKUP_RESTORED = _backup(
    "restored",
    _("%(name)s: restored and counted: tables %(tables)s, rows %(rows)s, files %(files)s"),
)
BACKUP_COUNTED = _backup(
    "counted",
    _(
        "%(name)s: read and counted, but not restored, since Ghost may make no scratch database (ALTER ROLE … CREATEDB):"
        " tables %(tables)s, rows %(rows)s, files %(files)s"
    ),
)
BACKUP_KEY_ELSEWHERE = _backup(
    "key_elsewhere",
    _(
        "%(name)s can't be proven here, since its key is elsewhere: run manage.py backup verify where"
        " GHOST_AGE_IDENTITY_FILE names it."
    ),
)
BACKUP_COPIED = _backup(
    "copied",
    ngettext_lazy(
        "copied %(number)s backup to the second place",
        "copied %(number)s backups to the second place",
        "number",
    ),
)
BACKUP_COPY_NO_FOLDER = _backup(
    "copy_no_folder",
    _("GHOST_BACKUP_COPY_TO: there is no folder %(path)s; is its disk mounted?"),
)
BACKUP_COPY_PUBLISHED = _backup(
    "copy_published", _("GHOST_BACKUP_COPY_TO: %(path)s is part of what is published.")
)
BACKUP_COPY_FAILED = _backup("copy_failed", _("The copy to the second place failed: %(reason)s."))
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
BACKUP_NO_ROOM_TO_RESTORE = _backup(
    "no_room_to_restore",
    _(
        "The restore needs %(needed)s at %(path)s, where %(free)s are free: what it replaces is kept."
    ),
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
BACKUP_NOT_SEALED = _backup(
    "not_sealed",
    _("GHOST_AGE_BIN said that all went well, and wrote no file of age: look at that program."),
)
BACKUP_MISSING = _backup("missing", _("%(name)s: there is no such file."))
BACKUP_DAMAGED = _backup("damaged", _("%(name)s is damaged or not a backup of Ghost."))
BACKUP_BAD_DATABASE = _backup("bad_database", _("The backup's database is damaged: %(reason)s."))
BACKUP_FOREIGN = _backup("foreign", _("The backup's database is not one of Ghost."))
