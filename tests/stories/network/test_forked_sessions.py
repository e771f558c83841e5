"""Many processes, each with a session of its own, and one process for a long time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ghost.core.config.env import BASE_DIR
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow

WORKERS = 3
MAX_GROWTH_MB = 8

CYCLES = """
import hashlib, json, time
import django
django.setup()
from django.conf import settings
from pathlib import Path
from dht.engine import session as swarm
from resources.torrents.magnets import Magnet
settings.GHOST = settings.GHOST.model_copy(update={"allow_private_networks": True})

def rss_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

session, found, number = swarm.session(), [], 0
for _ in range(4):
    for _ in range(2500):
        number += 1
        magnet = Magnet(v1=hashlib.sha1(b"cycle %d" % number).hexdigest(), v2=None)
        session.fetch(magnet, [("127.0.0.9", 9)])
        session.drop(magnet.hash)
        session.events(0)
    time.sleep(3.5)  # libtorrent keeps what was removed for some seconds
    session.events(0)
    found.append(rss_mb())
swarm.close()
print(json.dumps(found))
"""


def test_ten_thousand_torrents_that_come_and_go_leave_nothing():
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(BASE_DIR)}

    done = subprocess.run(
        [sys.executable, "-c", CYCLES],
        env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    rested = json.loads(done.stdout)
    assert rested[-1] - rested[0] < MAX_GROWTH_MB  # 1 kB each; libtorrent's pools grow in steps


@pytest.fixture
def place(tmp_path, swarm):
    variables = {
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_MAGNET_METADATA_TIMEOUT_S": "8",
        "GHOST_WORKERS": str(WORKERS),
    }
    with Installation(tmp_path, **variables) as installation:
        yield installation


def ports_of(pid: int) -> set[int]:
    """The TCP ports that a process listens on."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(r[1].split(":")[1], 16) for r in rows if r[3] == "0A" and r[9] in inodes}


def below(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [p for child in children for p in (int(child), *below(int(child)))]


ASK = """
import django
django.setup()
from django_q.tasks import async_task
for _ in range(12):
    async_task("time.sleep", 0.2)
    async_task("tests.stories.network.test_forked_sessions.probe_one", "{uri}")
"""


def probe_one(uri: str) -> list:
    """Run by the cluster's workers: who probed, and what came of it."""
    from dht.engine import probes
    from dht.engine import session as swarm
    from resources.torrents import magnets

    ours = swarm.session()
    outcomes = [o.status.value for o in probes.probe([magnets.parse(uri)], 5)]
    return [os.getpid(), ours.pid, ours.listen_port(), id(ours), outcomes]


def test_each_worker_has_a_session_and_a_port_of_its_own(place, swarm):
    uri = swarm.seeds[0].magnet_uri
    place.env["PYTHONPATH"] = str(BASE_DIR)
    place.start("worker")
    asked = subprocess.run(
        [sys.executable, "-c", ASK.format(uri=uri)],
        cwd=BASE_DIR, env=place.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    sql = "SELECT count(*) FROM django_q_task WHERE func LIKE '%probe_one' AND success"

    wait_for("all probes", lambda: place.rows(sql) == [(12,)])

    told = [json.loads(row) for row in results(place)]
    assert {tuple(outcomes) for *_, outcomes in told} == {("ok",)}
    assert [pid == own for pid, own, *_ in told] == [True] * 12
    kept = {(pid, port, session) for pid, _, port, session, _ in told}
    pids, ports = {pid for pid, *_ in kept}, {port for _, port, _ in kept}
    assert len(kept) == len(pids) == len(ports) > 1  # one session each, kept from task to task
    worker = place.programs["worker"].pid
    listening = {pid: ports_of(pid) for pid in below(worker)}
    assert {pid: {port} for pid, port, _ in kept} == {pid: listening[pid] for pid in pids}


def results(place: Installation) -> list[str]:
    script = (
        "import django, json; django.setup()\n"
        "from django_q.models import Task\n"
        "for task in Task.objects.filter(func__endswith='probe_one'): print(json.dumps(task.result))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=BASE_DIR, env=place.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
