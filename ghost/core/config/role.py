"""What this process is, which its settings depend on. Said before they are loaded."""

from __future__ import annotations

_is_web = False


def be_web_server() -> None:
    """A client waits for each answer: what can't be had soon is said so (`ghost/wsgi.py`)."""
    global _is_web
    _is_web = True


def is_web_server() -> bool:
    """Else it is a worker or a command, which nobody waits for."""
    return _is_web
