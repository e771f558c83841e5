"""The whole road with real parts: API → qcluster → probe → build → Chromium."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import make
from tests.browser import needs_chromium, visit
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path, swarm):
    variables = {
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_MAGNET_METADATA_TIMEOUT_S": "8",
        "GHOST_WORKERS": "2",
    }
    with Installation(tmp_path, **variables) as installation:
        yield installation


def submit(place: Installation, token: str, **fields) -> dict:
    category = place.call("POST", "/categories", token, json={"name": "Films 电影"})
    if category.status_code == 201:
        place.category_id = category.json()["id"]
    response = place.call(
        "POST", "/resources", token, json={"category_id": place.category_id, **fields}
    )
    assert response.status_code == 201, response.text
    return response.json()


@needs_chromium
def test_a_magnet_goes_in_and_a_published_page_comes_out(place, swarm):
    torrent = next(s for s in swarm.seeds if s.v1 and s.v2 and len(s.files) > 1)
    place.start("web")
    place.start("worker")
    token = place.token()

    created = submit(
        place,
        token,
        title="A film 一部电影",
        magnet_uri=torrent.magnet_uri,
        content_markdown="Some **bold** words. {{< unknown >}} <script>alert(1)</script>",
        tags=["Public domain", "公共领域"],
    )
    assert created["probe_status"] == "pending"
    assert created["task_id"]
    path = f"resources/{created['id']}/index.html"
    wait_for("the page", lambda: place.public(path))

    probed = place.call("GET", f"/resources/{created['id']}", token).json()
    assert (probed["probe_status"], probed["dht_status"]) == ("ok", "Active")
    assert probed["total_size_bytes"] == torrent.total_size_bytes
    _visit(place, created["id"], torrent)
    wait_for(
        "nothing pending",
        lambda: not place.call("GET", "/build/status", token).json()["pending_changes"],
    )


def _visit(place: Installation, resource_id: int, torrent) -> None:
    """As a visitor: home → resource → files → magnet."""
    with visit() as seen:
        page = seen.page
        page.goto(place.url)
        page.get_by_role("link", name="A film 一部电影").first.click()
        page.wait_for_url(f"**/resources/{resource_id}/")
        assert page.get_by_role("heading", level=1).inner_text() == "A film 一部电影"
        for folder in page.locator("details").all():
            folder.evaluate("node => node.open = true")
        words = page.locator("main").inner_text()
        wanted = _click_magnet(page)
    assert [name for name, _ in torrent.files if name.rpartition("/")[2] not in words] == []
    assert "{{< unknown >}}" in words
    assert wanted == [f"magnet:?xt=urn:btih:{torrent.v1}"]
    assert seen.told == []
    assert [url for url in seen.asked if not url.startswith((place.url, "magnet:"))] == []


def _click_magnet(page) -> list[str]:
    """Where the browser wants to go after a click on the magnet, without the magnet's other parts."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    wanted: list[str] = []
    session.on("Page.frameRequestedNavigation", lambda event: wanted.append(event["url"]))
    page.locator('main a[href^="magnet:"]').first.click()
    page.wait_for_timeout(300)
    return [url.partition("&")[0] for url in wanted]


def test_killed_workers_lose_nothing_and_do_nothing_twice(place, swarm):
    """SIGKILL to every process of the cluster: in a probe first, then in a build."""
    place.start("web")
    token = place.token()
    place.env["GHOST_HUGO_BIN"] = str(_slow_hugo(place.folder))
    live = submit(place, token, title="Live", magnet_uri=swarm.seeds[0].magnet_uri)
    dead = submit(place, token, title="Dead", magnet_uri=make.magnet())
    place.env["GHOST_MAGNET_METADATA_TIMEOUT_S"] = "10"  # the kill comes in the middle of it

    place.start("worker")
    wait_for("the probe of the live one", lambda: _status(place, live["id"]) == "ok")
    wait_for("the build", lambda: (place.folder / "hugo-started").exists())
    place.stop("worker", signal.SIGKILL)
    assert place.public("index.html") is None
    assert _status(place, dead["id"]) == "pending"
    _let_time_pass(place)
    (place.folder / "go").touch()
    place.start("worker")

    wait_for("the page", lambda: place.public(f"resources/{live['id']}/index.html"), 120)
    wait_for("the outcome of the dead one", lambda: _status(place, dead["id"]) == "inactive", 120)
    wait_for("the end of the last build", lambda: "running" not in _builds(place), 120)
    builds = _builds(place)
    assert builds[0] == "failed"
    # All schedules came due too; what they start finds nothing to build.
    assert sorted(set(builds[1:]) - {"unchanged"}) == ["done"]
    assert builds.count("done") == 1
    assert place.rows("SELECT probe_attempts FROM resources_resource WHERE id = ?", dead["id"]) == [
        (1,)
    ]
    assert len(list((place.folder / "metadata").iterdir())) == 1


def _builds(place: Installation) -> list[str]:
    return [state for (state,) in place.rows("SELECT state FROM builds_build ORDER BY id")]


def _status(place: Installation, resource_id: int) -> str:
    sql = "SELECT probe_status FROM resources_resource WHERE id = ?"
    return place.rows(sql, resource_id)[0][0]


def _slow_hugo(folder: Path) -> Path:
    """The real Hugo, but the first time it waits until the file `go` is there."""
    from builds.render import hugo

    script = folder / "slow-hugo"
    script.write_text(
        f"#!/bin/sh\ntouch {folder}/hugo-started\n"
        f"while [ ! -e {folder}/go ]; do sleep 0.1; done\n"
        f'exec {hugo.binary()} "$@"\n'
    )
    script.chmod(0o755)
    return script


def _let_time_pass(place: Installation) -> None:
    """The leases of the killed expire, and the schedules come due."""
    past = f"{datetime.now(UTC) - timedelta(seconds=10):%Y-%m-%d %H:%M:%S}"
    place.write(
        "UPDATE resources_resource SET probe_claimed_until = ? WHERE probe_claimed_until NOT NULL",
        past,
    )
    place.write("UPDATE builds_build SET lease_until = ? WHERE state = 'running'", past)
    place.write("UPDATE django_q_schedule SET next_run = ?", past)
