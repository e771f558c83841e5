"""The rules: every part of the figures has one, and each says what is wrong with what."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import resolve

from ghost.core.config.env import BASE_DIR
from ghost.core.text.reasons import words
from ghost.operations.alerts.rules import RULES, findings, unseen
from ghost.operations.figures import Item, Status, gathering
from ghost.operations.figures import sentences as told
from tests.ghost.operations.alerts.conftest import bad, figures, well

NAMES = (
    "disk", "memory", "cpu", "queue-backlog", "task-failures", "build-failing", "build-overdue",
    "backup-overdue", "backup-unverified", "active-falling", "circuit-open", "worker-gone",
    "schedules-overdue", "service-down", "dht-empty", "deployment-rejected", "database-slow",
    "database-unreachable", "worker-memory", "clock", "git-backup-failing",
)  # fmt: skip
OF_NO_RULE = {"web", "alerts"}
"""A web server that is not there can't be asked; channels that fail have circuits."""
DISK = {"name": "GHOST_DB_PATH", "host": "one", "free_bytes": 1 << 30, "free_files_percent": 50.0}


def found(*items: Item, **limits: float) -> list[tuple[str, str, str]]:
    """Rule, subject and level of what is found, with the rules' own limits but for these."""
    own = {name: rule.limit.default for name, rule in RULES.items() if rule.limit}
    given = own | {name.replace("_", "-"): value for name, value in limits.items()}
    return [(each.rule, each.subject, str(each.level)) for each in findings(figures(*items), given)]


def test_their_names_are_fixed():
    assert tuple(RULES) == NAMES


def test_every_part_of_the_figures_is_read_by_a_rule():
    read = {name for rule in RULES.values() for name in rule.items}

    assert {name for name, _source in gathering.SOURCES} - read <= OF_NO_RULE


@pytest.mark.parametrize("name", sorted({n for rule in RULES.values() for n in rule.items}))
@pytest.mark.parametrize("reason", [words("something new"), told.CHECK_FAILED(error="X")])
def test_whatever_is_bad_for_a_reason_that_nobody_foresaw_is_told_once(name, reason):
    item = bad(name, reason, status=Status.DOWN)

    assert [(rule in RULES, level) for rule, _subject, level in found(item)] == [(True, "critical")]


@pytest.mark.parametrize("name", sorted({n for rule in RULES.values() for n in rule.items}))
def test_nothing_is_told_of_what_is_well(name):
    assert found(well(name)) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=NAMES)
def test_each_rule_names_pages_that_are_there(rule):
    assert resolve(f"/admin/{rule.page}").namespace == "admin"
    assert (BASE_DIR / rule.runbook_path).is_file()


@pytest.mark.parametrize(
    ("percent", "free_bytes", "told"),
    [
        (10.0, 1 << 30, []),
        (9.9, 1 << 30, [("disk", "GHOST_DB_PATH (one)", "warning")]),
        (9.9, 100 << 30, []),
        (0.9, 1 << 20, [("disk", "GHOST_DB_PATH (one)", "critical")]),
    ],
)
def test_a_disk_is_low_below_the_limit_unless_it_is_large(percent, free_bytes, told):
    row = DISK | {"free_percent": percent, "free_bytes": free_bytes}

    assert found(well("disk", rows=[row])) == told


def test_a_disk_without_places_for_files_is_full():
    row = DISK | {"free_percent": 70.0, "free_files_percent": 0.2}

    assert found(well("disk", rows=[row])) == [("disk", "GHOST_DB_PATH (one)", "critical")]


def test_an_operators_limit_counts_in_place_of_the_figures_own():
    item = bad("disk", told.LOW(names="x"), rows=[DISK | {"free_percent": 8.0}])

    assert (len(found(item)), found(item, disk=5)) == (1, [])


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        (well("queue", counts={"longest_wait_s": 601, "waiting": 3}), "queue-backlog"),
        (well("jobs", counts={"ended": 10, "failed": 3}), "task-failures"),
        (bad("backups", told.BACKUP_UNPROVEN(name="x")), "backup-unverified"),
        (bad("backups", told.PROOF_OVERDUE()), "backup-unverified"),
        (well("workers", counts={"silent_s": 61}), "worker-gone"),
        (
            well("swarms", counts={"fall_points": 21, "before_percent": 80, "active_percent": 59}),
            "active-falling",
        ),
        (bad("workers", told.NO_CLUSTER(names="one"), status=Status.DOWN), "worker-gone"),
        (bad("workers", told.CLOCK_OFF(names="one")), "clock"),
        (bad("workers", told.CLOCK_JUMPED(names="one")), "clock"),
        (bad("writers", told.WRITERS_WAIT(seconds=12.0)), "database-slow"),
        (bad("processes", told.REPLACED_OFTEN(names="one")), "worker-memory"),
        (bad("build", told.BUILD_FAILED()), "build-failing"),
        (bad("build", told.BUILD_OVERDUE()), "build-overdue"),
        (bad("build", told.BUILD_LONG()), "build-overdue"),
        (bad("backups", told.BACKUP_OVERDUE()), "backup-overdue"),
        (bad("schedules", told.OVERDUE(names="x")), "schedules-overdue"),
        (bad("dht", told.NO_NODES()), "dht-empty"),
    ],
)
def test_each_has_its_rule(item, rule):
    assert [name for name, _subject, _level in found(item)] == [rule]


@pytest.mark.parametrize(
    "item",
    [
        well("queue", counts={"longest_wait_s": 599}),
        well("jobs", counts={"ended": 2, "failed": 2}),
        well("jobs", counts={"ended": 20, "failed": 3}),
        well("workers", counts={"silent_s": 59}),
        well("workers", counts={}),
    ],
)
def test_within_its_limit_nothing_is_told(item):
    assert found(item) == []


def test_services_are_told_of_each_by_its_name():
    items = [
        bad("libtorrent", status=Status.DOWN),
        bad("redis"),
        bad("machine", status=Status.DOWN),
    ]

    assert found(*items) == [
        ("service-down", "libtorrent", "critical"),
        ("service-down", "redis", "warning"),
        ("service-down", "machine", "critical"),
    ]


def circuit(name: str, state: str, **more: Any) -> dict[str, Any]:
    care = {"needs_care": state == "open"}
    return {"name": name, "kind": "cover_host", "last_error": words("500"), **care, **more}


def test_a_target_that_fails_is_told_once_by_the_rule_of_deployments():
    rows = [circuit("git", "open", kind="deploy_target"), circuit("x", "open", kind="git_backup")]
    targets = [{"name": "git", "last_error": words("refused")}]

    circuits = bad("circuits", told.OPEN(names="git, x"), rows=rows)
    deployments = bad("deployments", told.DEPLOYMENT_FAILED(names="git"), rows=targets)

    assert found(circuits, deployments) == [("deployment-rejected", "git", "warning")]


def test_circuits_that_need_care_are_told_of_by_kind():
    rows = [
        circuit("a.example", "open"),
        circuit("b.example", "open", kind="tracker"),
        circuit("c.example", "failing", kind="webhook"),
        circuit("d.example", "open"),
    ]

    found_ = found(bad("circuits", told.OPEN(names="x"), rows=rows))

    assert [subject for _rule, subject, _level in found_] == ["cover_host", "tracker"]


def test_each_deployment_target_is_told_of_by_itself():
    rows = [
        {"name": "pages", "last_error": words("refused"), "failed_tries": 2},
        {"name": "folder", "last_error": None, "failed_tries": 0},
    ]

    assert found(bad("deployments", told.DEPLOYMENT_FAILED(names="pages"), rows=rows)) == [
        ("deployment-rejected", "pages", "warning")
    ]


def test_what_can_not_be_seen_is_known():
    seen = figures(
        Item("dht", Status.UNKNOWN, words("nothing seen")),
        bad("build", told.CHECK_FAILED(error="X")),
        well("disk"),
    )

    assert unseen(seen) == {"dht-empty", "build-failing", "build-overdue"}


@pytest.mark.parametrize("name", ["workers", "build", "backups"])
def test_what_a_rule_tells_that_is_switched_off_no_other_tells_in_its_place(name):
    item = bad(name, "it does not work")
    [one] = findings(figures(item), {})

    others = [rule for rule in RULES if rule != one.rule]

    assert not list(findings(figures(item), {}, others))
