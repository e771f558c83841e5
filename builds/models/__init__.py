"""Builds, covers, and what the public site holds."""

from builds.models.build import LATEST_LEASE, LEASE, Build, BuildState, Step
from builds.models.cover import Cover, CoverHost, CoverLease
from builds.models.deployment import Deployment
from builds.models.site import Due, Entry, Listing, NextOutput, Output, Place

__all__ = [
    "LATEST_LEASE",
    "LEASE",
    "Build",
    "BuildState",
    "Cover",
    "CoverHost",
    "CoverLease",
    "Deployment",
    "Due",
    "Entry",
    "Listing",
    "NextOutput",
    "Output",
    "Place",
    "Step",
]
