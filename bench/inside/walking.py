"""What bench/walk.py counts, in a process where Django is set up: prints it as JSON."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.test import Client

from builds.engine import pipeline
from builds.models import Build
from ghost.core.config.env import BASE_DIR
from resources.models import Category, Resource
from teams.models import Token
from teams.roles import Role

APPS = ("teams", "resources", "dht", "builds", "ghost")
"""From the lowest up; ghost.core lies below them all."""


class Floors:
    """On which floor a module lies: its app, then its room's layer in that app's contract."""

    def __init__(self) -> None:
        settings = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())
        self._layers: dict[str, int] = {}
        for contract in settings["tool"]["importlinter"]["contracts"]:
            for container in contract.get("containers", ()):
                for depth, layer in enumerate(reversed(contract["layers"])):
                    for room in layer.split(":"):
                        self._layers[f"{container}.{room.strip()}"] = depth

    def floor(self, module: str) -> tuple[int, int]:
        """The higher, the more it may import."""
        app, _, rest = module.partition(".")
        if module.startswith("ghost.core."):
            room = ".".join(module.split(".")[:3])
            return -1, self._layers.get(room, 0)
        return APPS.index(app), self._layers.get(f"{app}.{rest.partition('.')[0]}", 0)


class Walk:
    """Follows the calls of this thread: in which files of ours it is, one after the other."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors
        self._last = ""
        self.files: dict[str, int] = {}
        """By file, how many calls it took."""
        self.moves: dict[str, int] = {}
        """From file to file, how often: the next call is in another one than the last was."""
        self.climbs: dict[str, int] = {}
        """By caller and called, where the called one lies higher."""

    def follow(self, work: Callable[[], object]) -> None:
        """Do the work, and watch it."""
        sys.setprofile(self._watch)
        try:
            work()
        finally:
            sys.setprofile(None)

    def _watch(self, frame: FrameType, event: str, _argument: object) -> None:
        module = _module(frame)
        if event != "call" or not module:
            return
        _count(self.files, module)
        if self._last not in ("", module):
            _count(self.moves, f"{self._last} > {module}")
        self._last = module
        self._note_climb(_caller(frame), frame)

    def _note_climb(self, caller: FrameType | None, frame: FrameType) -> None:
        if caller is None:
            return
        of, to = _module(caller), _module(frame)
        if self._floors.floor(of) < self._floors.floor(to):
            calling, called = caller.f_code.co_qualname, frame.f_code.co_qualname
            _count(self.climbs, f"{of}.{calling} > {to}.{called}")


def _count(counts: dict[str, int], what: str) -> None:
    counts[what] = counts.get(what, 0) + 1


def _module(frame: FrameType) -> str:
    """The module of ours that the frame is in, else nothing; importing it doesn't count."""
    name = str(frame.f_globals.get("__name__", ""))
    is_ours = _root(frame) in APPS and frame.f_code.co_name != "<module>"
    return name if is_ours else ""


def _caller(frame: FrameType) -> FrameType | None:
    """The frame of ours that called it, itself or through the standard library; None if that was a
    framework, which calls whatever it was given."""
    above = frame.f_back
    while above is not None and _root(above) in sys.stdlib_module_names:
        above = above.f_back
    return above if above is not None and _module(above) else None


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def publish() -> Walk:
    """One `POST /api/resources`, after another one that loads what is loaded once."""
    _token, raw = Token.objects.issue(Role.PUBLISHER, "Walker")
    category = Category.objects.order_by("pk").first()
    assert category
    client = Client(headers={"Authorization": f"Bearer {raw}"})

    def post(number: int) -> None:
        magnet = f"magnet:?xt=urn:btih:{number:040x}&dn=Walk"
        body = {"title": "Walk", "magnet_uri": magnet, "category_id": category.pk}
        answer = client.post("/api/resources", body, content_type="application/json")
        assert answer.status_code == 201, answer.content

    post(1)
    walk = Walk(Floors())
    walk.follow(lambda: post(2))
    return walk


def build() -> Walk:
    """One build of one changed title, after a full one and another change."""
    _build()
    _edit()
    _build()
    _edit()
    walk = Walk(Floors())
    walk.follow(_build)
    return walk


def _edit() -> None:
    row = Resource.objects.public().earliest("pk")
    row.title = f"{row.title[:200]} corrected"
    row.store()


def _build() -> None:
    claimed = Build.objects.claim("bench")
    assert claimed
    done = pipeline.run(claimed)
    assert done.state == "done", done.error


def main() -> None:
    """Both, as JSON."""
    print(json.dumps({"publish": _told(publish()), "build": _told(build())}))


def _told(walk: Walk) -> dict[str, Any]:
    return {"files": walk.files, "moves": walk.moves, "climbs": walk.climbs}
