"""A folder of text on disk."""

from __future__ import annotations

from pathlib import Path

from resources.exchange.text_folder.writing import PublicCatalog


def write(folder: Path) -> dict[str, str]:
    """Write the public catalog there; the text of each file."""
    told = {}
    for name, lines in PublicCatalog().files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        told[name] = "".join(f"{line}\n" for line in lines)
        path.write_text(told[name])
    return told
