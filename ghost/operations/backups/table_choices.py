"""What of each table goes into a backup: a choice for every one, so that none is forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from ghost.core.errors import RefusedError
from ghost.operations import reasons
from ghost.operations.backups.archive import Kind

WITHHELD = "!withheld"
"""In the place of a password. Django takes what begins with `!` for no password at all."""


class Choice(StrEnum):
    """What becomes of a table's rows."""

    KEPT = "kept"
    LEFT_OUT = "left out"
    """They are of no use elsewhere, or open something to whoever has them."""
    ENCRYPTED = "encrypted"
    """Kept in an encrypted backup alone."""


KEPT = (
    "account_emailaddress", "auth_group", "auth_group_permissions", "auth_permission", "auth_user",
    "auth_user_groups", "auth_user_user_permissions", "builds_build", "builds_buildstate",
    "builds_cover", "builds_coverlease", "builds_deployment", "builds_due",
    "builds_entryrow", "builds_listing", "builds_listingentry", "builds_listingpage",
    "builds_nextoutput", "builds_output", "builds_step", "dht_healthsample", "dht_nodecount",
    "dht_scan", "dht_scanpart", "django_admin_log", "django_content_type", "django_migrations",
    "django_q_schedule", "ghost_alertrule", "ghost_auditevent", "ghost_catalog", "ghost_change", "ghost_removal",
    "ghost_schedulerun", "resources_block", "resources_category", "resources_resource",
    "resources_resourcetag", "resources_texthash", "teams_team", "teams_token",
)  # fmt: skip
LEFT_OUT = (
    "django_session", "usersessions_usersession",  # whoever has one is signed in
    "account_emailconfirmation", "ghost_firstoperatorlink", "ghost_resetrequest",  # links that open the admin
    "ghost_keptanswer",  # answers with raw tokens in them, sealed
    "ghost_queueentry", "django_q_ormq", "django_q_task",  # arguments of tasks; what is due stands in rows
    "ghost_queuepause", "ghost_connectionreset",  # it was meant for the moment
    "ghost_job", "ghost_jobpart",  # of tasks that are no more: nobody would ever end them
    "ghost_gitbackup",  # of a folder on one machine
    "ghost_backup",  # of files that lie on one machine
    "ghost_circuit", "ghost_event", "ghost_stream", "ghost_usage", "ghost_heartbeat", "ghost_workerreplacement",  # of the moment, and of a machine
    "ghost_countervalue", "ghost_slowcall", "ghost_sample", "ghost_catalogcount",  # what monitors have long read
    "ghost_alert", "ghost_alertwatch", "ghost_delivery",  # what was wrong with another machine, and who was told
    "teams_attempt",  # who tried to sign in, from where, in the last quarter of an hour
)  # fmt: skip
ENCRYPTED = ("mfa_authenticator",)
"""Secrets of second factors."""

CHOICES = {
    table: choice
    for choice, tables in (
        (Choice.KEPT, KEPT),
        (Choice.LEFT_OUT, LEFT_OUT),
        (Choice.ENCRYPTED, ENCRYPTED),
    )
    for table in tables
}
PASSWORDS = (("auth_user", "password"),)
"""Tables and columns, kept in an encrypted backup alone."""


LEFT_WITHOUT = "SELECT count(*) FROM auth_user WHERE password = '!withheld'"
BRING_BACK = (
    """UPDATE {new}.auth_user SET password = f.password FROM {former}.auth_user f
    WHERE f.id = auth_user.id AND f.username = auth_user.username
    AND auth_user.password = '!withheld'""",
    """INSERT INTO {new}.mfa_authenticator SELECT a.* FROM {former}.mfa_authenticator a
    JOIN {former}.auth_user f ON f.id = a.user_id
    JOIN {new}.auth_user u ON u.id = f.id AND u.username = f.username""",
)
"""Where passwords were withheld; `new` and `former` are schemas."""
FORGET_SITE = (
    "UPDATE ghost_change SET on_site_at = NULL WHERE on_site_at IS NOT NULL",
    "UPDATE builds_buildstate SET on_site_as_of = NULL",
)
OURS = "resources_resource"
"""A table that every database of Ghost has."""
AT_STAKE = (OURS, "resources_category", "resources_block", "teams_team", "auth_user")
"""Tables in which rows are people's work: a new installation has none."""
MIGRATIONS = "django_migrations"


def left_out(tables: Iterable[str], kind: Kind, *, is_encrypted: bool) -> list[str]:
    """Those of these tables whose rows don't go into an archive. What no version here knows does."""
    if kind == Kind.SCHEMA:
        return sorted(set(tables) - {MIGRATIONS})
    out = {Choice.LEFT_OUT} if is_encrypted else {Choice.LEFT_OUT, Choice.ENCRYPTED}
    return sorted(table for table in tables if CHOICES.get(table) in out)


def apply(copy: sqlite3.Connection, kind: Kind, *, is_encrypted: bool) -> None:
    """Take out of a database what does not go into the archive. Nothing of it stays in free pages."""
    copy.execute("PRAGMA secure_delete=ON")
    there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    there = {name for name in there if not name.startswith("sqlite_")}
    for table in left_out(there, kind, is_encrypted=is_encrypted):
        copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  # a name of the database's own
    for table, column in () if is_encrypted else PASSWORDS:
        if table in there:
            copy.execute(f"UPDATE {table} SET {column} = ?", [WITHHELD])  # noqa: S608  # as above
    copy.commit()


def compare(wanted: dict[str, int], found: dict[str, int]) -> None:
    """RefusedError for the first table that has not as many rows as it should."""
    for table in sorted(wanted.keys() | found.keys()):
        if wanted.get(table) != found.get(table):
            raise RefusedError(
                reasons.BACKUP_ROWS_DIFFER(
                    table=table, wanted=wanted.get(table, 0), found=found.get(table, 0)
                )
            )


def bring_back(database: sqlite3.Connection) -> None:
    """Into a database that came without them, take passwords and second factors from the attached
    `former` one, of people whom both know by number and name."""
    if not left_without(database):
        return
    for statement in BRING_BACK:
        database.execute(statement.format(new="main", former="former"))
    database.commit()


def left_without(database: sqlite3.Connection) -> int:
    """How many people's passwords were withheld."""
    return int(database.execute(LEFT_WITHOUT).fetchone()[0])
