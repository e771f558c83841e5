"""Publishers' texts as they were rendered, kept from build to build.

Rendering takes a hundred times as long as reading what came out. Each text is a file in
`GHOST_SITE_WORKDIR/cache/`, named by the digest of the text and of what rendered it.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from builds import markdown
from builds.markdown import Rendered
from builds.records import digest
from ghost.files import write_atomic


class Texts:
    """The cache as one build uses it."""

    def __init__(self) -> None:
        self._folder = Path(settings.GHOST.site_workdir) / "cache"
        self._used: set[str] = set()

    def render(self, text: str) -> Rendered:
        """`markdown.render(text)`, from the cache if it is there."""
        name = digest(_renderer() + text.encode(errors="surrogatepass"))
        self._used.add(name)
        path = self._folder / name[:2] / name
        try:
            return Rendered(*json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):  # not there, or damaged
            rendered = markdown.render(text)
            body = json.dumps(astuple(rendered)).encode()
            write_atomic(path, body, survives_power_loss=False)
            return rendered

    def drop_unused(self) -> None:
        """Forget what this build had no use for."""
        for path in self._folder.glob("*/*"):
            if path.name not in self._used:
                path.unlink(missing_ok=True)


@cache
def _renderer() -> bytes:
    """Another program renders anew."""
    packages = " ".join(version(name) for name in ("markdown-it-py", "nh3"))
    return packages.encode() + Path(markdown.__file__).read_bytes()
