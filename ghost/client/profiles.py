"""Profiles: several servers and tokens under names, in one file that its owner alone can read."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .errors import Json, SetupError
from .token_file import TokenFile, own_folder, read_private, write_private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")


def profiles_path() -> Path:
    """The file of the profiles, be it there or not."""
    return own_folder("XDG_CONFIG_HOME", ".config") / "profiles.json"


def read_all() -> dict[str, Json]:
    """`url` and `token` of each profile, by its name; SetupError if others may read the file, or it is
    none."""
    text = read_private(profiles_path())
    try:
        found = json.loads(text) if text else {}
        return {
            str(name): {"url": each["url"], "token": each["token"]} for name, each in found.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SetupError(
            f"{profiles_path()} holds no profiles: mend it, or remove it and add them anew."
        ) from error


def read(name: str) -> Json:
    """One profile; SetupError, with those that there are, if there is none of this name."""
    found = read_all()
    if name not in found:
        there = ", ".join(sorted(found)) or "none"
        raise SetupError(
            f"There is no profile “{name}” (there are: {there}): ghost profiles add {name} --url URL"
        )
    return found[name]


def add(name: str, url: str, token: str) -> None:
    """Keep a profile, in place of the one of this name."""
    if not _NAME.fullmatch(name):
        raise SetupError(
            "A profile's name has letters, digits, dots, dashes and underscores: home, work-2"
        )
    if not token:
        raise SetupError("The token is empty: type it, or give it on standard input.")
    _write({**read_all(), name: {"url": url, "token": token}})


def remove(name: str) -> None:
    """Forget a profile; SetupError if there is none of this name."""
    read(name)
    _write({other: each for other, each in read_all().items() if other != name})


def _write(profiles: dict[str, Json]) -> None:
    try:
        write_private(profiles_path(), json.dumps(profiles, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise SetupError(f"{profiles_path()} can't be written: {error.strerror}") from error


class ProfileToken(TokenFile):
    """The token of a profile, where a rotation keeps it."""

    def __init__(self, name: str) -> None:
        super().__init__(profiles_path())
        self._name = name
        self._plan = self.path.with_name(f"profiles.{name}.rotating")

    def read(self) -> str:
        """The raw token of the profile."""
        token: str = read(self._name)["token"]
        return token

    def replace(self, token: str) -> None:
        """Put this token in place of the one before, in one step."""
        add(self._name, read(self._name)["url"], token)
