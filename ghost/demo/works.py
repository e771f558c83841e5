"""The demo's catalog: a dozen small works, made here, and two that nobody has any more."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ghost.demo import contents, seeds
from ghost.demo.pictures import Palette, cover
from ghost.demo.seeds import Seed, Version

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHERS = ("Open Shelf", "Signal Garden")


@dataclass(frozen=True)
class Work:
    """One work: its words, its content and the look of its cover."""

    name: str
    title: str
    publisher: str
    category: tuple[str, ...]
    tags: tuple[str, ...]
    words: str
    motif: str
    palette: Palette = field(repr=False)
    make: Callable[[], contents.Contents] | None = None
    version: Version = Version.V1
    is_left: bool = False
    """Whether its seeders leave once it is published."""

    @property
    def cover_name(self) -> str:
        """The file name of its cover."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16] + ".png"

    @property
    def dead_magnet_uri(self) -> str:
        """A link that nobody seeds."""
        return "magnet:?xt=urn:btih:" + hashlib.sha256(self.name.encode()).hexdigest()[:40]


SHELF, GARDEN = PUBLISHERS

WORKS = (
    Work(
        "唐诗六首", "唐诗六首：五言绝句选", SHELF, ("Texts", "Poetry", "中文"),
        ("诗歌", "唐代", "公有领域"),
        "李白、孟浩然、王之涣、王维与柳宗元的六首**五言绝句**，每首一个文本文件，UTF-8 编码。\n\n"
        "> 白日依山尽，黄河入海流。\n\n- 繁简：简体\n- 版权：作者逝世逾千年，属公有领域",
        "columns", Palette("f7f3e9", "e8dcc4", "b23a48", "22223b"),
        contents.tang_poems, Version.HYBRID,
    ),
    Work(
        "Sonnets", "Shakespeare’s Sonnets: a pocket selection", SHELF, ("Texts", "Poetry", "English"),
        ("poetry", "Shakespeare", "public domain"),
        "Two of the 154, as plain text in modern spelling: *Shall I compare thee to a summer’s"
        " day?* and *Let me not to the marriage of true minds*.",
        "rays", Palette("2d1e2f", "7a4069", "ca4e79", "ffc18e"), contents.sonnets, Version.V1,
    ),
    Work(
        "Three fables.txt", "Three Fables after Aesop", SHELF, ("Texts", "Stories"),
        ("fables", "short", "public domain"),
        "The fox and the grapes, the crow and the pitcher, the tortoise and the hare: retold in a"
        " few lines each, in **one text file**.",
        "ridges", Palette("f8d49b", "f4a259", "fff1d0", "5b3a29"), contents.fables, Version.V1,
    ),
    Work(
        "How a magnet link finds its files", "How a Magnet Link Finds Its Files", GARDEN,
        ("Texts", "Guides"), ("BitTorrent", "DHT", "guide"),
        "What happens between a click and the first byte, in four steps and one picture.\n\n"
        "1. a hash, and no address\n2. the DHT\n3. the list of files (`ut_metadata`)\n4. the pieces",
        "weave", Palette("0b132b", "1c2541", "3a506b", "5bc0be"),
        contents.swarm_guide, Version.HYBRID,
    ),
    Work(
        "Mean moon phases 2000-2049.csv", "Mean Moon Phases, 2000–2049", SHELF,
        ("Data", "Astronomy"), ("moon", "astronomy", "CSV"),
        "Mean new and full moons in UTC, one row for each lunation, counted from the new moon of"
        " 6 January 2000 with the mean synodic month of **29.530588861 days**.\n\n"
        "True phases differ by up to 14 hours.",
        "moons", Palette("050a1f", "1b2a5c", "f4f1de", "101a3a"),
        contents.moon_phases, Version.V1,
    ),
    Work(
        "First 5000 primes.csv", "The First 5,000 Primes and Their Gaps", SHELF,
        ("Data", "Mathematics"), ("primes", "number theory", "CSV"),
        "`n, prime, gap_to_next`. The cover shows the Ulam spiral: wind the numbers up from the"
        " middle, mark the primes, and diagonals appear.",
        "spiral", Palette("10002b", "240046", "9d4edd", "ffd6ff"), contents.primes, Version.V2,
    ),
    Work(
        "Sums of dice", "Sums of Dice: 60,000 Simulated Throws", GARDEN, ("Data", "Statistics"),
        ("dice", "simulation", "CSV"),
        "How often each sum of two, three and five dice came up in 20,000 throws. Small enough to"
        " open in a spreadsheet, large enough to see the bell.\n\n*In this demo its seeders leave"
        " once it is published*, so that it turns up among what needs seeders.",
        "orbits", Palette("03071e", "370617", "f48c06", "ffba08"),
        contents.dice_throws, Version.HYBRID, is_left=True,
    ),
    Work(
        "Landscapes that do not exist", "Eight Landscapes That Do Not Exist", GARDEN,
        ("Images", "Landscapes"), ("landscape", "generative", "PNG"),
        "Layered sine waves under a gradient: eight views, **480 × 300 pixels** each, drawn by"
        " twenty lines of Python.",
        "ridges", Palette("264653", "e9c46a", "f4e3b2", "1d3557"),
        contents.landscapes, Version.HYBRID,
    ),
    Work(
        "Mandelbrot atlas", "A Small Mandelbrot Atlas", GARDEN, ("Images", "Mathematics"),
        ("fractal", "Mandelbrot", "generative"),
        "The whole set, seahorse valley and elephant valley as plates of 240 × 150 pixels.\n\n"
        "| plate | centre | width |\n|---|---|---|\n| whole | −0.6 + 0i | 3.2 |\n"
        "| seahorse valley | −0.7454 + 0.113i | 0.006 |\n| elephant valley | 0.2925 + 0.0149i | 0.012 |",
        "fractal", Palette("001219", "005f73", "0a9396", "ee9b00"),
        contents.mandelbrot_atlas, Version.V2,
    ),
    Work(
        "Test tones", "Test Tones: Five Octaves of A and a Sweep", GARDEN, ("Audio", "Test signals"),
        ("sine", "audio", "WAV"),
        "Sine tones at 110, 220, 440, 880 and 1760 Hz and a sweep, one second each, mono, 16 bit."
        " Handy for finding out which loudspeaker is which.",
        "waves", Palette("001427", "08415c", "388697", "f4d58d"), contents.tones, Version.HYBRID,
    ),
    Work(
        "Brown noise, ten seconds.wav", "Brown Noise, Ten Seconds, Made to Loop", GARDEN,
        ("Audio", "Ambient"), ("noise", "ambient", "WAV"),
        "Like a waterfall a valley away. Ten seconds of mono at 8 kHz.",
        "fine tiles", Palette("3e2723", "6d4c41", "a1887f", "efebe9"),
        contents.brown_noise, Version.V2,
    ),
    Work(
        "Life patterns", "Conway’s Life: Five Famous Patterns", SHELF, ("Software", "Simulations"),
        ("game of life", "cellular automata", "RLE"),
        "Glider, lightweight spaceship, R-pentomino, acorn and Gosper’s gun in the `RLE` format"
        " that every Life program reads.",
        "cells", Palette("0d1b2a", "1b263b", "2f4858", "80ed99"),
        contents.life_patterns, Version.V1,
    ),
    Work(
        "Harbour radio 1974", "Harbour Radio: The Lost Tapes of 1974", GARDEN, ("Audio", "Radio"),
        ("radio", "lost media"),
        "Listed in the hope that somebody still has it. **Nobody seeds this work**: its probe finds"
        " no peers, so it stays off the public site until one comes back.",
        "tiles", Palette("2b2d42", "5c677d", "8d99ae", "ef233c"),
    ),
    Work(
        "City maps 1998", "Scanned City Maps, 1998 Mirror", SHELF, ("Images", "Maps"),
        ("maps", "scans"),
        "A mirror that went quiet years ago. **Nobody seeds this work.**",
        "orbits", Palette("344e41", "588157", "a3b18a", "dad7cd"),
    ),
)  # fmt: skip


def live() -> Iterator[Work]:
    """The works that the demo's swarm shares."""
    return (work for work in WORKS if work.make)


def seed_all(root: Path) -> dict[str, Seed]:
    """Every live work by its name, with its content under `root`.

    What was made by an earlier start is used as it lies, so that hashes never change, not even
    under another release of Pillow.
    """
    return {
        work.name: seeds.make(
            root / str(i), work.name, _contents(work, root / str(i)), work.version
        )
        for i, work in enumerate(live())
    }


def _contents(work: Work, folder: Path) -> contents.Contents:
    assert work.make is not None  # noqa: S101  # a live one
    if not folder.is_dir():
        draft = folder.with_name(f".{folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        seeds.write(draft, work.name, work.make())
        draft.rename(folder)
    return seeds.read(folder, work.name)


def draw_covers(folder: Path) -> None:
    """Draw the covers that are not in `folder` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, work in enumerate(WORKS):
        path = folder / work.cover_name
        if not path.exists():
            path.write_bytes(cover(work.motif, work.palette, number))
