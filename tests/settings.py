"""The settings under test: Ghost's own, with every path in a folder that goes away."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

var = Path(tempfile.mkdtemp(prefix="ghost-tests-"))
# Only the process that made the folder may remove it, not the ones that it forks.
owner = os.getpid()
atexit.register(lambda: os.getpid() == owner and shutil.rmtree(var, ignore_errors=True))

database = os.environ.get("TEST_DATABASE_URL", "")  # see tests/postgres.py
for name in [name for name in os.environ if name.startswith("GHOST_")]:
    del os.environ[name]
os.environ |= {
    "GHOST_ENV_FILE": os.devnull,
    "GHOST_DATABASE_URL": database,
    "GHOST_DB_PATH": str(var / "db" / "ghost.db"),
    "GHOST_SECRETS_DIR": str(var / "secrets"),
    "GHOST_MAGNET_METADATA_DIR": str(var / "magnet-metadata"),
    "GHOST_MAGNET_TMP_DIR": str(var / "magnet-tmp"),
    "GHOST_COVER_DIR": str(var / "covers"),
    "GHOST_SITE_WORKDIR": str(var / "site-workdir"),
    "GHOST_BACKUP_DIR": str(var / "backups"),
    "GHOST_DHT_BOOTSTRAP_NODES": "127.0.0.1:1",
    "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
    "GHOST_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "GHOST_API_RATE_LIMIT": "0",  # counted for each token: rows of other tests have the same key
    "GHOST_API_LOG_LEVEL": "WARNING",
    "GHOST_SLOW_TRANSACTION_S": "3600",  # many a test is one transaction
}

from ghost.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Static files are looked up when asked for: each of the test client's instances would read all.
WHITENOISE_AUTOREFRESH = True
