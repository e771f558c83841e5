"""What of each table goes into a backup: a choice for every one, so that none is forgotten."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

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
    "builds_cover", "builds_coverhost", "builds_coverlease", "builds_deployment", "builds_due",
    "builds_entryrow", "builds_listing", "builds_listingentry", "builds_listingpage",
    "builds_nextoutput", "builds_output", "builds_step", "dht_healthsample", "dht_nodecount",
    "dht_scan", "dht_scanpart", "django_admin_log", "django_content_type", "django_migrations",
    "django_q_schedule", "ghost_auditevent", "ghost_catalog", "ghost_change", "ghost_removal",
    "ghost_schedulerun", "resources_block", "resources_category", "resources_resource",
    "resources_resourcetag", "resources_texthash", "teams_team", "teams_token",
)  # fmt: skip
LEFT_OUT = (
    "django_session", "usersessions_usersession",  # whoever has one is signed in
    "account_emailconfirmation", "ghost_firstoperatorlink", "ghost_resetrequest",  # links that open the admin
    "ghost_keptanswer",  # answers with raw tokens in them, sealed
    "ghost_queueentry", "django_q_ormq", "django_q_task",  # arguments of tasks; what is due stands in rows
    "ghost_queuepause",  # it was meant for the moment
    "ghost_job", "ghost_jobpart",  # of tasks that are no more: nobody would ever end them
    "ghost_circuit", "ghost_event", "ghost_stream", "ghost_usage", "ghost_heartbeat",  # of the moment, and of a machine
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


def apply(copy: sqlite3.Connection, *, is_encrypted: bool) -> None:
    """Take out of a database what does not go into the archive. Nothing of it stays in free pages."""
    copy.execute("PRAGMA secure_delete=ON")
    there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    for table in there.intersection(CHOICES):
        if CHOICES[table] == Choice.LEFT_OUT or (
            CHOICES[table] == Choice.ENCRYPTED and not is_encrypted
        ):
            copy.execute(f"DELETE FROM {table}")  # noqa: S608  # a name of ours
    for table, column in () if is_encrypted else PASSWORDS:
        if table in there:
            copy.execute(f"UPDATE {table} SET {column} = ?", [WITHHELD])  # noqa: S608  # as above
    copy.commit()


def bring_back(database: sqlite3.Connection) -> int:
    """Into a restored database that came without them, take passwords and second factors from the
    attached `former` one, of people whom both know by number and name; how many have none now."""
    database.execute(
        """UPDATE auth_user SET password = f.password FROM former.auth_user f
        WHERE f.id = auth_user.id AND f.username = auth_user.username AND auth_user.password = ?""",
        [WITHHELD],
    )
    database.execute(
        """INSERT INTO mfa_authenticator SELECT a.* FROM former.mfa_authenticator a
        JOIN former.auth_user f ON f.id = a.user_id
        JOIN auth_user u ON u.id = f.id AND u.username = f.username"""
    )
    database.commit()
    return left_without(database)


def left_without(database: sqlite3.Connection) -> int:
    """How many people's passwords were withheld."""
    counted = "SELECT count(*) FROM auth_user WHERE password = ?"
    return int(database.execute(counted, [WITHHELD]).fetchone()[0])
