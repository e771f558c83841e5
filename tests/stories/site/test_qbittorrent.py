"""qBittorrent reads the feeds, and a rule of its downloads what comes, once each."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from builds.data.entry import Entry, Picture
from builds.feeds import writer as feeds
from builds.feeds.writer import Feed
from tests import make
from tests.dht.clients import needs
from tests.trackers import free_port

T = TypeVar("T")
FEED = Feed("/feeds/all", "Ghost", "/")
SETTINGS = """
[LegalNotice]
Accepted=true
[BitTorrent]
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Interface=lo
Session\\InterfaceAddress=127.0.0.1
Session\\Port={port}
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
[RSS]
Session\\EnableProcessing=true
AutoDownloader\\EnableProcessing=true
"""


class Client:
    """Its web API (github.com/qbittorrent/qBittorrent/wiki, version 4.1)."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v2"

    def post(self, method: str, /, **values: object) -> None:
        answer = requests.post(f"{self._base}/{method}", data=values, timeout=120)
        assert answer.ok, answer.text

    def get(self, method: str, /, **values: str) -> Any:
        return requests.get(f"{self._base}/{method}", params=values, timeout=120).json()

    def titles(self) -> set[str]:
        """Of the articles of the feeds."""
        items = self.get("rss/items", withData="true")
        return {article["title"] for feed in items.values() for article in feed["articles"]}

    def hashes(self) -> list[str]:
        return sorted(each["hash"] for each in self.get("torrents/info"))


def wait_for(found: Callable[[], T], wanted: T) -> None:
    until = time.monotonic() + 120
    while found() != wanted and time.monotonic() < until:
        time.sleep(0.05)
    assert found() == wanted


@contextmanager
def running(folder: Path) -> Iterator[Client]:
    settings = folder / "qBittorrent/config/qBittorrent.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(port=free_port("127.0.0.1")))
    port = free_port("127.0.0.1")
    command = ["qbittorrent-nox", f"--profile={folder}", f"--webui-port={port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as program:
        try:
            wait_for(lambda: _answers(port), wanted=True)
            yield Client(port)
        finally:
            program.kill()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/api/v2/app/version", timeout=120).ok
    except requests.ConnectionError:
        return False


@pytest.mark.slow
@needs("qbittorrent-nox", "qbittorrent-nox")
@pytest.mark.parametrize("ending", [".xml", ".atom"])
def test_qbittorrent_takes_each_item_once(tmp_path, configure, serve, ending):
    site = tmp_path / "site"
    address = serve(site)
    configure(public_baseurl=f"{address}/")

    def publish(*entries: Entry) -> None:
        for file in feeds.files(FEED, entries, make.taxonomy()):
            path = site / file.address[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.body)

    full = make.entry(2, title="Two", torrent="ef" * 16, cover=Picture("ab", 600, 400))
    first = [full, make.entry(1, title="One & <b>")]
    publish(*first)
    with running(tmp_path / "profile") as client:
        rule = {
            "enabled": True,
            "mustContain": "",
            "affectedFeeds": [f"{address}{FEED.stem}{ending}"],
        }
        client.post("rss/setRule", ruleName="all", ruleDef=json.dumps(rule))
        client.post("rss/addFeed", url=f"{address}{FEED.stem}{ending}", path="Ghost")
        wait_for(client.hashes, sorted(each.hash for each in first))

        late = replace(make.entry(3, title="Late"), id=0)  # found its seeders weeks after
        publish(late, *first)
        client.post("rss/refreshItem", itemPath="Ghost")
        wait_for(client.hashes, sorted(each.hash for each in [late, *first]))

        assert client.titles() == {"One & <b>", "Two", "Late"}
        pages = {
            a["link"]
            for f in client.get("rss/items", withData="true").values()
            for a in f["articles"]
        }
        assert pages == {f"{address}/resources/{number}/" for number in (0, 1, 2)}
