"""A whole installation for one test: its own folder, a real gunicorn, a real qcluster."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import requests
from django.test import override_settings

from ghost.core.config.env import BASE_DIR
from ghost.core.text.folding import name_key
from ghost.demo.__main__ import procfile
from teams import credentials
from tests.settings import var

PATIENCE_S = 180


def wait_for(what: str, look: Callable[[], object], patience_s: float = PATIENCE_S) -> object:
    """What `look` gives as soon as it is true; AssertionError after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {patience_s:g} s in vain for {what}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@cache
def _prepared() -> Path:
    """An installation after `prepare`, to copy: made once in each process."""
    folder = var / "prepared"
    folder.mkdir()
    Installation(folder).manage("prepare")
    return folder


class Installation:
    """Programs of the Procfile on a folder of their own."""

    category_id: int
    """Of the category that a story made in it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.programs: dict[str, subprocess.Popen] = {}
        self._named = Counter[str]()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GHOST_")} | {
            "DJANGO_SETTINGS_MODULE": "ghost.settings",
            "GHOST_ENV_FILE": os.devnull,
            "GHOST_DB_PATH": str(folder / "ghost.db"),
            "GHOST_SECRETS_DIR": str(folder / "secrets"),
            "GHOST_MAGNET_METADATA_DIR": str(folder / "metadata"),
            "GHOST_MAGNET_TMP_DIR": str(folder / "tmp"),
            "GHOST_COVER_DIR": str(folder / "covers"),
            "GHOST_SITE_WORKDIR": str(folder / "site"),
            "GHOST_BACKUP_DIR": str(folder / "backups"),
            "GHOST_DEPLOY_MODE": "integrated",
            "GHOST_PUBLIC_BASEURL": self.url + "/",
            "GHOST_BUILD_DEBOUNCE_S": "0.3",
            "GHOST_ALLOW_PRIVATE_NETWORKS": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **variables,
        }

    def __enter__(self) -> Installation:
        if "GHOST_DATABASE_URL" in self.env:
            self.manage("prepare")
        else:
            shutil.copytree(_prepared(), self.folder, dirs_exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.programs):
            self.stop(name)

    # -- programs

    def manage(self, *args: str) -> str:
        """Run one command to its end; its standard output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=BASE_DIR, env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, name: str, *, is_awaited: bool = True) -> None:
        """Start `web` or `worker`, as the Procfile says; the web server is waited for."""
        log = (self.folder / f"{name}.log").open("ab")
        self.programs[name] = subprocess.Popen(
            ["sh", "-c", f"exec {procfile()[name]}"], cwd=BASE_DIR, env=self.env,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        if name == "web" and is_awaited:
            wait_for("the web server", self._answers)

    def stop(self, name: str, how: int = signal.SIGTERM) -> None:
        """End a program with all of its processes; SIGKILL leaves it no time for anything."""
        program = self.programs.pop(name)
        if how == signal.SIGKILL:
            os.killpg(program.pid, how)
        else:
            program.send_signal(how)
        try:
            program.wait(timeout=120)
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=120).ok
        except (requests.ConnectionError, requests.Timeout):  # it begins, or the machine is busy
            return False

    # -- data

    def token(self, role: str = "Publisher", name: str = "Ada") -> str:
        """A token as `issue_token` makes one, without a start of Django for each; with a number if
        there is one of this name."""
        self._named[name] += 1
        name = name if self._named[name] == 1 else f"{name} ({self._named[name]})"
        if "GHOST_DATABASE_URL" in self.env:
            return self.manage("issue_token", role, name)
        raw = credentials.make()
        pepper = (self.folder / "secrets" / "token_pepper").read_text().strip()
        with override_settings(TOKEN_PEPPER=pepper):
            token_hash = credentials.digest(raw)
        self._copy_token(
            token_hash=token_hash, prefix=raw[: credentials.SHOWN], role=role, display_name=name,
            name_key=name_key(name),
        )  # fmt: skip
        return raw

    def _copy_token(self, **values: str) -> None:
        """Another token, like the first one but for these values; what that was before a rotation is its own."""
        names = [name for (name,) in self.rows("SELECT name FROM pragma_table_info('teams_token')")]
        names = [name for name in names if name not in ("id", "old_hash", "old_hash_until")]
        taken = ", ".join("?" if name in values else name for name in names)
        given = [values[name] for name in names if name in values]
        self.write(
            f"INSERT INTO teams_token ({', '.join(names)}) SELECT {taken} FROM teams_token LIMIT 1",
            *given,
        )

    def call(self, method: str, path: str, token: str, **kwargs) -> requests.Response:
        """One request to the API."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, f"{self.url}/api{path}", headers=headers, timeout=90, **kwargs
        )

    def rows(self, sql: str, *args: object) -> list[tuple]:
        """Rows straight from the database."""
        with closing(sqlite3.connect(self.folder / "ghost.db", timeout=20)) as database:
            return database.execute(sql, args).fetchall()

    def write(self, sql: str, *args: object) -> None:
        with closing(sqlite3.connect(self.folder / "ghost.db", timeout=20)) as database, database:
            database.execute(sql, args)

    def public(self, path: str) -> str | None:
        """A file of the public site, or None while it isn't there."""
        file = self.folder / "site" / "public" / path
        return file.read_text() if file.is_file() else None

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


def pretty(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
