"""Sizes in bytes, for people (IEC 80000-13 units)."""

from __future__ import annotations

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def human(size_bytes: int) -> str:
    """`0 B`, `999 B`, `1.4 GiB`: three significant digits at most."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(UNITS) - 1:  # never "1000 KiB"
        size, unit = size / 1024, unit + 1
    if unit == 0:
        return f"{size_bytes} B"
    return f"{size:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} {UNITS[unit]}"
