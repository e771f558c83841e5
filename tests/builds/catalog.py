"""A small catalog with some of everything that a site can show, and edits that touch all of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from builds import covers
from resources.models import Category, Resource, findings
from teams.models import Token
from tests import make
from tests.builds.pictures import image


def torrent(name: str) -> tuple[str, bytes]:
    """Magnet and info section of a torrent of one file."""
    body = name.encode()
    info = b"d6:lengthi1000e4:name%d:%b12:piece lengthi16384e6:pieces20:%be" % (
        len(body), body, hashlib.sha1(body).digest(),
    )  # fmt: skip
    return make.magnet(hashlib.sha1(info).hexdigest()), info


def work(title: str, *, cover: str = "", **kwargs) -> Resource:
    """A public resource with a `.torrent` file, and a cover of that colour."""
    magnet, info = torrent(title)
    row = make.resource(title=title, magnet_uri=magnet, is_probed=False, **kwargs)
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, name=title, info=info))
    if cover:
        covers.upload(row, image((40, 30), colour=cover), by="test")
    return row


@dataclass
class Catalog:
    archive: Category
    films: Category
    ada: Token
    gone: Resource
    """Alone in its tag, with a cover and a torrent."""
    edited: Resource

    @classmethod
    def fill(cls) -> Catalog:
        ada = make.publisher(name="Ada Öl")
        team = make.team(ada, name="修复组 Restorers")
        archive = make.category("Archive & 档案")
        films = make.category("Films 电影", parent=archive)
        silent = make.category("Silent", parent=films)
        make.category("Empty")
        rows = [
            work(
                f"Work {number}",
                category=[archive, films, silent][number % 3],
                publisher=ada,
                team=team if number % 2 else None,
                tags=[["公共领域", "C++"], ["Öl", "a/b?c#d"], ["film"]][number % 3],
                cover="#336699" if number % 4 == 0 else "",
            )
            for number in range(9)
        ]
        gone = work("Doomed", category=silent, publisher=ada, tags=["lonely 孤"], cover="#cc0000")
        return cls(archive, films, ada, gone, rows[4])

    def edit(self) -> None:
        """Something comes, something changes, something goes, and something is renamed."""
        self.change()
        Resource.objects.filter(pk=self.gone.pk).take_down(reason="asked", by="test")

    def change(self) -> None:
        """The same, but that nothing goes."""
        work(
            "New", category=self.films, publisher=self.ada, tags=["新 tag", "film"], cover="#00cc00"
        )
        self.edited.refresh_from_db()
        self.edited.title = "Edited"
        self.edited.tags = ["film", "edited"]
        self.edited.store()
        films = Category.objects.get(pk=self.films.pk)
        films.name, films.slug = "Moving pictures", ""
        films.store()
