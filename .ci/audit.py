"""Asks a database of known flaws about every package of these locks: audit.py LOCK…

Exit status 1: there is a flaw that .ci/audit-excuses.toml does not excuse. 2: not everything could be
asked about, so nothing is known of the rest: no network, or a database that lacks these versions.
AUDIT_SERVICE=osv (or pypi) asks that one database alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
TOOL = HERE.parent / "var" / "audit"
EXCUSES = HERE / "audit-excuses.toml"
LONGEST = timedelta(days=90)
"""An excuse is looked at again by then, as SECURITY.md promises."""
CLEAN, FLAWED, UNKNOWN = 0, 1, 2
SEVERITY = (FLAWED, UNKNOWN, CLEAN)


@dataclass(frozen=True)
class Flaw:
    package: str
    version: str
    names: frozenset[str]
    """Its identifier and its other names (CVE, GHSA, PYSEC)."""
    fixed_in: str

    def __str__(self) -> str:
        names = " ".join(sorted(self.names))
        return f"{self.package} {self.version}: {names}, mended in {self.fixed_in or 'no version'}"


@dataclass(frozen=True)
class Excuse:
    """Why a flaw does not concern Ghost, and until when somebody believes so."""

    id: str
    reason: str
    until: date

    def holds_for(self, flaw: Flaw, today: date) -> bool:
        return self.id in flaw.names and today <= self.until


@dataclass(frozen=True)
class Report:
    flaws: tuple[Flaw, ...]
    asked: int
    unknown: tuple[str, ...]
    """Packages that the database has not in that version."""


def read_report(document: str) -> Report:
    """What pip-audit wrote, as JSON."""
    packages = json.loads(document)["dependencies"]
    known = [each for each in packages if "skip_reason" not in each]
    flaws = (
        Flaw(
            package["name"],
            package["version"],
            frozenset([flaw["id"], *flaw["aliases"]]),
            ", ".join(flaw["fix_versions"]),
        )
        for package in known
        for flaw in package["vulns"]
    )
    unknown = sorted({each["name"] for each in packages if "skip_reason" in each})
    return Report(tuple(flaws), len({each["name"] for each in packages}), tuple(unknown))


def read_excuses(document: str, today: date) -> list[Excuse]:
    """ValueError for one without a reason, or that is to hold for longer than LONGEST."""
    found = [Excuse(**each) for each in tomllib.loads(document).get("excuse", [])]
    for each in found:
        if not each.reason.strip():
            raise ValueError(f"{each.id} has no reason")
        if each.until > today + LONGEST:
            raise ValueError(f"{each.id} is excused for more than {LONGEST.days} days")
    return found


def judge(report: Report, excuses: Iterable[Excuse], today: date) -> tuple[int, list[str]]:
    """The exit status, and what to print."""
    excused = {
        flaw: each for each in excuses for flaw in report.flaws if each.holds_for(flaw, today)
    }
    open_ = [flaw for flaw in report.flaws if flaw not in excused]
    lines = [f"FLAW {flaw}" for flaw in open_]
    lines += [
        f"excused {flaw}: {each.reason} (until {each.until})" for flaw, each in excused.items()
    ]
    told = report.asked - len(report.unknown)
    if report.unknown:
        some = ", ".join(report.unknown[:5]) + ", …" * (len(report.unknown) > 5)
        lines.append(
            f"NOT AUDITED: {len(report.unknown)} of {report.asked} packages, which the database does"
            f" not have in these versions ({some})."
        )
    if told:
        lines.append(f"{told} of {report.asked} packages audited: {len(open_)} known flaws.")
    return FLAWED if open_ else UNKNOWN if report.unknown else CLEAN, lines


def install() -> None:
    """CalledProcessError if there is no network for it."""
    lock, done = HERE / "audit-requirements.txt", TOOL / ".installed"
    if done.exists() and done.stat().st_mtime > lock.stat().st_mtime:
        return
    subprocess.run([sys.executable, "-m", "venv", TOOL], check=True)
    pip = [
        TOOL / "bin" / "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "1",
    ]
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True, capture_output=True)
    done.touch()


def ask(service: str, lock: str) -> Report | None:
    """None if the database gives no answer."""
    asked = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(
        [TOOL / "bin" / "pip-audit", *asked, "-f", "json", "-s", service, "-r", lock],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        return read_report(done.stdout)
    except (ValueError, KeyError):
        return None


def best_of(services: Iterable[str], lock: str) -> Report | None:
    """The report that knows most; the second database is asked only if the first lacks something."""
    best: Report | None = None
    for service in services:
        found = ask(service, lock)
        if found and (best is None or len(found.unknown) < len(best.unknown)):
            best = found
        if best and not best.unknown:
            break
    return best


def main(locks: list[str]) -> int:
    today = date.today()  # noqa: DTZ011  # as a person who excuses reads the calendar
    excuses = read_excuses(EXCUSES.read_text(), today)
    try:
        install()
    except (subprocess.CalledProcessError, OSError):
        print("NOT AUDITED: pip-audit can't be installed; it needs the network.")
        return UNKNOWN
    services = [os.environ["AUDIT_SERVICE"]] if "AUDIT_SERVICE" in os.environ else ["pypi", "osv"]
    worst = CLEAN
    for lock in locks:
        report = best_of(services, lock)
        if report is None:
            status, lines = UNKNOWN, ["NOT AUDITED: no database of known flaws gave an answer."]
        else:
            status, lines = judge(report, excuses, today)
        print("\n".join(f"{lock}: {line}" for line in lines))
        worst = min(worst, status, key=SEVERITY.index)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
