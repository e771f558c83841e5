"""A program that has forks of itself killed amid backups and restores, at one step after the other.

`python -m tests.ghost.operations.backups.killing ACTIONS CONFIGURATION ARCHIVE`, with `create:6,restore:4` for every sixth
step of one and every fourth of the other, prints a line of JSON for each of these steps: what there is after
the kill, and after whoever came next. Steps are what Python tells its audit hooks
(PEP 578): files that are opened to be written, renamed or removed, programs that are started.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

STEPS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect", "subprocess.Popen")
GIVE_UP = 400


def main(actions: str, values: dict[str, Any], path: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings

    from ghost.operations.backups import archive
    from ghost.operations.backups.databases import postgres

    paths = {
        name: Path(value)
        for name, value in values.items()
        if name.endswith(("_dir", "_path", "_file"))
    }
    settings.GHOST = settings.GHOST.model_copy(update=values | paths)
    archive.LOCKED_WITHIN_S = 0
    postgres.CONNECTED_WITHIN = timedelta(0)
    os.sync = lambda: None
    for each in actions.split(","):
        action, stride = each.split(":")
        try_each_step(settings.GHOST, action, Path(path), int(stride))


def try_each_step(ghost: Any, action: str, path: Path, stride: int) -> None:
    """To the one that is not killed: the action has not so many steps."""
    for step in range(1, GIVE_UP, stride):
        make_former(ghost)
        was_killed = run_killed(action, path, step)
        told = {"action": action, "step": step, "was_killed": was_killed, **look(ghost)}
        print(json.dumps(told), flush=True)
        if not was_killed:
            return


def run_killed(action: str, path: Path, step: int) -> bool:
    """Whether the fork got that far."""
    if pid := os.fork():
        return os.waitpid(pid, 0)[1] == signal.SIGKILL
    try:
        left = [step]

        def count(event: str, args: tuple[Any, ...]) -> None:
            is_step = event in STEPS or (event == "open" and bool(args[2] & os.O_CREAT))
            left[0] -= is_step
            if is_step and not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        act(action, path)
    except BaseException as error:  # noqa: BLE001  # a fork must not go on as its parent
        print(f"{error!r}", file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0)


def act(action: str, path: Path) -> None:
    from ghost.operations import backups
    from ghost.operations.backups import proof

    if action == "create":
        backups.write()
    elif action == "verify":
        proof.prove(path)
    else:
        backups.restore(path, force=True)


# -- what there is


def make_former(ghost: Any) -> None:
    """The state that a restore replaces."""
    for folder in (
        ghost.db_path.parent,
        ghost.cover_dir,
        ghost.magnet_metadata_dir,
        ghost.secrets_dir,
    ):
        folder.mkdir(exist_ok=True, parents=True)
    for path in (
        ghost.cover_dir / "1.webp",
        ghost.magnet_metadata_dir / "a.json",
        ghost.secrets_dir / "note",
    ):
        path.write_text("former")
    if not ghost.database_url:
        with closing(sqlite3.connect(ghost.db_path)) as database:
            database.execute("UPDATE resources_resource SET id = 1")
            database.commit()
    else:
        import psycopg

        with psycopg.connect(ghost.database_url) as db:
            db.execute("UPDATE resources_resource SET id = 1")


def look(ghost: Any) -> dict[str, Any]:
    """How it stands once whoever comes next has finished what was begun, and made a backup."""
    from ghost.operations import backups

    backups.finish_interrupted()
    found = {
        path.name
        for path in (ghost.cover_dir / "1.webp", ghost.magnet_metadata_dir / "a.json")
        if path.exists()
    }
    state = [
        (ghost.cover_dir / "1.webp").read_text(),
        (ghost.magnet_metadata_dir / "a.json").read_text(),
        (ghost.secrets_dir / "note").read_text(),
        "former" if number(ghost) == 1 else "kept",
    ]
    archives = backups.list_all()
    for each in archives:
        backups.read_whole(each.path)
        if len(archives) > 1 and each is not archives[-1]:
            each.path.unlink()
    backups.databases.current().sweep()
    left = [
        str(p.relative_to(ghost.backup_dir.parent))
        for p in ghost.backup_dir.parent.rglob(".*")
        if p.name[:8] in (".backup-", ".restore") or ".restoring-" in p.name
    ]
    return {
        "state": sorted(set(state)),
        "found": len(found),
        "left": left,
        "scratch": scratch(ghost),
    }


def number(ghost: Any) -> int:
    query = "SELECT id FROM resources_resource"
    if ghost.database_url:
        return asked(ghost.database_url, query)
    with closing(sqlite3.connect(ghost.db_path)) as database:
        return int(database.execute(query).fetchone()[0])


def scratch(ghost: Any) -> int:
    if not ghost.database_url:
        return 0
    like = "datname LIKE current_database() || '_proof%'"
    return asked(ghost.database_url, f"SELECT count(*) FROM pg_database WHERE {like}")


def asked(address: str, query: str) -> int:
    import psycopg

    with psycopg.connect(address) as db:
        (row,) = db.execute(query).fetchall()
    return int(row[0])


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])
