"""Where the demo lives: its folder, its addresses, its environment.

Every address is on loopback and follows from the web server's port, so that two demos with
different ports keep apart on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ghost.core.config.env import BASE_DIR

SWARM_PORT = 20000
BOOTSTRAP_NODES = 4


@dataclass(frozen=True)
class Place:
    """One demo: the port of its web server, and the folder of all its data."""

    port: int = 8000
    folder: Path = BASE_DIR / "var" / "demo"

    @property
    def network(self) -> str:
        """The first half of the addresses of its swarm, such as `127.96`."""
        return f"127.{64 + self.port % 128}"

    @property
    def bootstrap(self) -> list[str]:
        """host:port of the DHT nodes that are always there."""
        return [f"{self.network}.{n}.1:{SWARM_PORT}" for n in range(BOOTSTRAP_NODES)]

    @property
    def url(self) -> str:
        """Where site, admin and API are."""
        return f"http://localhost:{self.port}/"

    @property
    def env_file(self) -> Path:
        """What GHOST_ENV_FILE names to run a command on the demo."""
        return self.folder / "env"

    def write_env_file(self) -> None:
        """Write its environment for commands that people try on it."""
        lines = [f"{n}={v}" for n, v in self.environment().items() if n != "GHOST_ENV_FILE"]
        self.env_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """The variables under which the demo's programs run; `.env` is not read."""
        folders = ("secrets_dir", "magnet_metadata_dir", "magnet_tmp_dir", "cover_dir",
                   "site_workdir", "backup_dir")  # fmt: skip
        names = ("secrets", "magnet-metadata", "magnet-tmp", "covers", "site-workdir", "backups")
        paths = {
            f"GHOST_{f.upper()}": str(self.folder / n) for f, n in zip(folders, names, strict=True)
        }
        return paths | {
            "GHOST_ENV_FILE": "/dev/null",
            "GHOST_DB_PATH": str(self.folder / "db" / "ghost.db"),
            "GHOST_DEPLOY_MODE": "integrated",
            "GHOST_PUBLIC_BASEURL": self.url,
            "GHOST_SITE_TITLE": "Ghost demo",
            "GHOST_SITE_DESCRIPTION": "A dozen small works on a swarm of their own, all on this machine.",
            "GHOST_ALLOW_PRIVATE_NETWORKS": "1",
            "GHOST_DHT_BOOTSTRAP_NODES": ",".join(self.bootstrap),
            "GHOST_DHT_LISTEN_INTERFACES": f"{self.network}.200.1:6881",
            "GHOST_MAGNET_METADATA_TIMEOUT_S": "12",
            "GHOST_DHT_TIMEOUT_S": "10",
            "GHOST_BUILD_DEBOUNCE_S": "2",
            "GHOST_API_LOG_LEVEL": "WARNING",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "ghost.settings",
        }
