"""What a publisher's script does: talks to the JSON API over HTTP, and to nothing else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from ghost.core.errors import GhostError, OutageError

TIMEOUT_S = 30


class ApiError(GhostError):
    """The API said no; `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"The API answered {status}: {detail}")
        self.status = status


class Publisher:
    """One bearer token at one server (`url` ends in `/`)."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """The answer to GET `api/<path>`."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
        """The answer to POST `api/<path>`."""
        return self._call("POST", path, body)

    def category(self, names: tuple[str, ...]) -> int:
        """The id of the category at the end of this way down the tree, made where it is missing."""
        parent: int | None = None
        there = {(c["parent_id"], c["name"]): c["id"] for c in self.get("categories/tree")}
        for name in names:
            found = there.get((parent, name))
            if found is None:
                found = self.post("categories", {"name": name, "parent_id": parent})["id"]
            parent = int(found)
        assert parent is not None  # noqa: S101  # `names` is never empty
        return parent

    def publish(self, resource: dict[str, Any]) -> bool:
        """Add it; False if the torrent is listed or blocked already."""
        try:
            self.post("resources", resource)
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            return False
        return True

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:  # noqa: ANN401  # any JSON
        request = urllib.request.Request(  # noqa: S310  # the demo's own server
            f"{self._url}api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  # as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, error.read().decode(errors="replace")[:500]) from error
        except OSError as error:
            raise OutageError(f"The API at {self._url} can't be reached: {error}.") from error


def answers(url: str) -> bool:
    """Whether GET `url` is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  # loopback
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # refused, not up yet, or an error status
        return False
