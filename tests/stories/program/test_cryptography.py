"""The algorithms and lengths that docs/security.md names, and what browsers keep of us."""

from __future__ import annotations

import re
import ssl

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

from ghost import settings as program
from ghost.core import encryption
from ghost.core.config.env import BASE_DIR
from teams import credentials

ADVISED_ROUNDS = 600_000
"""Of PBKDF2-HMAC-SHA-256, by OWASP's Password Storage Cheat Sheet."""
SCRIPTS = sorted(
    path for folder in ("static", "builds/site") for path in (BASE_DIR / folder).rglob("*.js")
)
STORAGE = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open")
DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.constructor\b|"
    r"setTimeout\(\s*[\"'`]|postMessage|Object\.assign\((?!input,)"
)


def test_passwords_are_hashed_as_advised():
    assert program.PASSWORD_HASHERS == ["teams.password_hashing.TurnTakingHasher"]
    assert PBKDF2PasswordHasher.iterations >= ADVISED_ROUNDS
    assert PBKDF2PasswordHasher.algorithm == "pbkdf2_sha256"


def test_what_nobody_may_guess_is_long_and_made_by_secrets():
    session_bits = 32 * (len(VALID_KEY_CHARS).bit_length() - 1)
    token = credentials.make().removeprefix(credentials.PREFIX)

    assert session_bits >= 128
    assert len(token) == 43 + 6  # 62^43 > 2^256
    assert len(credentials.digest("x")) * 4 == 256
    assert encryption.NONCE_BYTES * 8 == 96


def test_tls_outwards_is_new_and_checks_certificates():
    context = ssl.create_default_context()

    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    sources = [p for app in ("ghost", "teams", "resources", "dht", "builds")
               for p in (BASE_DIR / app).rglob("*.py")]  # fmt: skip
    lax = re.compile(r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_unverified_context")
    assert [path.name for path in sources if lax.search(path.read_text())] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_of_ours_stores_anything_in_the_browser(script):
    words = script.read_text()

    assert STORAGE.findall(words) == []
    assert DANGEROUS.findall(words) == []
