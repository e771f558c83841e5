"""The work of bench/bench_search.py, in a process where Django is set up."""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from processes import usage

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.render import hugo
from builds.search import index
from builds.search.documents import Doc, document
from builds.search.page import page
from builds.search.terms import is_unspaced, runs
from ghost.core.text.folding import fold
from resources.torrents import metadata
from search.visitors import Visitor, visiting

MANIFEST = "search/manifest.json"
LIMITS_KB = {"ordinary": 150, "worst": 350}
"""Compressed bytes of one query."""
SCREEN_MS = 300
EDIT_BYTES = 1_000_000
EDITS = 10
CHINESE_OF_EACH_LENGTH = 15
COLUMNS = (
    "id, title, magnet_uri, magnet_hash, magnet_hash_v2, category_id, publisher_id, team_id, tags,"
    " total_size_bytes, file_count, files_tree_summary, dht_status, last_dht_check,"
    " published_at, updated_at, content_markdown"
)


def main() -> None:
    """Index, edit, ask; tell the figures."""
    catalog, count, scratch = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    site = scratch / "site"
    made = Made(catalog, count)
    told = _indexed(made, site)
    told["edits"] = _edits(made, site)
    _pages(made.taxonomy, site, scratch)
    with visiting(site) as visitor:
        told["queries"] = [
            {"kind": kind, "name": name, **visitor.ask(query)}
            for kind, name, query in made.queries()
        ]
        told["chinese"] = _chinese(visitor, made)
    told["faults"] = list(_faults(told))
    told["slow"] = [q["name"] for q in told["queries"] if q["screen_ms"] > SCREEN_MS]
    _show(told)
    sys.exit(bool(told["faults"]))


class Made:
    """The documents of a catalog, and what is known of them to ask good questions."""

    def __init__(self, catalog: Path, count: int) -> None:
        self.taxonomy = Taxonomy.from_catalog()
        self._rows = sqlite3.connect(f"file:{catalog}/ghost.db?mode=ro", uri=True)
        self.count = count
        self.words: Counter[str] = Counter()
        self.texts: dict[int, list[str]] = {}
        """Folded, for the search by brute force."""
        self.tags: Counter[str] = Counter()
        self.apart_s = 0.0
        """Seconds of the processor that are the bench's own: reading, and noting what is there."""

    def documents(self) -> Iterator[Doc]:
        """In order of ids."""
        every = self.facts(1, self.count)
        while found := self._apart(lambda: next(every, None)):
            doc = document(found[0], self.taxonomy, found[1])
            self._apart(lambda: self._note(found[0], doc))  # noqa: B023  # called at once
            yield doc

    def _apart(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401
        before = time.process_time()
        try:
            return call()
        finally:
            self.apart_s += time.process_time() - before

    def facts(self, first: int, last: int) -> Iterator[tuple[Entry, list[str]]]:
        """Of the resources with ids from first to last."""
        sql = f"select {COLUMNS} from resources_resource where id between ? and ? order by id"
        for row in self._rows.execute(sql, (first, last)):
            probed = metadata.load(row[3])
            files = [file.path.rpartition("/")[2] for file in probed.files] if probed else []
            yield _facts(row), files

    def _note(self, facts: Entry, doc: Doc) -> None:
        self.words.update(word for word in doc.words if word[0] != "#" and not is_unspaced(word))
        self.tags.update(word[3:] for word in doc.words if word.startswith("#t:"))
        self.texts[facts.id] = [fold(text) for text in (facts.title, facts.summary, *facts.tags)]

    def queries(self) -> Iterator[tuple[str, str, str]]:
        """Kind, name and query string."""
        # What all of them have are names of the catalog's one publisher.
        counted = [(word, n) for word, n in self.words.most_common() if word.isalpha()]
        common = [word for word, n in counted if n < len(self.texts)]
        middle, rare = len(common) // 10, len(common) * 9 // 10
        tags = [tag for tag, _ in self.tags.most_common()]
        some = next(iter(self.facts(self.count // 2, self.count // 2 + 1)))[0]
        yield "ordinary", "one word", f"q={common[middle]}"
        yield "ordinary", "two words", f"q={common[middle]}+{common[middle + 1]}"
        yield "ordinary", "the commonest word", f"q={common[0]}"
        yield "ordinary", "a rare word", f"q={common[rare]}"
        yield "worst", "the two commonest words", f"q={common[0]}+{common[1]}"
        yield "worst", "two rare words", f"q={common[rare]}+{common[rare + 1]}"
        yield (
            "worst",
            "three rare words, largest first",
            f"q={'+'.join(common[rare : rare + 3])}&sort=size",
        )
        yield (
            "worst",
            "the two commonest words, largest first",
            f"q={common[0]}+{common[1]}&sort=size",
        )
        yield "worst", "two letters", f"q={common[0][:2]}"
        yield "worst", "two letters, largest first", f"q={common[0][:2]}&sort=size"
        yield "worst", "two letters with file names", f"q={common[0][:2]}&names=1"
        yield "worst", "six Chinese characters", f"q={self.chinese(6, random.Random(6))}"
        yield "worst", "six Chinese characters that are nowhere", "q=" + "".join(self._nowhere(6))
        yield "worst", "a category", f"category={some.category}"
        yield "worst", "a year and a health", f"year={some.published_at[:4]}&health=active"
        yield "worst", "the rarest tag", f"tag={tags[-1]}"
        yield (
            "worst",
            "all filters, largest first",
            (f"category={some.category}&health=stale&size=3&tag={tags[0]}&sort=size"),
        )
        yield "worst", "largest first", "sort=size"
        yield "worst", "ten digits of a hash", f"q={some.hash[:10]}"
        yield "worst", "a hash", f"q={some.hash}"

    def chinese(self, length: int, rng: random.Random) -> str:
        """Characters that stand beside each other in a title: tags would be the same few."""
        while True:
            title, *_ = self.texts[rng.randint(1, len(self.texts))]
            stretches = runs(title)
            long = [run for run in stretches if is_unspaced(run) and len(run) >= length]
            if long:
                run = rng.choice(long)
                start = rng.randrange(len(run) - length + 1)
                return run[start : start + length]

    def _nowhere(self, length: int) -> Iterator[str]:
        """Two neighbours are found, but never all of them."""
        rng = random.Random(9)
        while True:
            found = "".join(self.chinese(2, rng) for _ in range(length // 2))
            if not self.having(found):
                return iter(found)

    def having(self, text: str) -> list[int]:
        """By brute force, newest first."""
        return [pk for pk in reversed(self.texts) if any(text in each for each in self.texts[pk])]


def _facts(row: tuple[Any, ...]) -> Entry:
    pk, title, magnet, v1, v2, category, publisher, team, tags, size, files, files_summary = row[
        :12
    ]
    health, checked, published, updated, text = row[12:]
    summary = " ".join(text.translate({ord("#"): None, ord("*"): None}).split())[:240]
    return Entry(
        id=pk, title=title, magnet=magnet, hash=v1, hash_v1=v1, hash_v2=v2, category=category,
        publisher=publisher, team=team, tags=tuple(json.loads(tags)), size_bytes=size,
        file_count=files, files_summary=files_summary, dht_status=health,         seeds_band="unknown", missing_since=None, seen_at=None, peers=None, checked_at=checked, published_at=published, became_public_at=published, updated_at=updated, summary=summary,
    )  # fmt: skip


def _indexed(made: Made, site: Path) -> dict[str, Any]:
    began, writing_s, files, size = time.process_time(), 0.0, 0, 0
    highest = before_mb = usage.own_mb()
    for file in index.whole(made.documents()):
        before = time.process_time()
        _write(site, file.address, file.body)
        files, size, highest = files + 1, size + len(file.body), max(highest, usage.own_mb())
        writing_s += time.process_time() - before
    cpu_s = time.process_time() - began - writing_s - made.apart_s
    count = len(made.texts)
    return {
        "resources": count,
        "files": files,
        "mb": round(size / 1e6, 1),
        "manifest_gz_bytes": len(gzip.compress((site / MANIFEST).read_bytes(), 6)),
        "cpu_s": round(cpu_s, 2),
        "cpu_s_per_10k": round(cpu_s * 10_000 / count, 2),
        "more_mb": round(highest - before_mb),
    }


def _write(site: Path, address: str, body: bytes) -> None:
    path = site / address.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _edits(made: Made, site: Path) -> dict[str, dict[str, float]]:
    """The dearest of EDITS edits of each kind, all in a segment that is full if one is."""
    rng = random.Random(8)
    worst: dict[Any, Any] = {}
    least = max(1, made.count // 10_000 * 10_000 - 10_000)
    for _ in range(EDITS):
        (old, files), (other, others) = (
            next(made.facts(pk, pk)) for pk in rng.sample(range(least, made.count), 2)
        )
        before = document(old, made.taxonomy, files)
        title = document(replace(old, title=other.title), made.taxonomy, files)
        everything = document(replace(other, id=old.id, hash=old.hash), made.taxonomy, others)
        for name, after in (("title", title), ("everything", everything), ("taken down", None)):
            cost = _edit_cost(site, before, after)
            worst[name] = {key: max(cost[key], worst.get(name, cost)[key]) for key in cost}
    return worst


def _edit_cost(site: Path, before: Doc, after: Doc | None) -> dict[str, float]:
    """Its time is the least of three: the machine has other things to do."""
    cpu_ms = []
    for _ in range(3):
        began = time.process_time()
        files, removed = index.update([(before, after)], lambda address: _read(site, address))
        cpu_ms.append((time.process_time() - began) * 1000)
    return {
        "cpu_ms": round(min(cpu_ms), 1),
        "files": len(files) + len(removed),
        "bytes": sum(len(file.body) for file in files),
    }


def _read(site: Path, address: str) -> bytes | None:
    path = site / address.lstrip("/")
    return path.read_bytes() if path.is_file() else None


def _pages(taxonomy: Taxonomy, site: Path, scratch: Path) -> None:
    """The search page and the files that it needs."""
    chunk = scratch / "chunk.json"
    chunk.write_bytes(b"[" + page(taxonomy, dict.fromkeys(taxonomy.categories, 1)).json + b"]")
    report = hugo.Report()
    hugo.render([chunk], site, scratch / "run", report)
    for file in hugo.own_files():
        _write(site, file.address, file.body)


def _chinese(visitor: Visitor, made: Made) -> dict[str, int]:
    """All that is found of Chinese queries of two to six characters, against brute force."""
    rng, told = random.Random(7), Counter[str]()
    queries = [made.chinese(n, rng) for n in range(2, 7) for _ in range(CHINESE_OF_EACH_LENGTH)]
    for query, found in zip(queries, visitor.all_ids(queries), strict=True):
        true = made.having(query)
        told.update(queries=1, true=len(true), found=len(set(found) & set(true)))
        told.update(false=len(set(found) - set(true)), disordered=found != sorted(found)[::-1])
    return dict(told)


def _faults(told: dict[str, Any]) -> Iterator[str]:
    chinese = told["chinese"]
    if chinese["found"] != chinese["true"] or chinese["false"] or chinese["disordered"]:
        yield f"Chinese: {chinese}"
    for query in told["queries"]:
        if query["kb"] > LIMITS_KB[query["kind"]]:
            yield f"{query['name']}: {query['kb']} kB"
        if query["state"].startswith(("The search could", "Type")):
            yield f"{query['name']}: {query['state']}"
    for name, cost in told["edits"].items():
        if cost["bytes"] > EDIT_BYTES:
            yield f"{name}: {cost['bytes']} bytes"


def _show(told: dict[str, Any]) -> None:
    for query in told["queries"]:
        print(
            f"{query['kb']:7.1f} kB {query['requests']:4} requests {query['screen_ms']:5} ms  {query['name']}: {query['state']}"
        )
    for name, cost in told["edits"].items():
        print(f"{name}: {cost}")
    print(json.dumps(told, ensure_ascii=False))
