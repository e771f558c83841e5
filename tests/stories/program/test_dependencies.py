"""What Ghost is made of besides its own code: licences that allow it, and flaws that somebody has to look at."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from datetime import date, timedelta
from importlib import metadata

import pytest
from license_expression import get_spdx_licensing

from ghost.core.config.env import BASE_DIR

LOCKS = ("requirements.txt", "requirements-dev.txt")
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "PSF-2.0",
}  # fmt: skip
"""What may be used by and shipped with a program under MIT, each file of theirs as it is."""
AS_A_LIBRARY = dict.fromkeys(("psycopg", "psycopg-binary", "psycopg-pool"), "LGPL-3.0-only")
"""Used unchanged and replaceable: docs/decisions/0002-dependencies.md."""
WORDS = {
    "MIT License": "MIT",
    "ISC License": "ISC",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What packages say that have no SPDX expression yet."""
BY_HAND = {
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "pyrage": "MIT",
    "qrcode": "BSD-3-Clause",  # with the notice of a port of MIT
    "pytest-django": "BSD-3-Clause",
}
"""Read in their files: the metadata has none, or the whole text."""


def locked(lock: str) -> list[str]:
    """The packages that this machine installs from a lock."""
    lines = (BASE_DIR / lock).read_text().splitlines()
    return [
        found[1]
        for line in lines
        if (found := re.match(r"([\w.-]+)==\S+ *(;.*)?", line)) and is_installed(found[1])
    ]


def is_installed(name: str) -> bool:
    try:
        metadata.metadata(name)
    except metadata.PackageNotFoundError:  # of other systems or versions of Python
        return False
    return True


def licence_of(name: str) -> str:
    """As an SPDX expression."""
    told = metadata.metadata(name)
    classifiers = [each.split(" :: ")[-1] for each in told.get_all("Classifier") or []
                   if each.startswith("License ::")]  # fmt: skip
    first = [*(told.get_all("License-Expression") or []), *(told.get_all("License") or [])]
    words = next(filter(None, first), " AND ".join(classifiers))
    return BY_HAND.get(name) or WORDS.get(words, words)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_licence_that_is_allowed(lock):
    licensing = get_spdx_licensing()
    names = locked(lock)
    found = {name: licence_of(name) for name in names if name not in AS_A_LIBRARY}

    wrong = {
        name: words
        for name, words in found.items()
        if not words or not set(licensing.license_keys(words)) <= ALLOWED
    }

    assert len(names) > 20
    assert wrong == {}


def test_exceptions_are_locked_packages_still():
    names = locked("requirements-dev.txt")

    assert set(AS_A_LIBRARY) | set(BY_HAND) <= set(names)


@pytest.mark.parametrize("lock", [*LOCKS, ".ci/audit-requirements.txt"])
def test_every_package_of_a_lock_is_pinned_with_its_hash(lock):
    packages = re.split(r"\n(?=[A-Za-z])", (BASE_DIR / lock).read_text())
    pinned = [each for each in packages if not each.startswith("#")]

    assert len(pinned) > 10
    assert [each for each in pinned if "==" not in each or "--hash=sha256:" not in each] == []
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", "".join(pinned))


# -- the audit


def audit():
    """`.ci/audit.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("audit", BASE_DIR / ".ci" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


TODAY = date(2026, 11, 29)
KNOWN = {"name": "good", "version": "1", "vulns": []}
SKIPPED = {"name": "new", "skip_reason": "not found"}
FLAWED = {
    "name": "bad", "version": "2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["3"]}],
}  # fmt: skip


def judged(*packages, excuse: str = "") -> tuple[int, str]:
    ours = audit()
    report = ours.read_report(json.dumps({"dependencies": packages}))
    status, lines = ours.judge(report, ours.read_excuses(excuse, TODAY), TODAY)
    return status, "\n".join(lines)


def excuse(until: date, reason: str = "never called") -> str:
    return f'[[excuse]]\nid = "CVE-2026-1"\nreason = "{reason}"\nuntil = {until}'


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ([KNOWN], 0, "1 of 1 packages audited: 0 known flaws."),
        ([KNOWN, SKIPPED], 2, "NOT AUDITED: 1 of 2 packages"),
        ([KNOWN, FLAWED], 1, "FLAW bad 2: CVE-2026-1 PYSEC-1, mended in 3"),
        ([SKIPPED, FLAWED], 1, "NOT AUDITED: 1 of 2 packages"),
    ],
    ids=["clean", "unknown", "flawed", "both"],
)
def test_audit_fails_on_a_flaw_and_says_what_it_does_not_know(packages, status, told):
    assert judged(*packages)[0] == status
    assert told in judged(*packages)[1]


def test_a_flaw_is_excused_with_a_reason_until_a_day():
    assert judged(FLAWED, excuse=excuse(TODAY))[0] == 0
    assert "excused bad 2" in judged(FLAWED, excuse=excuse(TODAY))[1]
    assert judged(FLAWED, excuse=excuse(TODAY - timedelta(days=1)))[0] == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(excuse(TODAY, " "), "no reason"), (excuse(TODAY + timedelta(days=91)), "more than 90 days")],
)
def test_an_excuse_without_a_reason_or_an_end_is_none(wrong, told):
    with pytest.raises(ValueError, match=told):
        judged(FLAWED, excuse=wrong)


def test_audit_offline_says_that_nothing_is_known(monkeypatch, capsys):
    ours = audit()
    monkeypatch.setattr(ours, "install", lambda: None)
    monkeypatch.setattr(ours, "ask", lambda *_asked: None)

    assert ours.main(["requirements.txt"]) == 2
    assert "NOT AUDITED" in capsys.readouterr().out


def test_ci_stops_at_a_flaw_and_at_nothing_else():
    line = next(each for each in (BASE_DIR / ".ci" / "run").read_text().splitlines()
                if "audit.py" in each)  # fmt: skip

    assert line.endswith("|| [ $? -eq 2 ]")
