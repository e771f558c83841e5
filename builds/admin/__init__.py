"""Builds, covers and deployments in the operators' interface. Leans on all other rooms of builds."""

from builds.admin.builds import BuildAdmin
from builds.admin.covers import CoverAdmin
from builds.admin.deployments import DeploymentAdmin

__all__ = ["BuildAdmin", "CoverAdmin", "DeploymentAdmin"]
