"""Keys of age (https://age-encryption.org/v1): whom backups are encrypted to, and who reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyrage


def listed(text: str) -> list[str]:
    """Public keys, separated by commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def recipient(text: str) -> Any:  # noqa: ANN401  # pyrage has no common type
    """A public key, age's own or one of ssh; ValueError if it can't be used."""
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise ValueError(f"is no age (age1…) or SSH (ssh-ed25519, ssh-rsa) key: {error}") from error


def identities(path: Path) -> list[Any]:
    """The private keys in a file; ValueError if there are none that can be used."""
    try:
        text = path.read_text()
        if "PRIVATE KEY" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(x) for x in lines if x and not x.startswith("#")]
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from error
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise ValueError(f"has no usable key: {error}") from error
    if not found:
        raise ValueError("has no key in it")
    return found
