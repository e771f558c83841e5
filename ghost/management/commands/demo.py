"""`manage.py demo`: a swarm and a catalog to look at; part of `make run`."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from dht.tasks import scan_health
from ghost.core.command import GhostCommand
from ghost.core.errors import GhostError, OutageError
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.demo import accounts, covers, works
from ghost.demo.place import Place
from ghost.demo.publisher import Publisher, answers
from ghost.demo.seeds import Seed
from ghost.demo.swarm import LoopbackSwarm
from resources.models import DhtStatus, Resource
from resources.models.queryset import ResourceQuerySet
from resources.states import State

POLL_S = 0.25
NOTICED_WITHIN_S = 180
LEAVES = "  One more loses its seeders once it is published: two scans later it shows under Needs seeders."


class Command(GhostCommand):
    help = (
        "Shares a dozen small works in a swarm on loopback, publishes them through the API, and"
        " stays until it is stopped. `make run` starts it together with web and worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--works", type=Path, metavar="FOLDER", help="the works' content (var/demo/works)"
        )
        parser.add_argument("--password", default="", help="of the operator `demo`; else generated")
        parser.add_argument(
            "--patience", type=float, default=180, metavar="S", help="seconds for the first build"
        )

    def handle(self, **options: Any) -> None:  # noqa: ANN401  # Django's
        self._require_demo_data()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        place = Place(port=settings.GHOST.port)
        root = options["works"] or place.folder / "works"
        self.deadline = time.monotonic() + options["patience"]
        try:
            self._run(place, root, options["password"])
        except GhostError as error:
            raise CommandError(str(error)) from error

    def _require_demo_data(self) -> None:
        # Known passwords and made-up works must never get into a real catalog.
        if not settings.GHOST.db_path.is_relative_to(Place().folder):
            raise CommandError("The demo has data of its own; start it with `make run`.")

    def _run(self, place: Place, root: Path, password: str) -> None:
        seeds = works.seed_all(root / "content")
        works.draw_covers(root / "covers")
        left = {seeds[work.name].magnet_uri for work in works.live() if work.is_left}
        gone = set(_public().filter(magnet_uri__in=left).values_list("magnet_uri", flat=True))
        shared = [seed for seed in seeds.values() if seed.magnet_uri not in gone]
        with (
            LoopbackSwarm(shared, network=place.network) as swarm,
            covers.serving(place, root / "covers") as covers_url,
        ):
            self._wait("the web server", lambda: answers(f"{place.url}health"))
            known = accounts.ensure(password)
            self._say(_begun(self._publish(place, known, seeds, covers_url)))
            self._wait_for_site(place, known, seeds)
            self._say(_banner(place, known, is_first=not gone))
            if not gone:
                swarm.leave(left)
            self._say(self._notice(place, left))
            threading.Event().wait()

    def _publish(
        self, place: Place, known: accounts.Accounts, seeds: dict[str, Seed], covers_url: str
    ) -> int:
        scripts = {name: Publisher(place.url, raw) for name, raw in known.publisher_tokens.items()}
        admin = Publisher(place.url, known.admin_token)
        listed = set().union(*(_magnets(admin, state.value) for state in State))
        new = [work for work in works.WORKS if _magnet(work, seeds) not in listed]
        return sum(
            scripts[work.publisher].publish(
                {
                    "title": work.title,
                    "magnet_uri": _magnet(work, seeds),
                    "content_markdown": work.words,
                    "cover_image_url": covers_url + work.cover_name,
                    "tags": list(work.tags),
                    "category_id": scripts[work.publisher].category(work.category),
                }
            )
            for work in new
        )

    def _wait_for_site(
        self, place: Place, known: accounts.Accounts, seeds: dict[str, Seed]
    ) -> None:
        admin = Publisher(place.url, known.admin_token)
        live = {seed.magnet_uri for seed in seeds.values()}
        self._wait("the probes", lambda: not live & _magnets(admin, "held"))
        self._wait("the build", lambda: not admin.get("build/status")["pending_changes"])
        for row in admin.get("resources?state=live&limit=1000"):
            self._wait_for_page(f"{place.url}resources/{row['id']}/")

    def _notice(self, place: Place, left: set[str]) -> str:
        """Scan until it is known that the seeders of these works left; how that went."""
        rows = _public().filter(magnet_uri__in=left)
        patience = time.monotonic() + NOTICED_WITHIN_S
        while rows.exclude(dht_status=DhtStatus.STALE).exists():
            asked_at = timezone.now()
            queue.enqueue(scan_health, kind=JobKind.SCAN, is_all=True)
            while rows.filter(last_dht_check__lt=asked_at).exists():
                if time.monotonic() > patience:
                    return "No health scan noticed yet that a work's seeders left."
                time.sleep(POLL_S)
        return f"Its seeders left, and a scan noticed: {place.url}rescue/"

    def _wait_for_page(self, page: str) -> None:
        self._wait(page, lambda: answers(page))

    def _wait(self, what: str, is_done: Callable[[], bool]) -> None:
        while not is_done():
            if time.monotonic() > self.deadline:
                raise OutageError(
                    f"The demo gave up waiting for {what}. See what web and worker say above."
                )
            time.sleep(POLL_S)

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def _public() -> ResourceQuerySet[Resource]:
    return Resource.objects.public()


def _magnet(work: works.Work, seeds: dict[str, Seed]) -> str:
    return seeds[work.name].magnet_uri if work.make else work.dead_magnet_uri


def _magnets(admin: Publisher, state: str) -> set[str]:
    return {row["magnet_uri"] for row in admin.get(f"resources?state={state}&limit=1000")}


def _begun(published: int) -> str:
    if published:
        return f"{published} works published; probing them and building the site …"
    return f"Continuing with {len(works.WORKS)} works …"


def _banner(place: Place, known: accounts.Accounts, *, is_first: bool) -> str:
    tokens = [f"{known.admin_token}  Admin"]
    tokens += [f"{raw}  {name}" for name, raw in known.publisher_tokens.items()]
    dead = len(works.WORKS) - len(list(works.live()))
    lines = (
        "",
        "  Ghost is ready.",
        "",
        f"  The site      {place.url}",
        f"  The admin     {place.url}admin/      user {accounts.USERNAME}, password {known.password}",
        f"  The API       {place.url}api/docs",
        *(f"  {'Its tokens' if i == 0 else '':<12}  {token}" for i, token in enumerate(tokens)),
        "",
        f"  Nobody seeds {dead} of the works: they wait in the admin, off the site, until somebody does.",
        *([LEAVES] if is_first else []),
        "",
        "  Ctrl-C stops everything; the next start is quick and keeps the data.",
        "",
    )
    return "\n".join(lines)


def _stop(_signum: int, _frame: object) -> NoReturn:
    raise SystemExit(0)
