"""Keys that sign and hash."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr

from ghost.core.config.values import Group, ProjectPath


class Keys(Group):
    """What sessions are signed and tokens are hashed with."""

    heading = _("Keys")

    secrets_dir: ProjectPath = Field(
        Path("var/secrets"), description="Generated keys and the first token."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs sessions. Made in GHOST_SECRETS_DIR on first start if not given.",
    )
    token_pepper: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key of the tokens' hashes. Made in GHOST_SECRETS_DIR on first start if not"
        " given. Changing it invalidates every token.",
    )
    token_salt: SecretStr = Field(
        SecretStr("ghost-static-salt"),
        min_length=8,
        description="The earlier Ghost's salt: its tokens, once imported, are hashed with it when"
        " they are first used.",
    )
    earlier_token_pepper: SecretStr | None = Field(
        None,
        description="The earlier Ghost's GHOST_TOKEN_PEPPER, if it was shorter than 32 characters"
        " or has changed since; empty: GHOST_TOKEN_PEPPER as given, or none.",
    )
