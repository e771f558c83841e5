"""Faults made on purpose: each is seen everywhere within two minutes, goes by itself once it is mended,
and loses nothing that was accepted."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.installation import wait_for
from tests.stories.operations.faults import (
    FAULTS,
    Fault,
    hugo_link,
    link_hugo,
    mount_disk,
    remote,
    unmount_disk,
)
from tests.stories.operations.watched import Watched
from tests.webhook import receiving

pytestmark = pytest.mark.slow

SEEN_WITHIN_S = 120
OVER_WITHIN_S = 240


@pytest.fixture
def place(tmp_path, running_swarm):
    subprocess.run(["git", "init", "-q", "--bare", str(remote(tmp_path))], check=True)
    link_hugo(tmp_path)
    mount_disk(tmp_path)
    with receiving() as receiver:
        place = Watched(
            tmp_path,
            receiver,
            GHOST_DHT_BOOTSTRAP_NODES=",".join(running_swarm.bootstrap),
            GHOST_HUGO_BIN=str(hugo_link(tmp_path)),
            GHOST_PAGES_REMOTE_URL=str(remote(tmp_path)),
            GHOST_MAGNET_TMP_DIR=str(tmp_path / "disk"),
        )
        place.torrents = [seed.body for seed in running_swarm.seeds]
        try:
            with place:
                place.begin()
                yield place
        finally:
            unmount_disk(tmp_path)


def _try(place: Watched, *faults: Fault) -> None:
    """Make them, see each, publish meanwhile, mend them, see each go, find what was published."""
    for why in filter(None, (fault.lacks(place) for fault in faults)):
        pytest.skip(why)
    for fault in faults:
        fault.make(place)
    seen = [place.wait_until_seen(f.item, f.rule, within_s=SEEN_WITHIN_S) for f in faults]
    accepted = place.publish("Meanwhile")
    for fault in faults:
        fault.mend(place)
    over = [place.wait_until_over(f.item, f.rule, within_s=OVER_WITHIN_S) for f in faults]
    wait_for("what was published", lambda: place.public(f"resources/{accepted}/index.html"))
    for fault, *told in zip(faults, seen, over, strict=True):
        print(json.dumps([fault.name, *told]))  # for `make drill`


@pytest.mark.parametrize("fault", [f for f in FAULTS if not f.is_quick], ids=lambda f: f.name)
@pytest.mark.drill
def test_a_fault_is_seen_everywhere_and_goes_by_itself(place, fault):
    _try(place, fault)


def test_faults_of_seconds_are_seen_and_go_at_the_same_time(place):
    _try(place, *(fault for fault in FAULTS if fault.is_quick))
