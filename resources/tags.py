"""Tags as publishers type them: free words, told apart by their slug."""

from __future__ import annotations

from django.utils.translation import gettext

from ghost.core.errors import RefusedError
from ghost.core.text import info_hashes
from ghost.core.text.unicode import one_line
from resources import slugs

MAX_TAGS = 30
MAX_CHARS = 60


def clean(names: object) -> list[str]:
    """The tags in their order, trimmed, each once; RefusedError (field `tags`) on a limit."""
    if not isinstance(names, list):
        raise RefusedError(gettext("Tags must be a list of texts."), field="tags")
    kept: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str):
            raise RefusedError(gettext("A tag must be text."), field="tags")
        text = one_line(name)
        if len(text) > MAX_CHARS:
            raise RefusedError(
                gettext("A tag may have at most %d characters.") % MAX_CHARS, field="tags"
            )
        if info_hashes.named(text):
            raise RefusedError(
                gettext("A tag can't be an info-hash, nor have one in it."), field="tags"
            )
        if text:
            kept.setdefault(slugs.make(text), text)
    if len(kept) > MAX_TAGS:
        raise RefusedError(gettext("A resource may have at most %d tags.") % MAX_TAGS, field="tags")
    return list(kept.values())
