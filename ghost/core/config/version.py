"""Which version of Ghost this is."""

from __future__ import annotations

import tomllib

from ghost.core.config.env import BASE_DIR

# Ghost is run from its folder, not installed: no package metadata has it.
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
