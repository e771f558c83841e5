"""The digest: what was published, what is dying and what needs care, by mail, daily or weekly. Leans on figures, channels, alerts and the catalog."""

from ghost.operations.digest.sending import send

__all__ = ["send"]
