"""Export and import of a catalog, against the barest loops that could do the like.

    python bench/bench_exchange.py [RESOURCES] [--repeats N]

Bare export is `json.dumps` of each row's values and of its metadata file, line by line. Bare import
is `json.loads` of each line, `bulk_create` of 200 rows at a time and a write of each metadata file:
no check, no tags, no audit trail, no revision. Each runs in a process of its own; memory is the peak.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from processes import parts

ENGINE = "import django; django.setup(); from inside import exchanging; exchanging.main()"
NOWHERE = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}


def main() -> None:
    """Generate, then each of them in turn, so that a busy moment hits all alike."""
    parser = argparse.ArgumentParser()
    parser.add_argument("resources", type=int, nargs="?", default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        folder = Path(scratch)
        parts.run(_environment(folder / "empty"), "manage.py", "migrate", "--verbosity", "0")
        source = _installation(folder, "source")
        parts.run(source, "manage.py", "generate_catalog", "--resources", str(wanted.resources))
        rows = [row for _ in range(wanted.repeats) for row in _round(folder, source)]
    show(rows, wanted.resources)


def _round(folder: Path, source: dict[str, str]) -> list[dict[str, Any]]:
    files = {"json": "ghost.json", "export": "ghost.ndjson", "bare export": "bare.ndjson"}
    found = [_run(source, what, folder / name) for what, name in files.items()]
    for what, name in (("import", files["export"]), ("bare import", files["bare export"])):
        target = _installation(folder, "target")
        found.append(_run(target, what, folder / name))
        if what == "import":
            found.append(_run(target, "again", folder / name))
            again = folder / "again.ndjson"
            _run(target, "export", again)
            found[-1]["same"] = again.read_bytes() == (folder / name).read_bytes()
        shutil.rmtree(folder / "target")
    return found


def _run(env: dict[str, str], what: str, file: Path) -> dict[str, Any]:
    return {"what": what} | parts.run(env, "-c", ENGINE, what, str(file))


def _installation(folder: Path, name: str) -> dict[str, str]:
    """The variables of another empty one."""
    shutil.copytree(folder / "empty", folder / name)
    return _environment(folder / name)


def _environment(folder: Path) -> dict[str, str]:
    return parts.environment(folder, NOWHERE, token_pepper="bench" * 8)


def show(rows: list[dict[str, Any]], resources: int) -> None:
    """Print what was measured."""

    def middle(what: str, name: str) -> float:
        return parts.middle([row for row in rows if row["what"] == what], name)

    def rate(what: str) -> float:
        return round(resources / middle(what, "wall_s"))

    summary = {
        "resources": resources,
        "export_per_s": rate("export"),
        "export_ratio": round(middle("bare export", "cpu_s") / middle("export", "cpu_s"), 2),
        "json_per_s": rate("json"),
        "import_per_s": rate("import"),
        "import_ratio": round(middle("bare import", "cpu_s") / middle("import", "cpu_s"), 2),
        "again_per_s": rate("again"),
        "peak_mb": round(max(row["peak_mb"] for row in rows if "bare" not in row["what"])),
        "is_same": all(row.pop("same") for row in rows if "same" in row),
    }
    parts.show(rows, summary)


if __name__ == "__main__":
    os.chdir(parts.ROOT)
    main()
