"""Builds, covers, and what the public site holds. Leans on builds.data."""

from builds.models.build import LATEST_LEASE, LEASE, Build
from builds.models.build_state import BuildState, Extent
from builds.models.cover import Cover, CoverLease
from builds.models.deployment import Deployment
from builds.models.listing import Listing, ListingEntry, ListingPage
from builds.models.site import Due, EntryRow, NextOutput, Output
from builds.models.step import Step

__all__ = [
    "LATEST_LEASE",
    "LEASE",
    "Build",
    "BuildState",
    "Cover",
    "CoverLease",
    "Deployment",
    "Due",
    "EntryRow",
    "Extent",
    "Listing",
    "ListingEntry",
    "ListingPage",
    "NextOutput",
    "Output",
    "Step",
]
