"""A full build of a synthetic catalog against bare Hugo on the same pages.

    python bench/bench_build.py [RESOURCES]

Prints CPU seconds (user + system, all processes), the highest RSS of a process, and the ratio.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BARE = """
import pathlib, django; django.setup()
from builds import hugo
from builds.export import export
import resource
folder = pathlib.Path({folder!r}); site, work = folder / "site", folder / "work"; site.mkdir(); work.mkdir()
done = export(site, work)
before = resource.getrusage(resource.RUSAGE_CHILDREN)
hugo.render(done.chunks, site, folder / "run", hugo.Report())
after = resource.getrusage(resource.RUSAGE_CHILDREN)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


def main() -> None:
    """Generate, build, render bare, compare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        environment = _environment(Path(scratch))
        _run(environment, "manage.py", "migrate", "--verbosity", "0")
        _run(environment, "manage.py", "generate_catalog", "--resources", str(count))
        before = _cpu_s()
        told = json.loads(_run(environment, "manage.py", "build_site", "--force").splitlines()[-1])
        whole = _cpu_s() - before
        bare_folder = Path(scratch) / "bare"
        bare_folder.mkdir()
        bare = float(_run(environment, "-c", BARE.format(folder=str(bare_folder))))
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{count:,} resources, {told['pages']:,} pages, stages {told['stages']}")
    print(f"build {whole:.1f} CPU s, bare Hugo {bare:.1f} CPU s, ratio {whole / bare:.2f}")
    print(f"largest process {peak_mb} MB")


def _environment(folder: Path) -> dict[str, str]:
    names = ("secrets", "magnet_metadata", "magnet_tmp", "cover", "backup")
    paths = {f"GHOST_{name.upper()}_DIR": str(folder / name) for name in names}
    return (
        os.environ
        | paths
        | {
            "GHOST_ENV_FILE": os.devnull,
            "GHOST_DB_PATH": str(folder / "ghost.db"),
            "GHOST_SITE_WORKDIR": str(folder / "workdir"),
            "GHOST_ENABLE_SCHEDULER": "0",
            "DJANGO_SETTINGS_MODULE": "ghost.settings",
        }
    )


def _run(environment: dict[str, str], *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, env=environment, check=True, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return done.stdout


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
