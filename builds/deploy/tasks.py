"""What the queue runs. Safe to run twice: what is deployed already is left alone."""

from __future__ import annotations

from builds import deploy


def deploy_if_due() -> str:
    """By the clock, every minute: try again what failed, or was never made. Nothing is built."""
    if not deploy.due():
        return "nothing to deploy"
    return deploy.deploy_published().text


def deploy_now() -> str:
    """At once, whatever pause there is: an operator asked for it."""
    return deploy.deploy_published(is_asked=True).text
