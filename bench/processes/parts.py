"""The parts of a bench, each in a process of its own: the simulated DHT, raw libtorrent, Ghost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
ENGINE = "import django; django.setup(); from network import engine; engine.main()"


class Network:
    """A running bench/network/loopback.py."""

    def __init__(self, process: subprocess.Popen[str], manifest: dict[str, Any]) -> None:
        self._process = process
        self.manifest = manifest

    def kill_a_quarter(self) -> int:
        """End a quarter of its nodes; how many that were."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(_expect(self._process, "KILLED"))


@contextmanager
def network(folder: Path, **options: int) -> Iterator[Network]:
    """A simulated DHT; `options` as bench/network/loopback.py takes them. It ends with this process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # folders go too
    manifest = folder / "network.json"
    argv = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "network.loopback", "--manifest", str(manifest), *argv],
        env=_found_here(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        _expect(process, "READY")
        yield Network(process, json.loads(manifest.read_text()))
    finally:
        process.terminate()
        process.communicate()


def _expect(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line.startswith(word):
        raise SystemExit("The simulated DHT did not come up.")
    return line.removeprefix(word).strip()


def environment(folder: Path, manifest: Mapping[str, Any], **more: object) -> dict[str, str]:
    """Ghost's variables: its own folder, and no way but into the simulated DHT."""
    names = ("secrets", "magnet_metadata", "magnet_tmp", "cover", "backup")
    paths = {f"GHOST_{name.upper()}_DIR": str(folder / name) for name in names}
    others = {name: value for name, value in _found_here().items() if name[:6] != "GHOST_"}
    return others | paths | {
        "GHOST_ENV_FILE": os.devnull,
        "GHOST_DB_PATH": str(folder / "ghost.db"),
        "GHOST_SITE_WORKDIR": str(folder / "workdir"),
        "GHOST_ENABLE_SCHEDULER": "0",
        "GHOST_ALLOW_PRIVATE_NETWORKS": "1",
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(manifest["bootstrap"]),
        "GHOST_DHT_LISTEN_INTERFACES": f"{manifest['client']}:0",
        "DJANGO_SETTINGS_MODULE": "ghost.settings",
        **{f"GHOST_{name.upper()}": str(value) for name, value in more.items()},
    }  # fmt: skip


def _found_here() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}


def raw(what: str, manifest: Path) -> dict[str, Any]:
    """One loop of bench/network/raw.py: what it found, and what it used."""
    return run(_found_here(), "-m", "network.raw", what, str(manifest))


def ghost(env: dict[str, str], what: str, manifest: Path, *more: str) -> dict[str, Any]:
    """One part of bench/network/engine.py: what it found, and what it used."""
    return run(env, "-c", ENGINE, what, str(manifest), *more)


def run(env: dict[str, str], *argv: str) -> dict[str, Any]:
    """Run Python to its end; the JSON of its last line."""
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, env=env, check=True, text=True, stdout=subprocess.PIPE
    )
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {}


def show(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> None:
    """Print a table, how busy the machine was, and what it comes to, as JSON."""
    print_table(rows)
    print("load average:", *(f"{load:.1f}" for load in os.getloadavg()))
    print(json.dumps(summary))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    shown = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line in shown:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def middle(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    """The median of one column."""
    return float(median(row[name] for row in rows))
