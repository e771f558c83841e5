"""The benches at a small size: what they find is right. How fast it is, only a large run tells."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from ghost.core.config.env import BASE_DIR
from tests.browser import needs_chromium

BENCH = BASE_DIR / "bench"
PATHS = {"PYTHONPATH": os.pathsep.join((str(BASE_DIR), str(BENCH)))}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("CI"), reason="benches at a small size: CI runs them"),
]


def run(name, *arguments, timeout_s=600):
    """What a bench says last."""
    done = subprocess.run(
        [sys.executable, str(BENCH / name), *arguments],
        cwd=BASE_DIR, capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def network(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "network.loopback", "--manifest", str(folder / "m.json"),
         "--nodes", "8", *arguments],
        cwd=BASE_DIR, env=os.environ | PATHS, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_look_ups_and_a_scan_tell_the_living_from_the_dead():
    told = run("bench_lookups.py", "300", "--repeats", "1", "--nodes", "16")

    wrong = {name: told[name] for name in ("false_active", "false_stale", "undecided")}
    assert wrong == {"false_active": 0, "false_stale": 0, "undecided": 0}


def test_all_living_magnets_and_no_dead_one_are_found():
    arguments = ("40", "40", "--timeout", "4", "--repeats", "1", "--nodes", "16")

    told = run("bench_probes.py", *arguments)

    assert (told["found_at_least"], told["false_found"]) == (40, 0)


def test_all_of_a_bulk_becomes_public_while_others_read_and_write():
    told = run("bench_publish.py", "60", "20", "--singles", "1")

    wrong = {name: told[name] for name in ("missing", "answers_503", "other_errors")}
    assert wrong == {"missing": 0, "answers_503": 0, "other_errors": 0}


def test_a_monitors_questions_take_the_same_queries_however_much_there_is():
    assert run("bench_monitoring.py", "40", "--times", "1")["constant_queries"] is True


def test_memory_is_looked_at_over_requests_and_tasks():
    told = run("bench_memory.py", "60", "10")

    assert {"web", "worker", "guard", "watch"} <= set(told["growth_percent"])


def test_the_network_loses_a_quarter_when_told_and_ends_with_its_input(tmp_path):
    running = network(tmp_path, "--extra", "20", "--torrents", "3")
    ready = running.stdout.readline()
    manifest = json.loads((tmp_path / "m.json").read_text())

    running.stdin.write("\n")
    running.stdin.flush()
    killed = running.stdout.readline()
    running.communicate(timeout=20)

    assert (ready, killed, running.returncode) == ("READY\n", "KILLED 2\n", 0)
    assert [len(manifest[name]) for name in ("live", "extra", "nodes")] == [3, 20, 8]


def test_the_network_ends_when_it_is_told_to_while_it_comes_up(tmp_path):
    running = network(tmp_path, "--extra", "5000")
    progress = running.stderr.readline()

    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=20)

    assert progress == "# announcing 5000 hashes\n"
    assert (out, running.returncode) == ("", 0)


def test_a_deployment_leaves_one_commit_and_sends_every_file():
    told = run("bench_deploy.py", "60", "--changes", "2")

    assert (told["files"], told["remote_commits"]) == (135, 1)


@needs_chromium
def test_a_search_finds_everything_and_reads_little():
    told = run("bench_search.py", "120")

    assert (
        told["chinese"] | {"false": 0, "disordered": 0, "found": told["chinese"]["true"]}
        == told["chinese"]
    )
    assert told["faults"] == []


def test_an_edit_changes_a_few_files_of_a_built_site():
    told = run("bench_build.py", "40", "--edits", "1")

    assert told["resources"] == 40
    assert told["files"] > 2 * 40
    assert told["changed"] < 100


def test_listeners_hear_everything_while_others_are_served():
    told = run("bench_events.py", "20", "--rounds", "1", "--requests", "80", "--per-second", "20")

    assert (told["streams"], told["missed"]) == (20, 0)
    assert told["none_p95_ms"] > 0


def test_a_catalog_goes_out_and_comes_back_the_same():
    told = run("bench_exchange.py", "50", "--repeats", "1")

    assert (told["resources"], told["is_same"]) == (50, True)


@pytest.mark.skipif(
    shutil.which("wrk") is None and not os.environ.get("CI"), reason="wrk is not installed"
)
def test_the_api_answers_each_list_and_refuses_strangers():
    quick = ("--seconds", "1", "--rounds", "1", "--times", "1", "--bulk", "20")

    told = run("bench_api.py", "150", *quick)

    assert (told["resources"], told["bulk"]) == (150, 20)
    assert told["status_share"] > 0.2  # a loaded machine's; docs/performance.md has the figures
    assert told["refused_share"] > 0.2
    assert told["worst_list_cpu_ms"] < 200


@pytest.mark.skipif(
    shutil.which("wrk") is None and not os.environ.get("CI"), reason="wrk is not installed"
)
def test_slow_clients_and_streams_hinder_nobody():
    few = ("--heads", "60", "--bodies", "20", "--streams", "20")

    told = run("bench_web.py", *few, "--rounds", "1", "--requests", "100", "--seconds", "1")

    assert told["slow_clients"] == 80
    assert told["health_p99_ms"] < 5000  # a loaded machine's
    assert "stop_s" not in told["missed"]


def test_single_processes_killed_under_load_cost_nothing():
    quick = ("--every", "3", "8", "--torrents", "60", "--listed", "60")

    told = run("drill.py", "--seconds", "40", *quick, timeout_s=400)

    wrong = ("refused", "lost", "twice", "left_in_queue", "left_processes", "differing_files")
    assert {name: told[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert told["kills"] > 5
    assert told["accepted"] > 10


def test_the_way_of_a_request_and_of_a_build_is_counted():
    told = run("walk.py")

    assert set(told) == {"publish", "build"}
    for walk in told.values():
        assert 10 < walk["files"] < walk["moves"]
        assert walk["climbs"] >= 0
