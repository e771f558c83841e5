"""What is counted of builds, covers and deployments."""

from __future__ import annotations

from ghost.core.measurements.counters import Counter, Histogram

BUILDS = Counter(
    "ghost_builds", "Builds that ended.", {"result": ("done", "unchanged", "failed")}
)  # fmt: skip
BUILD_DURATION = Histogram("ghost_build_duration_seconds", "Time that builds took.")
STEP_DURATION = Histogram(
    "ghost_build_stage_duration_seconds",
    "Time that the stages of builds took.",
    {"stage": (), "result": ("ok", "failed")},
)
COVERS = Counter(
    "ghost_covers", "Covers that hosts were asked for.", {"result": ("fetched", "failed")}
)  # fmt: skip
DEPLOYMENTS = Counter(
    "ghost_deployments",
    "Deployments that were tried; held: they wait for an operator.",
    {"kind": ("git", "folder", "rsync"), "result": ("done", "failed", "held")},
)
