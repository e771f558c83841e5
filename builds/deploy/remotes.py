"""Where to deploy: addresses without their credentials, for eyes, logs and command lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

HIDDEN = "***"
FILLER = "x-oauth-basic"
"""The password where a token is given as name."""
_USERINFO = re.compile(r"(?<=://)[^/\s'\"]*@")


@dataclass(frozen=True)
class Remote:
    """A git repository: `url` without credentials, and these for git's own credential store."""

    url: str
    secrets: tuple[str, ...] = ()
    stored: str = ""
    """A line of git-credential-store(1); empty without credentials."""

    def clean(self, text: str) -> str:
        """A text of git's without them, however they are spelled in it."""
        text = _USERINFO.sub(f"{HIDDEN}@", text) if self.secrets else text
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def remote(url: str) -> Remote:
    """Split a checked address of GHOST_PAGES_REMOTE_URL. What stands before the host is a secret
    over https (a token may be given as name), and over ssh the password alone."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    if parts.scheme not in {"https", "ssh"} or not userinfo:
        return Remote(url)
    name, _, password = userinfo.partition(":")
    bare = urlunsplit(parts._replace(netloc=host))
    if parts.scheme == "ssh":  # ssh takes no password from an address
        return Remote(urlunsplit(parts._replace(netloc=f"{name}@{host}")), _spellings(password))
    # git asks the store for a name and a password, and tokens stand in either.
    stored = urlunsplit(("https", f"{name}:{password or FILLER}@{host}", "", "", ""))
    is_token = password in {"", FILLER}
    return Remote(bare, _spellings(name if is_token else password), stored)


def _spellings(secret: str) -> tuple[str, ...]:
    plain = unquote(secret)
    found = {secret, plain, quote(plain, safe="")}
    return tuple(sorted((each for each in found if each), key=len, reverse=True))
