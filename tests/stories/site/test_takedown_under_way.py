"""A takedown while every worker is busy and a long full build is under way, without schedules."""

from __future__ import annotations

import time

import pytest

from builds.render import hugo
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow
LIMIT_S = 5
"""SPEC §4: off the local site within so long, whatever is running."""

EVERYTHING = (
    "from builds.models import Extent; from builds.requests import request_build;"
    " request_build('Root', extent=Extent.EVERYTHING)"
)


@pytest.fixture
def place(tmp_path):
    """One worker, no schedules, and a Hugo that waits as long as there is a file `slow`."""
    slow = tmp_path / "hugo"
    slow.write_text(
        f'#!/bin/sh\nwhile [ "$1" != version ] && [ -e {tmp_path}/slow ]; do sleep 0.1; done\n'
        f'exec {hugo.binary()} "$@"\n'
    )
    slow.chmod(0o755)
    variables = {
        "GHOST_HUGO_BIN": str(slow),
        "GHOST_WORKERS": "1",
        "GHOST_ENABLE_SCHEDULER": "0",
        "GHOST_DEPLOY_TARGET": str(tmp_path / "deployed"),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_DHT_BOOTSTRAP_NODES": "127.0.0.1:9",
    }
    with Installation(tmp_path / "ghost", **variables) as installation:
        yield installation


def names(place: Installation, pk: int) -> list[str]:
    """Files of the public site, and of where it is deployed to, that name a resource."""
    word = f"resources/{pk}/".encode()
    return [
        str(path)
        for root in (place.folder / "site" / "public", place.folder.parent / "deployed")
        for path in root.rglob("*")
        if path.is_file() and (word in path.read_bytes() or word in f"{path}".encode())
    ]


def test_it_is_off_the_site_in_seconds_and_stays_off(place):
    place.manage("generate_catalog", "--resources", "60")
    place.manage("build_site")
    slow = place.folder.parent / "slow"
    slow.touch()
    place.start("web")
    place.start("worker")
    admin = place.token("Admin", "Root")
    place.manage("shell", "-c", EVERYTHING)
    running = "SELECT 1 FROM builds_step WHERE name = 'hugo' AND ended_at IS NULL"
    wait_for("the full build at its longest", lambda: place.rows(running))
    pk = place.rows("SELECT max(id) FROM resources_resource WHERE probed_at IS NOT NULL")[0][0]
    assert len(names(place, pk)) > 10

    answer = place.call("POST", f"/resources/{pk}/takedown", admin, json={"reason": "Asked."})
    since = time.monotonic()
    public = place.folder / "site" / "public" / "resources" / str(pk)
    wait_for("its page to go", lambda: not public.exists(), LIMIT_S)
    took_s = time.monotonic() - since

    assert answer.status_code == 200, answer.text
    assert took_s < LIMIT_S
    assert [path for path in names(place, pk) if "deployed" not in path] == []
    assert place.rows(running)
    slow.unlink()
    wait_for("the end of the build", lambda: not place.rows(running))
    wait_for("its deployment", lambda: names(place, pk) == [])
    built = "SELECT count(*) FROM builds_build WHERE state = 'done' AND is_full"
    wait_for("the full build", lambda: place.rows(built)[0][0] == 2)
    assert place.call("GET", "/build/status", admin).json()["pending_changes"]
    assert names(place, pk) == []
