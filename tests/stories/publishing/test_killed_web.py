"""A web server that is killed in the middle of a bulk, which is then sent again with its `Idempotency-Key`."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest
import requests

from tests import make
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow
ITEMS = 300


def test_a_bulk_that_was_cut_is_done_once_when_it_comes_again(tmp_path):
    with Installation(tmp_path) as place:
        place.start("web")
        token = place.token()
        category = place.call("POST", "/categories", token, json={"name": "Films"}).json()["id"]
        items = [
            {"title": f"Film {n}", "magnet_uri": make.magnet(), "category_id": category}
            for n in range(ITEMS)
        ]

        first = threading.Thread(target=_cut, args=(place, token, items))
        first.start()
        wait_for("the first rows", lambda: _count(place))
        place.stop("web", signal.SIGKILL)
        first.join()
        cut = _count(place)
        place.start("web")
        answer = _sent_until_answered(place, token, items)
        again = _send(place, token, items)

    assert 0 < cut < ITEMS
    assert [item["status"] for item in answer.json()["items"]] == [201] * ITEMS
    assert len({item["id"] for item in answer.json()["items"]}) == ITEMS
    assert (again.content, again.headers["Idempotency-Replayed"]) == (answer.content, "true")


def _send(place: Installation, token: str, items: list[dict]) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the bulk"}
    return requests.post(f"{place.url}/api/resources/bulk", json=items, headers=headers, timeout=90)


def _cut(place: Installation, token: str, items: list[dict]) -> None:
    with suppress(requests.RequestException):
        _send(place, token, items)


def _sent_until_answered(place: Installation, token: str, items: list[dict]) -> requests.Response:
    """As a client does that heeds `Retry-After`: the key is held for seconds at most."""
    deadline = time.monotonic() + 60
    while (answer := _send(place, token, items)).status_code == 409:
        assert time.monotonic() < deadline, answer.text
        time.sleep(float(answer.headers["Retry-After"]))
    return answer


def _count(place: Installation) -> int:
    return place.rows("SELECT count(*) FROM resources_resource")[0][0]
