"""Builds, covers and deployments in the operators' interface."""

from builds import admin_deploy  # noqa: F401  # registers its own
from builds.admin.builds import BuildAdmin
from builds.admin.covers import CoverAdmin, CoverHostAdmin

__all__ = ["BuildAdmin", "CoverAdmin", "CoverHostAdmin"]
