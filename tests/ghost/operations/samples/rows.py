"""Samples for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ghost.operations.samples.models import Sample


def sample(at: datetime, **values: Any) -> Sample:
    usual: dict[str, Any] = {
        "host": "ghost-1", "cores": 2, "cpu_percent": 10.0, "load_1m": 0.5, "load_5m": 0.4,
        "load_15m": 0.3, "memory_total_bytes": 8 << 30, "memory_available_bytes": 4 << 30,
        "processes": {"worker": {"number": 3, "bytes": 300, "largest_bytes": 120}},
        "disks": [
            {
                "name": "GHOST_DB_PATH", "free_bytes": 1000, "total_bytes": 4000,
                "free_percent": 25.0, "free_files_percent": 90.0,
            }
        ],
    }  # fmt: skip
    return Sample.objects.create(at=at, **usual | values)
