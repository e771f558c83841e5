"""Twelve faults made on purpose: each is seen everywhere within two minutes, goes by itself once it is mended,
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


def _try(place: Watched, fault: Fault) -> None:
    """Make it, see it, publish meanwhile, mend it, see it go, find what was published."""
    if why := fault.lacks(place):
        pytest.skip(why)
    fault.make(place)
    seen = place.wait_until_seen(fault.item, fault.rule, within_s=SEEN_WITHIN_S)
    accepted = place.publish(f"Meanwhile: {fault.name}")
    fault.mend(place)
    over = place.wait_until_over(fault.item, fault.rule, within_s=OVER_WITHIN_S)
    wait_for("what was published", lambda: place.public(f"resources/{accepted}/index.html"))
    print(json.dumps({"fault": fault.name, "seen_s": seen, "over_s": over}))  # for `make drill`


@pytest.mark.parametrize("fault", [f for f in FAULTS if not f.is_quick], ids=lambda f: f.name)
@pytest.mark.drill
def test_a_fault_is_seen_everywhere_and_goes_by_itself(place, fault):
    _try(place, fault)


def test_faults_of_seconds_are_seen_one_after_the_other(place):
    for fault in FAULTS:
        if fault.is_quick:
            _try(place, fault)
