"""Answers to HEAD, through a real gunicorn: nothing to complain of, nothing left open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from django.test import RequestFactory

from ghost.core.audit.models import UNAUTHORIZED
from ghost.core.http.wrappers.head import bodiless
from tests.installation import Installation, wait_for


class Body:
    """What an application gives, and whether it was closed."""

    is_closed = False

    def __iter__(self):
        raise AssertionError("it was read")

    def close(self):
        self.is_closed = True


def test_the_body_of_a_head_is_closed_unread():
    body = Body()

    answer = bodiless(lambda _environ, _start: body)(RequestFactory().head("/").environ, None)  # type: ignore[arg-type]

    assert list(answer) == []
    answer.close()  # type: ignore[attr-defined]
    assert body.is_closed


def test_other_methods_are_left_alone():
    body = Body()

    assert bodiless(lambda _environ, _start: body)(RequestFactory().get("/").environ, None) is body  # type: ignore[arg-type]


@pytest.mark.slow
def test_head_range_and_since_log_nothing_and_leak_nothing(tmp_path):
    site = tmp_path / "site" / "releases" / "x"
    site.mkdir(parents=True)
    (site / "index.html").write_text("home")
    (site / "404.html").write_text("none")
    (site / "big.torrent").write_bytes(b"0" * 300_000)
    (tmp_path / "site" / "public").symlink_to("releases/x")
    with Installation(
        tmp_path, PYTHONWARNINGS="always::ResourceWarning", PYTHONUNBUFFERED="1"
    ) as place:
        place.start("web")
        before = _open_files(place)
        found = {path: requests.head(place.url + path, timeout=20) for path in PATHS * 5}
        since = requests.get(
            f"{place.url}/",
            headers={"If-Modified-Since": found["/"].headers["Last-Modified"]},
            timeout=20,
        )
        part = requests.get(f"{place.url}/big.torrent", headers={"Range": "bytes=0-3"}, timeout=20)
        wait_for("files to be closed", lambda: _open_files(place) <= before)
        place.stop("web")

    assert {path: answer.status_code for path, answer in found.items()} == PATHS_STATUS
    assert {answer.content for answer in found.values()} == {b""}
    assert found["/big.torrent"].headers["Content-Length"] == "300000"
    assert (since.status_code, part.status_code) == (304, 200)
    # That no worker runs here is told by alerts, sooner or later.
    expected = (UNAUTHORIZED, "ghost.operations.alerts")
    lines = place.log("web").splitlines()
    told = "\n".join(line for line in lines if not any(each in line for each in expected))
    assert not re.findall(r"WARNING|ERROR|ResourceWarning", told), told


PATHS_STATUS = {
    "/": 200, "/big.torrent": 200, "/nothing": 404, "/static/ghost/admin.css": 200, "/health": 200,
    "/api/openapi.json": 200, "/api/docs": 200, "/api/resources": 401, "/admin/login/": 200,
}  # fmt: skip
PATHS = list(PATHS_STATUS)


def _open_files(place: Installation) -> int:
    """Files of the site that the server's processes hold open."""
    parent = Path(f"/proc/{place.programs['web'].pid}")
    children = (parent / "task" / parent.name / "children").read_text().split()
    links = (link for pid in children for link in Path(f"/proc/{pid}/fd").iterdir())
    return sum("/site/" in str(link.readlink()) for link in links if link.is_symlink())
