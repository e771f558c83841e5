"""The token: where it is kept, and how a new one takes its place."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from .errors import Json, SetupError


def own_folder(variable: str, usual: str) -> Path:
    """Ghost's folder below that of a variable of the XDG base directories, or the usual one."""
    return Path(os.environ.get(variable) or Path.home() / usual) / "ghost"


def token_path() -> Path:
    """The file of the token, be it there or not."""
    given = os.environ.get("GHOST_TOKEN_FILE")
    return Path(given) if given else own_folder("XDG_CONFIG_HOME", ".config") / "token"


def given_token() -> str:
    """GHOST_TOKEN; empty if it isn't set."""
    return os.environ.get("GHOST_TOKEN", "").strip()


def read_token() -> str:
    """GHOST_TOKEN, or what the token file holds; SetupError if there is none, or if others may
    read that file."""
    return given_token() or _token_in(token_path())


def _token_in(path: Path) -> str:
    token = read_private(path)
    if token is None:
        raise SetupError(
            f"There is no token: set GHOST_TOKEN, write it to {path}, or keep it in a profile (ghost profiles add)."
        )
    if not token.strip():
        raise SetupError(f"{path} is empty: write your token there.")
    return token.strip()


def read_private(path: Path) -> str | None:
    """The text of a file with a secret, None if it is not there; SetupError if others may read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The token can't be read: {error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SetupError(f"Others may read {path}: chmod 600 {path}")
    return text


def digest(token: str) -> str:
    """What a plan of a rotation calls the token, so that it holds none."""
    return hashlib.sha256(token.encode()).hexdigest()


class TokenFile:
    """The token file, and the rotation that is under way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._plan = path.with_name(path.name + ".rotating")

    def require_same(self, token: str) -> None:
        """SetupError if it holds another token than this one, which came from GHOST_TOKEN."""
        is_planned = self._plan.exists()
        if self.path.exists() and not is_planned and self.read() != token:
            raise SetupError(
                f"{self.path} holds another token than GHOST_TOKEN: name another file with"
                " GHOST_TOKEN_FILE."
            )

    def read(self) -> str:
        """The raw token in the file, without the line's end; OSError if it can't be read."""
        return self.path.read_text(encoding="utf-8").strip()

    def plan(self, token: str, path: Callable[[], str]) -> Json:
        """`path` and `key` of the rotation that was begun before, else of a new one, and `of`
        which token it is; kept on the disk."""
        if not self._plan.exists():
            plan = {"of": digest(token), "path": path(), "key": f"rotate-{uuid.uuid4()}"}
            write_private(self._plan, json.dumps(plan))
        kept: Json = json.loads(self._plan.read_text(encoding="utf-8"))
        return kept

    def finish(self) -> None:
        """Delete the plan of the rotation: the file holds the new token."""
        self._plan.unlink()

    def replace(self, token: str) -> None:
        """Put this token in place of the one before, in one step, on the disk for certain."""
        write_private(self.path, token + "\n")


def write_private(path: Path, text: str) -> None:
    """Put this text in a file of its own, mode 0600, in one step."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:  # a Ctrl-C too leaves no draft
        Path(name).unlink()
        raise
